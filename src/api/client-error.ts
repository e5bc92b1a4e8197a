import { randomUUID } from 'node:crypto'
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
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

/** What was read on each connection so far. */
const begun = new WeakMap<Socket, { requests: number; last: IncomingMessage }>()

/** Remembers the requests of each connection, so that what follows them is not answered in their place. */
export const watchRequests = (server: Server): void => {
  server.prependListener('request', (message: IncomingMessage) => {
    const requests = (begun.get(message.socket)?.requests ?? 0) + 1
    begun.set(message.socket, { requests, last: message })
  })
}

/** Whether an answer now would be taken for that of the bad request: no other one is open or half-sent. */
const isNextAnswer = (socket: Socket): boolean => {
  const known = begun.get(socket)
  if (socket.bytesWritten > 0) return false
  // What is bad may also be the body of the only request.
  return known === undefined || (known.requests === 1 && !known.last.complete)
}

/** Answers what cannot be read as HTTP, by hand: there is no request yet. The connection ends with it. */
export const answerClientError = (error: Error & { code?: string }, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable || !isNextAnswer(socket)) {
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
