import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import type { Logger } from 'pino'
import { refusal } from '../contract/trainyard-error.ts'
import type { ObjectStore } from '../objects/object-store.ts'
import { answerClientError, watchRequests } from './client-error.ts'
import { answerError, uriTooLong } from './errors.ts'
import { LogLinks } from './log-links.ts'
import { endUnreadBody } from './request-body.ts'
import { requestLogger } from './request-log.ts'
import { MAX_TARGET, splitTarget, toOriginForm } from './request-target.ts'
import { addCatalogRoutes } from './routes/catalog.ts'
import { addDocumentRoutes } from './routes/documents.ts'
import { addFileRoutes } from './routes/files.ts'
import { addIdentityRoutes } from './routes/identity.ts'
import { addLogRoutes } from './routes/logs.ts'
import { addMetricsAndEventsRoutes } from './routes/metrics-and-events.ts'
import { addObjectRoutes } from './routes/objects.ts'
import { addOperatorRoutes, type OperatorService } from './routes/operator.ts'
import { addTrainingJobRoutes } from './routes/training-jobs.ts'
import { Routing } from './routing.ts'
import type { AccountsService, CatalogService, JobsService, SignInService } from './services.ts'
import { type RequestObserver, watchAnswer } from './watch-answer.ts'

/** How long request line and headers may take to arrive. */
const HEADERS_TIMEOUT_MS = 60_000
/** How long a connection may be silent in the middle of a request. Whole requests have no limit: uploads are long. */
const IDLE_TIMEOUT_MS = 300_000
/** How long an idle connection is kept for the next request. */
const KEEP_ALIVE_MS = 72_000
/** Most bytes of request line and headers together. */
const MAX_HEADER_BYTES = 32 * 1024
/** How long requests under way may take when the server closes; then their connections are cut. */
const CLOSE_GRACE_MS = 10_000

/** Methods whose body Fastify would parse itself. */
const METHODS_WITH_BODY = ['DELETE', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY']

export interface ApiOptions {
  readonly jobs: JobsService
  readonly catalog: CatalogService
  readonly accounts: AccountsService
  readonly signIn: SignInService
  readonly objects: ObjectStore
  /** Key that signs links to logs; whoever knows it can read every log. */
  readonly linkKey: Buffer
  /** Version of Trainyard, shown in the API description. */
  readonly version: string
  /** `false` logs nothing. Headers, queries and bodies are never logged. */
  readonly logger: Logger | false
  /** Address that links in answers start with, such as `http://127.0.0.1:8080`; asked for each link. */
  readonly publicUrl: () => string
  /** What those who run the server can ask; without it there is no `/readyz` and no `/metrics`. */
  readonly operator?: OperatorService
  readonly observer?: RequestObserver
  /** Epoch ms. */
  readonly clock?: () => number
}

/** The id a caller sent, when it is fit for headers and logs, else a new one. */
const requestIdOf = (message: IncomingMessage): string => {
  const sent = message.headers['x-request-id']
  return typeof sent === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(sent) ? sent : randomUUID()
}

/** Headers of every answer. Nothing this server sends may be sniffed, framed or run as a page unless it says so itself. */
const setStandardHeaders = (request: FastifyRequest, reply: FastifyReply): void => {
  reply.header('X-Request-Id', request.id)
  reply.header('X-Content-Type-Options', 'nosniff')
  reply.header('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'")
}

const newServer = (logger: Logger | false, observer: RequestObserver | undefined): FastifyInstance =>
  Fastify({
    ...(logger ? { loggerInstance: requestLogger(logger) as FastifyBaseLogger } : { logger: false }),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestIdOf,
    rewriteUrl: (message) => toOriginForm(message.url ?? '/'),
    exposeHeadRoutes: false,
    return503OnClosing: false,
    connectionTimeout: IDLE_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Node would refuse a missing Host itself, without a body; `checkHead` does.
    http: {
      headersTimeout: HEADERS_TIMEOUT_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      requireHostHeader: false,
    },
    routerOptions: { maxParamLength: MAX_TARGET, querystringParser: () => ({}) },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => {
      setStandardHeaders(request, reply)
      watchAnswer(request, reply, observer)
      endUnreadBody(request)
      answerError(error, request, reply)
    },
  })

/** @throws TrainyardError `ModelArts.2788` for a head that does not make clear what is asked, or asks for too much. */
const checkHead = (message: IncomingMessage, url: string): void => {
  if (url.length > MAX_TARGET) throw uriTooLong()
  // Routers and signatures disagree on what a fragment in a request line means.
  if (url.includes('#')) throw refusal('ModelArts.2788', 'The address contains a fragment.')
  const hosts = message.rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host')
  if (hosts.length > 1 || (hosts.length === 0 && message.httpVersion === '1.1')) {
    throw refusal('ModelArts.2788', 'The request needs one Host header.')
  }
  const { expect } = message.headers
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') {
    throw refusal('ModelArts.2788', 'The Expect header is not supported.', {
      status: 417,
      solution: 'Leave the Expect header out, or send 100-continue.',
    })
  }
}

const addHooks = (app: FastifyInstance, observer: RequestObserver | undefined): void => {
  watchRequests(app.server)
  // Node would refuse other expectations itself, without a body; `checkHead` does.
  app.server.on('checkExpectation', (message, response) => app.server.emit('request', message, response))
  // Bodies are read by our own code: sign-in needs the raw bytes, and an empty one is fine whatever its type.
  for (const method of METHODS_WITH_BODY)
    app.addHttpMethod(method, { hasBody: false, overrideExisting: true })
  app.addHook('onRequest', async (request, reply) => {
    setStandardHeaders(request, reply)
    watchAnswer(request, reply, observer)
    checkHead(request.raw, request.url)
  })
  app.addHook('onResponse', async (request) => {
    endUnreadBody(request)
  })
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply))
}

