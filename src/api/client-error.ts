import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { refusal } from '../contract/trainyard-error.ts'
import { JSON_TYPE, refusalBody } from './errors.ts'

const statusOf = (code: string | undefined): number => {
  if (code === 'HPE_HEADER_OVERFLOW') return 431
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408
  return 400
}

const MESSAGES: Readonly<Record<number, string>> = {
  400: 'The request is not valid HTTP.',
  408: 'The request did not arrive in time.',
  431: 'The headers of the request are too large.',
}

/** Answers what cannot be read as HTTP, by hand: there is no request yet. The connection ends with it. */
export const answerClientError = (error: Error & { code?: string }, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable || socket.bytesWritten > 0) {
    // Gone, or an answer of this connection may be half-sent: another one would be read as part of it.
    socket.destroy()
    return
  }
  const status = statusOf(error.code)
  const requestId = randomUUID()
  const problem = refusal('ModelArts.2788', MESSAGES[status] ?? '', {
    status,
    solution: 'Send a valid and smaller request.',
  })
  const body = refusalBody(problem, '/', requestId)
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Content-Type: ${JSON_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    'X-Content-Type-Options: nosniff',
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}
