import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { refusal } from '../contract/trainyard-error.ts'
import type { Routing } from './routing.ts'

const DOCS_PATH = '/docs'

/** The program of the page, compressed: `npm run prepare` takes it out of the package of its makers. */
const BUNDLE = new URL('../../assets/api-reference.js.gz', import.meta.url)

/**
 * What the reference page may load: itself and this server. Its script writes styles into the page; everything outside
 * stays shut, whatever a later version of the package would fetch.
 */
const DOCS_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <title>Trainyard API</title>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="icon" href="data:,">
  </head>
  <body>
    <div id="app"></div>
    <noscript>This page needs JavaScript. <a href="/openapi.json">openapi.json</a> says the same.</noscript>
    <script src="js/scalar.js"></script>
    <script src="js/start.js"></script>
  </body>
</html>
`

const SETTINGS = {
  url: '/openapi.json',
  pageTitle: 'Trainyard API',
  withDefaultFonts: false,
  telemetry: false,
  // Each of these leads to a service of the package's makers.
  agent: { disabled: true },
  mcp: { disabled: true },
  showDeveloperTools: 'never',
  hideClientButton: true,
} as const

/** In a file of its own, so that the policy can forbid inline scripts. */
const START = `Scalar.createApiReference('#app', ${JSON.stringify(SETTINGS, null, 2)})\n`

const readBundle = async (): Promise<Buffer> =>
  readFile(BUNDLE).catch((cause: unknown) => {
    throw refusal('ModelArts.2836', 'The reference page is not part of this installation.', {
      solution: 'Run: npm run prepare. /openapi.json describes the same calls.',
      cause,
    })
  })

/** Sends the program of the page as it is kept, or unpacked to the rare caller that takes no gzip. */
const sendBundle = async (
  version: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> => {
  const etag = `"${version}"`
  reply.header('ETag', etag).header('Cache-Control', 'no-cache').header('Vary', 'Accept-Encoding')
  if (request.headers['if-none-match'] === etag) return reply.code(304).send()
  const packed = await readBundle()
  const takesGzip = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(request.headers['accept-encoding'] ?? '')
  if (takesGzip) reply.header('Content-Encoding', 'gzip')
  return reply.send(takesGzip ? packed : await promisify(gunzip)(packed))
}

/** The page that shows the API description to people; without sign-in, and read from disk only when asked for. */
export const addReferencePage = (routing: Routing, version: string): void => {
  const add = (
    url: string,
    type: string,
    answer: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>,
  ): void =>
    routing.addPlain(['GET', 'HEAD'], url, async (request, reply) => {
      reply.header('Content-Security-Policy', DOCS_POLICY).type(`${type}; charset=utf-8`)
      return answer(request, reply)
    })
  routing.addPlain(['GET', 'HEAD'], DOCS_PATH, async (_request, reply) => reply.redirect(`${DOCS_PATH}/`))
  add(`${DOCS_PATH}/`, 'text/html', async (_request, reply) => reply.send(PAGE))
  add(`${DOCS_PATH}/js/start.js`, 'text/javascript', async (_request, reply) => reply.send(START))
  add(`${DOCS_PATH}/js/scalar.js`, 'text/javascript', (request, reply) => sendBundle(version, request, reply))
}
