import type { FastifyReply, FastifyRequest } from 'fastify'
import { isTrainyardError } from '../contract/trainyard-error.ts'
import type { Caller } from '../identity/caller.ts'

/** What is learned of a request while it is answered, for its line in the log and for figures. */
interface RequestNotes {
  operation?: string
  caller?: Caller
  error?: unknown
}

const notes = new WeakMap<FastifyRequest, RequestNotes>()

/** Adds to the notes of a request. */
export const note = (request: FastifyRequest, part: RequestNotes): void => {
  notes.set(request, { ...notes.get(request), ...part })
}

/** A request that is over. */
export interface AnsweredRequest {
  /** Id of the call, path of a route without one, or `unknown`. Few different values. */
  readonly operation: string
  /** HTTP status; `aborted` when the caller went away before the answer was sent. */
  readonly status: number | 'aborted'
  /** Error code of a refusal. */
  readonly code?: string
  readonly durationMs: number
  readonly caller?: Caller
  readonly error?: unknown
}

/** Sums up a request; `wasSent` says whether its answer went out whole. */
export const sumUp = (request: FastifyRequest, reply: FastifyReply, wasSent: boolean): AnsweredRequest => {
  const { operation = 'unknown', caller, error } = notes.get(request) ?? {}
  const code = isTrainyardError(error) ? error.code : undefined
  return {
    operation,
    status: wasSent ? reply.statusCode : 'aborted',
    durationMs: Math.round(reply.elapsedTime * 10) / 10,
    ...(code === undefined ? {} : { code }),
    ...(caller === undefined ? {} : { caller }),
    ...(error === undefined ? {} : { error }),
  }
}
