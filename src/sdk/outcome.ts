import { isTrainyardError } from '../contract/trainyard-error.ts'

/** `throw`: failures are thrown as TrainyardError. `return`: they are returned, as programs ported from Python expect. */
export type OnError = 'throw' | 'return'

/** A failure handed back instead of thrown: test for `error_msg`. */
export interface ErrorResult {
  /** What went wrong. */
  readonly error_msg: string
  /** Code of the failure. */
  readonly error_code: string
  /** What to do about it; may be empty. */
  readonly error_solution: string
}

/** What a call gives: its result, or with `return` the result or the failure. */
export type Outcome<T, Mode extends OnError> = Mode extends 'return' ? T | ErrorResult : T

/** Does the work and treats its failure as the mode says. Other errors than TrainyardError are always thrown. */
export const settle = async <T, Mode extends OnError = 'throw'>(
  mode: Mode | undefined,
  work: () => Promise<T>,
): Promise<Outcome<T, Mode>> => {
  try {
    return (await work()) as Outcome<T, Mode>
  } catch (error) {
    if (mode !== 'return' || !isTrainyardError(error)) throw error
    const result: ErrorResult = {
      error_msg: error.message,
      error_code: error.code,
      error_solution: error.solution ?? '',
    }
    return result as Outcome<T, Mode>
  }
}
