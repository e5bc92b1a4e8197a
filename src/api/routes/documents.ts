import scalar from '@scalar/fastify-api-reference'
import type { FastifyInstance } from 'fastify'
import { buildOpenApi } from '../../contract/openapi.ts'
import { refusal } from '../../contract/trainyard-error.ts'
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
      // Each of these leads to a service of the package's makers.
      agent: { disabled: true },
      mcp: { disabled: true },
      showDeveloperTools: 'never',
      hideClientButton: true,
    },
    hooks: {
      onRequest: async (request, reply) => {
        // The package builds an address from the Host header and would fail on a bad one.
        if (!URL.canParse(`http://${request.hostname}`)) {
          throw refusal('ModelArts.2788', 'The Host header is not valid.')
        }
        reply.header('Content-Security-Policy', DOCS_POLICY)
      },
    },
  })
}
