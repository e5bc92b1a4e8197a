import type { Call } from '../contract/calls.ts'
import type { BodyOf, PathParameters, QueryOf } from '../contract/operations.ts'
import { EMPTY_BODY_HASH, encodeComponent, sha256Hex, UNSIGNED_PAYLOAD } from '../contract/signature.ts'
import { TrainyardError } from '../contract/trainyard-error.ts'
import { SDK_VERSION } from './version.ts'

/**
 * Bytes of an object. Text, bytes and blobs can be read again, so their upload can be repeated; streams cannot. Browsers
 * send streams over HTTP/2 alone: give them a blob.
 */
export type Content =
  | string
  | Uint8Array<ArrayBuffer>
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>

/** What each call takes, whatever it calls. */
export interface CallOptions {
  /** Ends the call with `request_aborted`. */
  readonly signal?: AbortSignal | undefined
  /** Longest wait for the answer, per try. Default: the session's, 60,000. */
  readonly timeoutMs?: number | undefined
}

/** The one status of success that a call may be answered with, where another would be a misunderstanding. */
export interface ExpectedStatus {
  readonly status: number
  /** What another status means, as a sentence. */
  readonly otherwise: string
}

/** How a request is sent. */
export interface SendOptions extends CallOptions {
  /** The one success that is taken. Default: any. */
  readonly expected?: ExpectedStatus | undefined
}

/** One request, by the names of the operation. */
export interface OperationRequest<O extends Call> extends SendOptions {
  readonly params?: PathParameters<O>
  readonly query?: QueryOf<O> | undefined
  readonly body?: BodyOf<O> | undefined
  /** Body of an operation that takes raw bytes. */
  readonly content?: Content | undefined
  /** Further headers, lower-case names. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** A refusal with this code counts as success when it answers a repetition: the first try may have worked. */
  readonly goneCode?: string | undefined
}

/** A request ready to be signed and sent, as often as needed unless its body is a stream. */
export interface PreparedRequest {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body:
    | Uint8Array<ArrayBuffer>
    | Blob
    | ReadableStream<Uint8Array>
    | AsyncIterable<Uint8Array>
    | undefined
  readonly bodyHash: string
  /** Bytes of the body; undefined for streams. */
  readonly sizeBytes: number | undefined
}

const UTF8 = new TextEncoder()

const badParameter = (name: string): TrainyardError =>
  new TrainyardError('invalid_argument', `${name} must not be empty, "." or "..".`)

/** A segment `.` or `..` would be resolved away by the URL parser and reach another path. */
const encodeSegment = (name: string, value: string): string => {
  if (value === '' || value === '.' || value === '..') throw badParameter(name)
  return encodeComponent(value)
}

const encodeRest = (name: string, value: string): string => {
  const segments = value.split('/')
  return segments
    .map((segment, index) =>
      segment === '' && index > 0 && index === segments.length - 1 ? '' : encodeSegment(name, segment),
    )
    .join('/')
}

/**
 * Fills the parameters of a path, percent-encoded.
 * @throws TrainyardError `invalid_argument` when one is missing, empty, `.` or `..`.
 */
export const fillPath = (path: string, params: Readonly<Record<string, string>>): string =>
  path.replace(/\{(\w+)(\*?)\}/g, (_, name: string, rest: string) => {
    const value = params[name] ?? ''
    return rest === '*' ? encodeRest(name, value) : encodeSegment(name, value)
  })

const queryText = (query: object | undefined): string =>
  Object.entries(query ?? {})
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${encodeComponent(name)}=${encodeComponent(String(value))}`)
    .join('&')

const contentBody = (content: Content): Pick<PreparedRequest, 'body' | 'sizeBytes' | 'bodyHash'> => {
  const body = typeof content === 'string' ? UTF8.encode(content) : content
  const sizeBytes =
    body instanceof Uint8Array ? body.byteLength : body instanceof Blob ? body.size : undefined
  // An empty body is "no body" to some verifiers; its real hash suits both readings.
  return { body, sizeBytes, bodyHash: sizeBytes === 0 ? EMPTY_BODY_HASH : UNSIGNED_PAYLOAD }
}

const bodyOf = (
  operation: Call,
  body: unknown,
  content: Content | undefined,
): Pick<PreparedRequest, 'body' | 'sizeBytes' | 'bodyHash'> & { type?: string } => {
  if (operation.rawBody) return { ...contentBody(content ?? ''), type: 'application/octet-stream' }
  if (operation.method !== 'POST' && operation.method !== 'PUT')
    return { body: undefined, sizeBytes: 0, bodyHash: EMPTY_BODY_HASH }
  const bytes = UTF8.encode(JSON.stringify(body ?? {}))
  return { body: bytes, sizeBytes: bytes.byteLength, bodyHash: sha256Hex(bytes), type: 'application/json' }
}

/** Builds the request of an operation. `endpoint` is an origin, with a path of its own or not. */
export const prepareRequest = <O extends Call>(
  operation: O,
  endpoint: string,
  request: OperationRequest<O>,
): PreparedRequest => {
  const path = fillPath(operation.path, (request.params ?? {}) as Readonly<Record<string, string>>)
  const query = queryText(request.query as object | undefined)
  const { type, ...body } = bodyOf(operation, request.body, request.content)
  const headers: Record<string, string> = {
    'x-trainyard-client': `sdk/${SDK_VERSION}`,
    ...(type === undefined ? {} : { 'content-type': type }),
    ...(operation.rawBody ? { 'x-sdk-content-sha256': body.bodyHash } : {}),
    ...request.headers,
  }
  return {
    method: operation.method,
    url: new URL(`${endpoint}${path}${query === '' ? '' : `?${query}`}`),
    headers,
    ...body,
  }
}

/**
 * Reads the address of a server; a `/` at its end is dropped.
 * @throws TrainyardError `invalid_argument` when it is not http or https, or carries a user name or query.
 */
export const parseEndpoint = (endpoint: string): string => {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (
    !url ||
    !/^https?:$/.test(url.protocol) ||
    url.username !== '' ||
    url.password !== '' ||
    url.search !== ''
  ) {
    throw new TrainyardError(
      'invalid_argument',
      `Not the address of a server: ${JSON.stringify(endpoint.slice(0, 200))}.`,
      {
        solution: 'Write it like http://127.0.0.1:8080, without user name and query.',
      },
    )
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}
