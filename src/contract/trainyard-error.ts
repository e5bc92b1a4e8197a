import { ERROR_CODES, type ErrorCode } from './error-codes.ts'

/** Codes the SDK makes itself, when no server answered. */
export type ClientErrorCode =
  | 'connection_failed'
  | 'request_timeout'
  | 'request_aborted'
  | 'invalid_argument'
  | 'unexpected_answer'
  | 'job_not_successful'

export interface TrainyardErrorOptions {
  /** What to do about it. Default: the advice of the code table. */
  solution?: string
  /** HTTP status. Default: the status of the code table. */
  status?: number
  requestId?: string
  cause?: unknown
}

/**
 * The one error class of Trainyard, on the server and in the SDK. Branch on `code`, never on `message`:
 * `instanceof` fails when two copies of the package are loaded.
 */
export class TrainyardError extends Error {
  /** What went wrong: a code of the API, or one that the SDK makes itself. */
  readonly code: string
  /** What to do about it. */
  readonly solution: string | undefined
  /** HTTP status; undefined when no server answered. */
  readonly status: number | undefined
  /** Names the request in the log of the server. */
  readonly requestId: string | undefined

  constructor(
    code: ErrorCode | ClientErrorCode | (string & {}),
    message: string,
    options: TrainyardErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    const known = (ERROR_CODES as Record<string, { status: number; solution: string }>)[code]
    this.name = 'TrainyardError'
    this.code = code
    this.solution = options.solution ?? known?.solution
    this.status = options.status ?? known?.status
    this.requestId = options.requestId
  }
}

/** A refusal by the contract: a code of the table with a message of ours. */
export const refusal = (code: ErrorCode, message: string, options?: TrainyardErrorOptions): TrainyardError =>
  new TrainyardError(code, message, options)

/** Whether a thrown value is a TrainyardError, from whichever copy of the package. */
export const isTrainyardError = (error: unknown): error is TrainyardError =>
  error instanceof Error && error.name === 'TrainyardError' && 'code' in error
