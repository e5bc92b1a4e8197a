import type { Call } from '../contract/calls.ts'
import type { AnswerOf, PathParameters } from '../contract/operations.ts'
import { TrainyardError } from '../contract/trainyard-error.ts'
import { type BytesAnswer, type Fetch, Http } from './http.ts'
import type { LocalFiles } from './local-files.ts'
import { Obs } from './obs.ts'
import { OPERATIONS } from './operations.ts'
import { type CallOptions, type OperationRequest, parseEndpoint } from './request.ts'
import { DEFAULT_RETRY, type RetryPolicy, untilAborted } from './retry.ts'
import type { Sender, SessionRequest } from './sender.ts'
import { type FetchToken, KeyPairSignIn, PasswordSignIn, type SignIn, TokenSignIn } from './sign-in.ts'

/** Addresses of the services, for installations that split them. One alone serves for all. */
export interface Endpoints {
  /** Address that issues tokens. */
  readonly iamEndpoint?: string | undefined
  /** Address of the object store. */
  readonly obsEndpoint?: string | undefined
  /** Address of the training API. */
  readonly modelartsEndpoint?: string | undefined
  /** Region of sessions that name none. */
  readonly regionName?: string | undefined
}

/** Who calls, and where to. One of the ways to sign in: a token, a key pair, or a user name with password. */
export interface SessionOptions {
  /** Address of the server, such as `http://127.0.0.1:8080`. Default: what `Session.setEndpoint` got. */
  readonly endpoint?: string | undefined
  /** Looked up by `regionName` when left out. */
  readonly projectId?: string | undefined
  /** Region: the name of the project. */
  readonly regionName?: string | undefined
  /** Access key; together with `secretKey`. */
  readonly accessKey?: string | undefined
  /** Secret key. Signs requests and never travels. */
  readonly secretKey?: string | undefined
  /** Account (domain) of the user. Default: `username`, which is right for an account's own password. */
  readonly account?: string | undefined
  /** Name of the user; together with `password`. */
  readonly username?: string | undefined
  /** Password of the user. Travels once, for a token. */
  readonly password?: string | undefined
  /** A token that was fetched before. */
  readonly token?: string | undefined
  /** Longest wait for an answer, per try. Default 60,000. */
  readonly timeoutMs?: number | undefined
  /** How failed reads, searches, deletes and uploads are repeated. */
  readonly retry?: Partial<RetryPolicy> | undefined
  /** Replaces the global `fetch`. */
  readonly fetch?: Fetch | undefined
}

/** Longest wait for an answer unless the session or call says otherwise. */
export const DEFAULT_TIMEOUT_MS = 60_000

const missing = (what: string, solution: string): TrainyardError =>
  new TrainyardError('invalid_argument', what, { solution })

/**
 * Signs calls in and knows where they go. Made once and shared; holds no connection that needs closing.
 * @throws TrainyardError `invalid_argument` from the constructor when the address or a half of a sign-in is missing.
 */
export class Session implements Sender {
  static #endpoints: Endpoints = {}

  /** Sets the addresses of sessions made later, for programs that do not pass `endpoint` to each. */
  static setEndpoint(endpoints: Endpoints): void {
    for (const address of [endpoints.iamEndpoint, endpoints.obsEndpoint, endpoints.modelartsEndpoint]) {
      if (address !== undefined) parseEndpoint(address)
    }
    Session.#endpoints = { ...endpoints }
  }

  /** Whether `Session.setEndpoint` named a server. */
  protected static get hasEndpoint(): boolean {
    const { iamEndpoint, obsEndpoint, modelartsEndpoint } = Session.#endpoints
    return (iamEndpoint ?? obsEndpoint ?? modelartsEndpoint) !== undefined
  }

  /** Region, as given. */
  readonly regionName: string | undefined
  /** Name of the user, when the session signs in with one. */
  readonly userName: string | undefined
  /** Address of the training API. */
  readonly endpoint: string
  readonly #signIn: SignIn
  readonly #http: Http
  readonly #obs: Obs
  #projectId: string | undefined
  #lookup: Promise<string> | undefined

