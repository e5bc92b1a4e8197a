import { type FSWatcher, watch } from 'node:fs'

/** Wakes somebody when a control directory changes. Only a hint: where it cannot watch, it stays silent. */
export class ControlWatcher {
  readonly #directory: string
  readonly #wake: () => void
  #watcher: FSWatcher | undefined
  #over = false

  constructor(directory: string, wake: () => void) {
    this.#directory = directory
    this.#wake = wake
  }

  /** Safe to repeat. */
  begin(): void {
    if (this.#watcher || this.#over) return
    try {
      this.#watcher = watch(this.#directory, { persistent: false }, () => this.#wake())
      this.#watcher.on('error', () => this.end())
    } catch {
      this.#over = true
    }
  }

  end(): void {
    this.#over = true
    this.#watcher?.close()
    this.#watcher = undefined
  }
}
