import { buildOpenApi } from '../../contract/openapi.ts'
import { addReferencePage } from '../reference-page.ts'
import { type Routing, sendJson } from '../routing.ts'

/** Health, the API description and the page that shows it; all without sign-in. */
export const addDocumentRoutes = (routing: Routing, version: string): void => {
  let description: string | undefined
  const health = JSON.stringify({ status: 'ok' })
  routing.addPlain(['GET', 'HEAD'], '/healthz', async (_request, reply) => sendJson(reply, 200, health))
  routing.addPlain(['GET', 'HEAD'], '/openapi.json', async (_request, reply) => {
    // Made when first asked for: it would only lengthen the start.
    description ??= JSON.stringify(buildOpenApi(version))
    return sendJson(reply, 200, description)
  })
  addReferencePage(routing, version)
}
