/** Least time a value is used before it is read again. */
const LEAST_MS = 10_000
/** Reading may take this part of the time: one percent. */
const SHARE = 100

/** A figure whose reading takes longer the more there is: read so seldom that it costs one percent of the time. */
export class SlowFigure<Value> {
  readonly #read: () => Promise<Value>
  readonly #clock: () => number
  #value: { readonly value: Value; readonly until: number } | undefined

  /** `clock` in ms; it must never be set back. */
  constructor(read: () => Promise<Value>, clock: () => number = () => performance.now()) {
    this.#read = read
    this.#clock = clock
  }

  /** The value as of now, or of a while ago. */
  async read(): Promise<Value> {
    const begun = this.#clock()
    if (this.#value && begun < this.#value.until) return this.#value.value
    const value = await this.#read()
    const now = this.#clock()
    this.#value = { value, until: now + Math.max(LEAST_MS, (now - begun) * SHARE) }
    return value
  }
}
