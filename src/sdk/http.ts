import type { Call } from '../contract/calls.ts'
import type { AnswerOf } from '../contract/operations.ts'
import { TrainyardError } from '../contract/trainyard-error.ts'
import { bodyOf, checkStatus, chunksOf, readAnswer, readRefusal } from './answer.ts'
import { Deadline } from './deadline.ts'
import {
  type CallOptions,
  type OperationRequest,
  type PreparedRequest,
  prepareRequest,
  type SendOptions,
} from './request.ts'
import {
  backoffMs,
  isPassingTrouble,
  MAX_RETRY_AFTER_MS,
  parseRetryAfter,
  pause,
  type RetryPolicy,
  throwIfAborted,
  untilAborted,
} from './retry.ts'
import type { SignIn } from './sign-in.ts'

/** What `fetch` does; replaced in tests and by programs that need a proxy. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface HttpOptions {
  /** The server of an operation: its address without a `/` at the end. */
  readonly endpointOf: (operation: Call) => string
  readonly signIn: SignIn
  readonly timeoutMs: number
  readonly retry: RetryPolicy
  readonly fetch: Fetch
}

/** An answer of bytes. */
export interface BytesAnswer {
  /** HTTP status. */
  readonly status: number
  /** Headers of the answer. */
  readonly headers: Headers
  /** The body, once. A pause longer than the timeout ends it with `request_timeout`. */
  readonly chunks: AsyncIterable<Uint8Array>
  /** Lets go of a body that nobody reads. */
  discard(): Promise<void>
}

/** Uploads slower than this count as stuck; it stretches the timeout of an upload by its size. */
const SLOWEST_UPLOAD_BYTES_PER_MS = 64

const isRepeatable = (operation: Call, request: PreparedRequest): boolean =>
  operation.method === 'GET' ||
  operation.method === 'HEAD' ||
  operation.method === 'DELETE' ||
  operation.id === 'ListTrainingJobs' ||
  (operation.rawBody === true && request.sizeBytes !== undefined) ||
  request.url.searchParams.get('dry_run') === 'true'

/** A stream over chunks that tells of each chunk taken. */
const toStream = (chunks: AsyncIterable<Uint8Array>, onChunk: () => void): ReadableStream<Uint8Array> => {
  const iterator = chunks[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await iterator.next()
      onChunk()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    async cancel() {
      await iterator.return?.()
    },
  })
}

async function* withDeadline(
  response: Response,
  deadline: Deadline,
  what: string,
): AsyncGenerator<Uint8Array> {
  try {
    deadline.extend()
    for await (const chunk of bodyOf(response)) {
      // The reader may be slow: only the server's time counts.
      deadline.end()
      yield chunk
      deadline.extend()
    }
  } catch (error) {
    throw deadline.explain(error, what)
  } finally {
    deadline.end()
  }
}

const toBytesAnswer = (response: Response, deadline: Deadline, what: string): BytesAnswer => ({
  status: response.status,
  headers: response.headers,
  chunks: withDeadline(response, deadline, what),
  async discard() {
    deadline.end()
    await response.body?.cancel().catch(() => undefined)
  },
})

/** Reads an answer. */
interface Reader<T> {
  read(response: Response, deadline: Deadline): Promise<T>
  /** The answer when a repetition finds that the first try had worked. */
  readonly whenGone?: T
}

type Tried<T> =
  | { readonly value: T }
  | { readonly error: TrainyardError; readonly retryAfterMs?: number | undefined }

/** Sends the operations of the contract: signs, bounds, repeats where that is safe, and types the failures. */
export class Http {
  readonly #options: HttpOptions

  constructor(options: HttpOptions) {
    this.#options = options
  }

  /**
   * Sends an operation and reads its JSON answer.
   * @throws TrainyardError with the code of the refusal, or `connection_failed`, `request_timeout`,
   * `request_aborted`, `unexpected_answer`.
   */
  async send<O extends Call>(operation: O, request: OperationRequest<O>): Promise<AnswerOf<O>> {
    const { answer } = await this.sendWithHeaders(operation, request)
    return answer
  }

