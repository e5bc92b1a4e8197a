import type { FastifyReply, FastifyRequest } from 'fastify'
import { type AnsweredRequest, sumUp } from './request-notes.ts'
import { splitTarget } from './request-target.ts'

/** Told of every request, also of those that are refused or given up. */
export interface RequestObserver {
  began(): void
  ended(answered: AnsweredRequest): void
}

/** What machines ask every few seconds: worth a line only when it goes wrong. */
const ASKED_OFTEN = ['/healthz', '/readyz', '/metrics']

const levelOf = ({ status, operation }: AnsweredRequest): 'debug' | 'info' | 'warn' | 'error' => {
  if (status === 'aborted') return 'info'
  if (status >= 500) return 'error'
  if (status >= 400) return 'warn'
  return ASKED_OFTEN.includes(operation) ? 'debug' : 'info'
}

/** The one line a request leaves in the log: of an address only the path, since queries can carry signatures. */
const logAnswer = (request: FastifyRequest, answered: AnsweredRequest): void => {
  const { operation, status, code, durationMs, caller, error } = answered
  request.log[levelOf(answered)](
    {
      method: request.method,
      path: splitTarget(request.url).path,
      operation,
      status,
      durationMs,
      ...(code === undefined ? {} : { code }),
      ...(caller ? { project: caller.projectId, user: caller.userId } : {}),
      // A refusal is told by its code; only our own trouble needs its cause and its stack.
      ...(typeof status === 'number' && status >= 500 && error !== undefined ? { err: error } : {}),
    },
    'answered',
  )
}

/** Logs and reports a request once its answer was sent, or its connection ended. */
export const watchAnswer = (
  request: FastifyRequest,
  reply: FastifyReply,
  observer: RequestObserver | undefined,
): void => {
  observer?.began()
  let isOver = false
  const end = (wasSent: boolean): void => {
    if (isOver) return
    isOver = true
    const answered = sumUp(request, reply, wasSent)
    logAnswer(request, answered)
    observer?.ended(answered)
  }
  reply.raw.once('finish', () => end(true)).once('close', () => end(false))
}
