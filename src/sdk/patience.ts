import { isPassingTrouble, PATIENCE_MS } from './retry.ts'

/** Puts up with passing trouble for a while, so that a long wait outlives a restart of the server. */
export class Patience {
  readonly #limitMs: number
  #troubleSinceMs: number | undefined

  constructor(limitMs = PATIENCE_MS) {
    this.#limitMs = limitMs
  }

  /** Does the work; undefined when it met passing trouble. @throws any other error, and trouble that does not pass. */
  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await work()
      this.#troubleSinceMs = undefined
      return result
    } catch (error) {
      if (!isPassingTrouble(error)) throw error
      this.#troubleSinceMs ??= Date.now()
      if (Date.now() - this.#troubleSinceMs >= this.#limitMs) throw error
      return undefined
    }
  }
}
