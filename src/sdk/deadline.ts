import { isTrainyardError, TrainyardError } from '../contract/trainyard-error.ts'

/** A signal of a request: the caller's, and a timer that is set anew whenever bytes move. */
export class Deadline {
  readonly #controller = new AbortController()
  readonly #timeoutMs: number
  readonly #caller: AbortSignal | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly signal: AbortSignal
  hasPassed = false

  constructor(timeoutMs: number, caller: AbortSignal | undefined) {
    this.#timeoutMs = timeoutMs
    this.#caller = caller
    this.signal = caller ? AbortSignal.any([caller, this.#controller.signal]) : this.#controller.signal
    this.extend()
  }

  /** Starts the time anew. */
  extend(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.hasPassed = true
      this.#controller.abort()
    }, this.#timeoutMs)
  }

  end(): void {
    clearTimeout(this.#timer)
  }

  /** Says what a failed fetch means. */
  explain(error: unknown, what: string): TrainyardError {
    if (isTrainyardError(error)) return error
    if (this.#caller?.aborted) {
      return new TrainyardError('request_aborted', 'Aborted by the caller.', { cause: this.#caller.reason })
    }
    if (this.hasPassed) {
      return new TrainyardError('request_timeout', `No answer within ${this.#timeoutMs} ms: ${what}.`, {
        solution: 'Try again, or allow more time with timeoutMs.',
      })
    }
    const cause = (error as { cause?: { code?: unknown; message?: unknown } } | undefined)?.cause
    const detail = String(cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : error))
    return new TrainyardError('connection_failed', `No connection: ${what} (${detail}).`, {
      solution: 'Check that the server runs (trainyard serve) and that the endpoint is right.',
      cause: error,
    })
  }
}
