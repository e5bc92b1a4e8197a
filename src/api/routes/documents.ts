import scalar from '@scalar/fastify-api-reference'
import type { FastifyInstance } from 'fastify'
import { buildOpenApi } from '../../contract/openapi.ts'
import { type Routing, sendJson } from '../routing.ts'

const DOCS_PATH = '/docs'

/**
 * What the reference page may load: itself and this server. Its script writes styles into the page and starts from an
 * inline script; everything outside stays shut, whatever a later version of the package would fetch.
 */
const DOCS_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Health, the API description and the page that shows it; all without sign-in. */
export const addDocumentRoutes = (app: FastifyInstance, routing: Routing, version: string): void => {
  const description = JSON.stringify(buildOpenApi(version))
  const health = JSON.stringify({ status: 'ok' })
  routing.addPlain(['GET', 'HEAD'], '/healthz', async (_request, reply) => sendJson(reply, 200, health))
  routing.addPlain(['GET', 'HEAD'], '/openapi.json', async (_request, reply) =>
    sendJson(reply, 200, description),
  )
  for (const url of [DOCS_PATH, `${DOCS_PATH}/`, `${DOCS_PATH}/js/scalar.js`]) routing.note('GET', url)
  app.register(scalar, {
    routePrefix: DOCS_PATH,
    configuration: {
      url: '/openapi.json',
      pageTitle: 'Trainyard API',
      withDefaultFonts: false,
      telemetry: false,
    },
    hooks: {
      onRequest: async (_request, reply) => {
        reply.header('Content-Security-Policy', DOCS_POLICY)
      },
    },
  })
}