  /** As `send`, with the headers of the answer. */
  sendWithHeaders<O extends Call>(
    operation: O,
    request: OperationRequest<O>,
  ): Promise<{ answer: AnswerOf<O>; headers: Headers }> {
    return this.#exchange(operation, request, {
      async read(response, deadline) {
        const answer = (await readAnswer(operation, response)) as AnswerOf<O>
        deadline.end()
        return { answer, headers: response.headers }
      },
      whenGone: { answer: undefined as AnswerOf<O>, headers: new Headers() },
    })
  }

  /** Sends an operation that answers bytes. Only the wait for the first byte is repeated. */
  open<O extends Call>(operation: O, request: OperationRequest<O>): Promise<BytesAnswer> {
    return this.#exchange(operation, request, {
      read: async (response, deadline) => toBytesAnswer(response, deadline, operation.id),
    })
  }

  /**
   * Fetches a signed link, without signing in, from byte `offset` on. Any status is an answer here.
   * @throws TrainyardError `connection_failed`, `request_timeout`, `request_aborted`, `unexpected_answer`.
   */
  async openLink(link: string, offset: number, options: CallOptions): Promise<BytesAnswer> {
    if (!URL.canParse(link) || !/^https?:$/.test(new URL(link).protocol)) {
      throw new TrainyardError('unexpected_answer', 'The server gave a link that is not an address.')
    }
    throwIfAborted(options.signal)
    const deadline = new Deadline(options.timeoutMs ?? this.#options.timeoutMs, options.signal)
    // The query of the link is its signature: it does not belong into messages.
    const what = `GET ${new URL(link).origin}${new URL(link).pathname}`
    try {
      const response = await this.#options.fetch(link, {
        headers: { range: `bytes=${offset}-` },
        credentials: 'omit',
        signal: deadline.signal,
      })
      return toBytesAnswer(response, deadline, what)
    } catch (error) {
      deadline.end()
      throw deadline.explain(error, what)
    }
  }

  async #exchange<O extends Call, T>(
    operation: O,
    request: OperationRequest<O>,
    reader: Reader<T>,
  ): Promise<T> {
    const { retry } = this.#options
    const prepared = prepareRequest(operation, this.#options.endpointOf(operation), request)
    const repetitions = isRepeatable(operation, prepared) ? retry.maxRetries : 0
    for (let attempt = 0; ; attempt += 1) {
      const tried = await this.#tryTwiceAfter401(operation, prepared, request, reader)
      if ('value' in tried) return tried.value
      const { error, retryAfterMs = 0 } = tried
      const isGone = attempt > 0 && error.code === request.goneCode
      if (isGone && reader.whenGone !== undefined) return reader.whenGone
      // A time limit is the caller's own: repeating would stretch it.
      const canPass = isPassingTrouble(error) && error.code !== 'request_timeout'
      if (attempt >= repetitions || !canPass || retryAfterMs > MAX_RETRY_AFTER_MS) throw error
      await pause(Math.max(retryAfterMs, backoffMs(attempt, retry)), request.signal)
    }
  }

  async #tryTwiceAfter401<T>(
    operation: Call,
    prepared: PreparedRequest,
    options: SendOptions,
    reader: Reader<T>,
  ): Promise<Tried<T>> {
    const isPublic = operation.access === 'public'
    const first = await this.#authorize(prepared, isPublic, options.signal)
    const tried = await this.#try(operation, prepared, first, options, reader)
    if ('value' in tried || tried.error.status !== 401 || isPublic || prepared.sizeBytes === undefined)
      return tried
    if (!this.#options.signIn.renew(first)) return tried
    return this.#try(
      operation,
      prepared,
      await this.#authorize(prepared, isPublic, options.signal),
      options,
      reader,
    )
  }

  async #authorize(
    prepared: PreparedRequest,
    isPublic: boolean,
    signal: AbortSignal | undefined,
  ): Promise<Readonly<Record<string, string>>> {
    return isPublic ? prepared.headers : untilAborted(this.#options.signIn.authorize(prepared), signal)
  }

  async #try<T>(
    operation: Call,
    prepared: PreparedRequest,
    headers: Readonly<Record<string, string>>,
    options: SendOptions,
    reader: Reader<T>,
  ): Promise<Tried<T>> {
    throwIfAborted(options.signal)
    const transferMs = operation.rawBody ? (prepared.sizeBytes ?? 0) / SLOWEST_UPLOAD_BYTES_PER_MS : 0
    const deadline = new Deadline((options.timeoutMs ?? this.#options.timeoutMs) + transferMs, options.signal)
    const what = `${prepared.method} ${prepared.url.origin}${prepared.url.pathname}`
    try {
      const response = await this.#options.fetch(prepared.url.href, {
        method: prepared.method,
        headers: { ...headers },
        ...bodyInit(prepared, deadline),
        // Credentials must not travel to wherever a redirect points.
        redirect: 'manual',
        signal: deadline.signal,
      })
      checkStatus(response, options.expected)
      if (response.ok) return { value: await reader.read(response, deadline) }
      const error = await readRefusal(response)
      deadline.end()
      return { error, retryAfterMs: parseRetryAfter(response.headers.get('retry-after'), Date.now()) }
    } catch (error) {
      deadline.end()
      return { error: deadline.explain(error, what) }
    }
  }
}

const bodyInit = (prepared: PreparedRequest, deadline: Deadline): RequestInit => {
  const { body } = prepared
  if (body === undefined) return {}
  if (body instanceof Uint8Array || body instanceof Blob) return { body }
  const chunks = body instanceof ReadableStream ? chunksOf(body) : body
  const init: RequestInit & { duplex: 'half' } = {
    body: toStream(chunks, () => deadline.extend()),
    duplex: 'half',
  }
  return init
}
