import type { Logger } from 'pino'
import { splitTarget } from './request-target.ts'

/** Headers that open something. We log no headers; this holds for whatever logs them one day. */
const SECRET_HEADERS = [
  'authorization',
  'x-auth-token',
  'x-subject-token',
  'x-security-token',
  'cookie',
  'set-cookie',
]

const REDACTED = SECRET_HEADERS.flatMap((name) => [`headers["${name}"]`, `*.headers["${name}"]`])

/** A logger for requests: of an address only the path, since queries can carry signatures, and no secret headers. */
export const requestLogger = (logger: Logger): Logger =>
  logger.child(
    {},
    {
      redact: { paths: REDACTED, censor: '[redacted]' },
      serializers: {
        req: (request: { method?: string; url?: string }) => ({
          method: request.method,
          path: splitTarget(request.url ?? '').path,
        }),
        res: (reply: { statusCode?: number }) => ({ status: reply.statusCode }),
      },
    },
  )
