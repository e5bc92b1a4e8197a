import { STATUS_CODES } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ERROR_CODES } from '../contract/error-codes.ts'
import { isTrainyardError, refusal, type TrainyardError } from '../contract/trainyard-error.ts'
import { note } from './request-notes.ts'

/** Seconds a caller is told to wait when the refusal is a matter of load. */
const RETRY_AFTER_SECONDS = 1

export const JSON_TYPE = 'application/json; charset=utf-8'

/** Errors of the HTTP library that are the caller's mistake, as refusals; the path is known to be bad here. */
const toRefusal = (error: unknown, url: string): TrainyardError => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'FST_ERR_BAD_URL') {
    const isObject = /^\/v2\/[^/]*\/objects\//.test(url)
    return refusal(
      isObject ? 'ModelArts.2791' : 'ModelArts.2788',
      'The path is not valid percent-encoded UTF-8.',
    )
  }
  if (code === 'FST_ERR_MAX_PARAM_LENGTH') return uriTooLong()
  return refusal('ModelArts.2950', 'The server failed to answer.', { cause: error })
}

/** The refusal of a request target over the limit: HTTP 414. */
export const uriTooLong = (): TrainyardError =>
  refusal('ModelArts.2788', 'The address is too long.', { status: 414, solution: 'Send a shorter address.' })

/** Only errors with a status are refusals meant for a caller; whatever else carries the name is a bug of ours. */
const asRefusal = (error: unknown, url: string): TrainyardError =>
  isTrainyardError(error) && error.status !== undefined ? error : toRefusal(error, url)

/** The identity calls refuse in the shape of Keystone; everything below `/v3/` counts, unknown paths too. */
const isIdentityPath = (url: string): boolean => url.startsWith('/v3/')

/** The body of a refusal, as JSON text. */
export const refusalBody = (error: TrainyardError, url: string, requestId: string): string => {
  const status = error.status ?? 500
  if (isIdentityPath(url)) {
    return JSON.stringify({
      error: { code: status, message: error.message, title: STATUS_CODES[status] ?? 'Error' },
    })
  }
  return JSON.stringify({
    error_msg: error.message,
    error_code: error.code,
    error_solution: error.solution ?? ERROR_CODES['ModelArts.2950'].solution,
    ...(error.code.startsWith('APIGW.') ? { request_id: requestId } : {}),
  })
}

/** Answers any thrown value: a refusal as it is, everything else as `ModelArts.2950` with its message only in the log. */
export const answerError = (thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
  const error = asRefusal(thrown, request.url)
  const status = error.status ?? 500
  if (isClientGone(request)) request.log.debug({ code: error.code }, 'client went away')
  note(request, { error })
  if (status === 429) reply.header('Retry-After', String(RETRY_AFTER_SECONDS))
  return reply
    .code(status)
    .header('Content-Type', JSON_TYPE)
    .header('Cache-Control', 'no-store')
    .send(refusalBody(error, request.url, request.id))
}

/** Whether the connection ended before the request did: then nobody reads the answer, and nothing is wrong here. */
const isClientGone = (request: FastifyRequest): boolean => request.raw.destroyed && !request.raw.complete