/** Lets requests under way finish, but keeps no connection for another one: it would hold the server open. */
const addClosing = (app: FastifyInstance): void => {
  let isClosing = false
  app.addHook('preClose', async () => {
    isClosing = true
    setTimeout(() => app.server.closeAllConnections(), CLOSE_GRACE_MS).unref()
  })
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('Connection', 'close')
  })
  app.addHook('onResponse', async () => {
    // For answers whose headers had left before the close began.
    if (isClosing) setImmediate(() => app.server.closeIdleConnections())
  })
}

const addNotFound = (app: FastifyInstance, routing: Routing): void => {
  app.setNotFoundHandler((request, reply) => {
    const methods = routing.methodsOf(splitTarget(request.url).path)
    if (methods.length === 0 || methods.includes(request.method)) {
      throw refusal('ModelArts.2836', 'There is no such path.')
    }
    reply.header('Allow', methods.join(', '))
    throw refusal('ModelArts.2803', `The path does not take ${request.method}.`)
  })
}

/**
 * The HTTP API, not yet listening. `close()` stops accepting, lets requests under way finish for at most 10 s and
 * then cuts them.
 */
export const createApi = (options: ApiOptions): FastifyInstance => {
  const app = newServer(options.logger, options.observer)
  const routing = new Routing(app, options.signIn)
  const links = new LogLinks(options.linkKey, options.clock ?? Date.now)
  addHooks(app, options.observer)
  addClosing(app)
  addNotFound(app, routing)
  addTrainingJobRoutes(routing, options.jobs)
  addLogRoutes(routing, options.jobs, links, options.publicUrl)
  addFileRoutes(routing, options.jobs, links)
  addMetricsAndEventsRoutes(routing, options.jobs)
  addCatalogRoutes(routing, options.catalog)
  addObjectRoutes(routing, options.objects)
  addIdentityRoutes(routing, options.accounts)
  addDocumentRoutes(routing, options.version)
  if (options.operator) addOperatorRoutes(routing, options.operator, options.signIn)
  return app
}
