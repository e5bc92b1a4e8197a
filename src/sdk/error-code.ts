import type { ErrorCode as ServerErrorCode } from '../contract/error-codes.ts'
import { type ClientErrorCode, isTrainyardError, type TrainyardError } from '../contract/trainyard-error.ts'

/** Every code a TrainyardError of the SDK can have: those of the API, and those the SDK makes itself. */
export type ErrorCode = ServerErrorCode | ClientErrorCode

/**
 * Whether a thrown value is a TrainyardError with one of the codes; the codes are checked by the compiler.
 * @example if (hasCode(error, 'ModelArts.2775')) console.log('There is no such job.')
 */
export const hasCode = <const Code extends ErrorCode>(
  error: unknown,
  ...codes: readonly Code[]
): error is TrainyardError & { readonly code: Code } =>
  isTrainyardError(error) && (codes as readonly string[]).includes(error.code)
