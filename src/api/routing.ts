import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import type { TSchema } from 'typebox'
import type { AnswerOf, BodyOf, Operation, PathParameters, QueryOf } from '../contract/operations.ts'
import { refusal } from '../contract/trainyard-error.ts'
import type { Caller, ProjectCaller } from '../identity/caller.ts'
import { authenticate } from './authenticate.ts'
import { JSON_TYPE } from './errors.ts'
import { isBlank, type JsonObject, parseJsonObject } from './json-body.ts'
import { isJsonType } from './media-type.ts'
import { readJsonBytes } from './request-body.ts'
import { note } from './request-notes.ts'
import { splitTarget } from './request-target.ts'
import type { SignInService } from './services.ts'
import { type BodyCheck, compileBody, compileQuery, type QueryCheck } from './validation.ts'

/** Who calls, as far as the call knows: nobody on public calls, someone of the project below `/v2/{project_id}`. */
type CallerOf<O extends Operation> = O['access'] extends 'public'
  ? undefined
  : PathParameters<O> extends { project_id: string }
    ? ProjectCaller
    : Caller

/** One request, checked: what a handler works with. */
export interface Call<O extends Operation> {
  readonly caller: CallerOf<O>
  readonly params: PathParameters<O>
  readonly query: QueryOf<O>
  readonly body: BodyOf<O>
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** An answer that is JSON text already, and its status when that is not the one of the call. */
export class JsonText {
  readonly text: string
  readonly status: number | undefined

  constructor(text: string, status?: number) {
    this.text = text
    this.status = status
  }
}

/** A handler returns the JSON answer of its call; where the call answers bytes or nothing, the reply it has sent. */
export type Handler<O extends Operation> = (
  call: Call<O>,
) => Promise<O extends { answer: TSchema } ? AnswerOf<O> | JsonText : FastifyReply>

interface Checks {
  readonly body: BodyCheck | undefined
  readonly query: QueryCheck | undefined
}

const compileChecks = (operation: Operation): Checks => ({
  body: operation.body && compileBody(operation.body),
  query: operation.query && compileQuery(operation.query, operation.queryCode ?? 'ModelArts.2764'),
})

/** Reads the JSON body of a call; `bytes` is all that was received. */
const readBody = (operation: Operation, request: FastifyRequest, bytes: Uint8Array): JsonObject => {
  if (isBlank(bytes)) {
    if (operation.bodyOptional) return {}
    throw refusal('ModelArts.2787', 'The call needs a JSON body.')
  }
  const contentType = request.headers['content-type']
  if (contentType !== undefined && !isJsonType(contentType)) {
    throw refusal('ModelArts.2787', 'The body must be JSON: send Content-Type: application/json.')
  }
  return parseJsonObject(bytes)
}

/**
 * The parameters of the path. The rest of a path (`{key*}`) is taken from the path as sent and decoded once: the
 * router decodes in two steps, which would read `%252F` as a slash.
 */
const pathParameters = (operation: Operation, request: FastifyRequest): Record<string, string> => {
  const { '*': _rest, ...params } = request.params as Record<string, string>
  const name = /\{(\w+)\*\}$/.exec(operation.path)?.[1]
  if (name === undefined) return params
  const before = operation.path.split('/').length - 1
  const rest = splitTarget(request.url).path.split('/').slice(before).join('/')
  return { ...params, [name]: decodeURIComponent(rest) }
}

/** Answers JSON text. Every field of an answer is sent: no schema stands between that could drop one. */
export const sendJson = (reply: FastifyReply, status: number, text: string): FastifyReply =>
  reply.code(status).header('Content-Type', JSON_TYPE).header('Cache-Control', 'no-store').send(text)

/** The routes of the server: the calls of the contract, and a few plain ones that need no sign-in. */
export class Routing {
  readonly #app: FastifyInstance
  readonly #signIn: SignInService
  readonly #known: { method: string; path: RegExp }[] = []

  constructor(app: FastifyInstance, signIn: SignInService) {
    this.#app = app
    this.#signIn = signIn
  }

  /** Routes one call: body, sign-in, permission, query, body checks, then the handler. */
  add<const O extends Operation>(operation: O, handler: Handler<O>): void {
    const checks = compileChecks(operation)
    const url = operation.path.replace(/\{\w+\*\}/, '*').replaceAll(/\{(\w+)\}/g, ':$1')
    this.note(operation.method, url)
    this.#app.route({
      method: operation.method,
      url,
      handler: (request, reply) => this.#serve(operation, checks, handler, request, reply),
    })
  }

  /** Routes plain requests: no sign-in, no checks. */
  addPlain(
    methods: HTTPMethods[],
    url: string,
    handler: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>,
  ): void {
    for (const method of methods) this.note(method, url)
    this.#app.route({
      method: methods,
      url,
      handler: (request, reply) => {
        note(request, { operation: url })
        return handler(request, reply)
      },
    })
  }

  /** Remembers a route made elsewhere, so that a wrong method on its path is answered 405 rather than 404. */
  note(method: string, url: string): void {
    const pattern = url.replaceAll('.', '\\.').replace('*', '.*').replaceAll(/:\w+/g, '[^/]+')
    this.#known.push({ method, path: new RegExp(`^${pattern}$`, 's') })
  }

  /** Methods that a path knows; none when there is no such path. */
  methodsOf(path: string): string[] {
    return [...new Set(this.#known.filter((route) => route.path.test(path)).map(({ method }) => method))]
  }

  async #serve<O extends Operation>(
    operation: O,
    checks: Checks,
    handler: Handler<O>,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    note(request, { operation: operation.id })
    const bytes = operation.rawBody ? undefined : await readJsonBytes(request.raw)
    const caller = await authenticate(this.#signIn, operation, request, bytes)
    if (caller) note(request, { caller })
    const query = checks.query?.(splitTarget(request.url).query)
    const body = bytes && checks.body?.(readBody(operation, request, bytes))
    const params = pathParameters(operation, request)
    // The checks above are made from the schemas that give `Call` its types.
    const call = { caller, params, query, body, request, reply } as unknown as Call<O>
    const answer: unknown = await handler(call)
    // Not `answer === reply`: to await a reply is to await its end, and gives nothing.
    if (reply.sent) return reply
    const { text, status = operation.status } =
      answer instanceof JsonText ? answer : new JsonText(JSON.stringify(answer))
    return sendJson(reply, status, text)
  }
}
