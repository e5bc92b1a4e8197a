/** Bounds how many files are copied at one time, whoever asks. First come, first served. */
export class CopySlots {
  #free: number
  readonly #waiting: (() => void)[] = []

  /** `limit`: most copies at one time, at least 1. */
  constructor(limit: number) {
    this.#free = limit
  }

  /** Does one piece of work when there is a slot for it. */
  async use<T>(work: () => Promise<T>): Promise<T> {
    await this.#take()
    try {
      return await work()
    } finally {
      this.#give()
    }
  }

  /**
   * Works on all items, several at a time. Takes the next item only when there is a slot, so a long list stays short in
   * memory. After a failure nothing more is begun; it is thrown when what was begun is over.
   */
  async each<T>(items: AsyncIterable<T>, work: (item: T) => Promise<void>): Promise<void> {
    const begun = new Set<Promise<void>>()
    const failures: unknown[] = []
    try {
      for await (const item of items) {
        if (failures.length > 0) break
        await this.#take()
        const copy = work(item)
          .catch((error: unknown) => {
            failures.push(error)
          })
          .finally(() => {
            this.#give()
            begun.delete(copy)
          })
        begun.add(copy)
      }
    } finally {
      await Promise.all(begun)
    }
    if (failures.length > 0) throw failures[0]
  }

  async #take(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1
      return
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  #give(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free += 1
  }
}