  constructor(options: SessionOptions) {
    const defaults = Session.#endpoints
    const main =
      options.endpoint ?? defaults.modelartsEndpoint ?? defaults.obsEndpoint ?? defaults.iamEndpoint
    if (main === undefined) {
      throw missing('No server is named.', 'Pass endpoint, or call Session.setEndpoint first.')
    }
    const own = options.endpoint
    this.endpoint = parseEndpoint(main)
    const iam = parseEndpoint(own ?? defaults.iamEndpoint ?? main)
    const obs = parseEndpoint(own ?? defaults.obsEndpoint ?? main)
    this.regionName = options.regionName ?? defaults.regionName
    this.userName = options.username
    this.#projectId = options.projectId
    this.#signIn = this.#toSignIn(options)
    this.#http = new Http({
      endpointOf: ({ tag }) => (tag === 'Identity' ? iam : tag === 'Object store' ? obs : this.endpoint),
      signIn: this.#signIn,
      timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      retry: { ...DEFAULT_RETRY, ...options.retry },
      fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    })
    this.#obs = new Obs(this)
  }

  /** As given or looked up; undefined until `resolveProjectId` or the first call has found it. */
  get projectId(): string | undefined {
    return this.#projectId
  }

  /** Id of the user; known to a session that signs in with a password, after its first call. */
  get userId(): string | undefined {
    return this.#signIn.userId
  }

  /** The object store. */
  get obs(): Obs {
    return this.#obs
  }

  /** Files of this machine; undefined in a browser. */
  get localFiles(): LocalFiles | undefined {
    return undefined
  }

  /** Whether the server is on this machine, so that asking often costs nothing. */
  get isLocal(): boolean {
    return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(this.endpoint).hostname)
  }

  /**
   * The project of the session: as given, else the one named like the region, else the only one there is.
   * @throws TrainyardError `invalid_argument` when that is not exactly one.
   */
  async resolveProjectId(signal?: AbortSignal): Promise<string> {
    if (this.#projectId !== undefined) return this.#projectId
    this.#lookup ??= this.#lookUpProject().finally(() => {
      this.#lookup = undefined
    })
    return untilAborted(this.#lookup, signal)
  }

  /**
   * Sends any operation of the contract that answers JSON. The methods of Estimator and TrainingJob are made of this.
   * @throws TrainyardError with the code of the refusal, or `connection_failed`, `request_timeout`,
   * `request_aborted`, `unexpected_answer`.
   */
  async send<O extends Call>(operation: O, request: SessionRequest<O> = {}): Promise<AnswerOf<O>> {
    return this.#http.send(operation, await this.#withProject(operation, request))
  }

  /** Sends an operation that answers bytes. Its body must be read or discarded. */
  async open<O extends Call>(operation: O, request: SessionRequest<O> = {}): Promise<BytesAnswer> {
    return this.#http.open(operation, await this.#withProject(operation, request))
  }

  /** Fetches a signed link of the server from byte `offset` on, without signing in. Any status is an answer. */
  openLink(link: string, offset: number, options: CallOptions = {}): Promise<BytesAnswer> {
    return this.#http.openLink(link, offset, options)
  }

  async #withProject<O extends Call>(operation: O, request: SessionRequest<O>): Promise<OperationRequest<O>> {
    const needsProject = operation.path.includes('{project_id}')
    const project = needsProject ? { project_id: await this.resolveProjectId(request.signal) } : {}
    const header = this.#projectId === undefined ? {} : { 'x-project-id': this.#projectId }
    return {
      ...request,
      params: { ...request.params, ...project } as PathParameters<O>,
      headers: needsProject ? { ...header, ...request.headers } : request.headers,
    }
  }

  async #lookUpProject(): Promise<string> {
    const query = this.regionName === undefined ? {} : { name: this.regionName }
    const { projects } = await this.send(OPERATIONS.listProjects, { query })
    const [project] = projects
    if (project === undefined || projects.length > 1) {
      const where = this.regionName === undefined ? 'of the caller' : `of region ${this.regionName}`
      throw missing(`There are ${projects.length} projects ${where}; one is needed.`, 'Pass projectId.')
    }
    this.#projectId = project.id
    return project.id
  }

  #toSignIn(options: SessionOptions): SignIn {
    const { token, accessKey, secretKey, username, password } = options
    if (token !== undefined) return new TokenSignIn(token)
    if (accessKey !== undefined || secretKey !== undefined) {
      if (accessKey && secretKey) return new KeyPairSignIn(accessKey, secretKey)
      throw missing('An access key needs its secret key.', 'Pass both accessKey and secretKey.')
    }
    if (username === undefined || password === undefined) {
      throw missing(
        'Nothing to sign in with.',
        'Pass accessKey and secretKey, username and password, or a token.',
      )
    }
    const { projectId } = options
    if (projectId === undefined && this.regionName === undefined) {
      throw missing('A token needs a project.', 'Pass projectId or regionName beside the password.')
    }
    const account = options.account ?? username
    return new PasswordSignIn(
      { account, username, password, projectId, regionName: this.regionName },
      this.#fetchToken,
    )
  }

  readonly #fetchToken: FetchToken = async (body) => {
    const { answer, headers } = await this.#http.sendWithHeaders(OPERATIONS.createToken, {
      query: { nocatalog: 'true' },
      body,
    })
    const token = headers.get('x-subject-token')
    if (token === null) throw new TrainyardError('unexpected_answer', 'The answer carries no token.')
    return { token, response: answer }
  }
}
