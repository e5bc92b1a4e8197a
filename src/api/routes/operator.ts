import type { FastifyRequest } from 'fastify'
import { authenticate } from '../authenticate.ts'
import { type Routing, sendJson } from '../routing.ts'
import type { SignInService } from '../services.ts'

/** Whether one thing the server needs is as it should be. */
export interface ReadinessCheck {
  readonly name: string
  readonly ok: boolean
  /** For people; tells nothing that only a caller may know. */
  readonly detail: string
}

/** What those who run the server can ask. */
export interface OperatorService {
  /** Looks whether jobs can be taken and started now. */
  checkReadiness(): Promise<readonly ReadinessCheck[]>
  /** All figures, in the text format of Prometheus. */
  renderMetrics(): Promise<{ readonly contentType: string; readonly text: string }>
  /** Whether figures are shown without sign-in. */
  readonly areMetricsOpen: boolean
}

/** Any caller will do: the figures are about the server as a whole and name nobody. */
const METRICS_ACCESS = { access: 'signed-in' } as const

/** `/readyz` and `/metrics`. */
export const addOperatorRoutes = (
  routing: Routing,
  operator: OperatorService,
  signIn: SignInService,
): void => {
  routing.addPlain(['GET', 'HEAD'], '/readyz', async (_request, reply) => {
    const checks = await operator.checkReadiness()
    const isReady = checks.every(({ ok }) => ok)
    const body = { status: isReady ? 'ready' : 'not ready', checks }
    return sendJson(reply, isReady ? 200 : 503, JSON.stringify(body))
  })
  routing.addPlain(['GET', 'HEAD'], '/metrics', async (request: FastifyRequest, reply) => {
    if (!operator.areMetricsOpen) await authenticate(signIn, METRICS_ACCESS, request, undefined)
    const { contentType, text } = await operator.renderMetrics()
    return reply.header('Content-Type', contentType).header('Cache-Control', 'no-store').send(text)
  })
}
