import { isRetryableStatus } from '../contract/error-codes.ts'
import { isTrainyardError, TrainyardError } from '../contract/trainyard-error.ts'

/** How often and how fast a failed request is repeated. */
export interface RetryPolicy {
  /** Repetitions after the first try, 0 to 10. */
  readonly maxRetries: number
  /** First pause; it doubles each time. */
  readonly baseDelayMs: number
  /** Longest pause. */
  readonly maxDelayMs: number
}

/** The policy used unless a session names another. */
export const DEFAULT_RETRY: RetryPolicy = { maxRetries: 3, baseDelayMs: 250, maxDelayMs: 8_000 }

/** A server that asks for a longer pause than this gets no repetition: the refusal is handed to the caller. */
export const MAX_RETRY_AFTER_MS = 60_000

/** How long a wait or a followed log puts up with a server that does not answer, such as one being restarted. */
export const PATIENCE_MS = 5 * 60_000

/** Pause before repetition `attempt` (from 0): half of it fixed, half random, so that clients do not march in step. */
export const backoffMs = (attempt: number, policy: RetryPolicy): number => {
  const ceiling = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** attempt)
  return ceiling / 2 + (Math.random() * ceiling) / 2
}

/** Reads `Retry-After`: seconds or an HTTP date. Undefined when absent or unreadable. */
export const parseRetryAfter = (value: string | null, nowMs: number): number | undefined => {
  if (value === null) return undefined
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000
  const time = Date.parse(value)
  return Number.isNaN(time) ? undefined : Math.max(0, time - nowMs)
}

/** Whether the same request may succeed later: no connection, no answer in time, 429 or a fault of the server. */
export const isPassingTrouble = (error: unknown): error is TrainyardError =>
  isTrainyardError(error) &&
  (error.code === 'connection_failed' ||
    error.code === 'request_timeout' ||
    (error.status !== undefined && isRetryableStatus(error.status) && error.status !== 507))

const aborted = (signal: AbortSignal): TrainyardError =>
  new TrainyardError('request_aborted', 'Aborted by the caller.', { cause: signal.reason })

/** @throws TrainyardError `request_aborted` when the signal is aborted. */
export const throwIfAborted = (signal: AbortSignal | undefined): void => {
  if (signal?.aborted) throw aborted(signal)
}

/** Waits. @throws TrainyardError `request_aborted` as soon as the signal aborts. */
export const pause = (delayMs: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(aborted(signal))
      return
    }
    const onAbort = () => {
      clearTimeout(timer)
      reject(aborted(signal as AbortSignal))
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, delayMs)
    signal?.addEventListener('abort', onAbort, { once: true })
  })

/** Waits for work that others share, but no longer than the caller wants to: the work itself goes on. */
export const untilAborted = <T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
  if (signal === undefined) return work
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(aborted(signal))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
