import type { CreateTokenRequest, TokenResponse } from '../contract/identity.ts'
import { authorizationHeader, canonicalRequest, signature, toSdkDate } from '../contract/signature.ts'
import { TrainyardError } from '../contract/trainyard-error.ts'
import type { PreparedRequest } from './request.ts'

type Headers = Readonly<Record<string, string>>

/** Signs requests in. */
export interface SignIn {
  /** All headers of one try: the request's own and those that sign it in. */
  authorize(request: PreparedRequest): Promise<Headers>
  /** After a 401: drops what was sent if it can be renewed, and says whether a second try makes sense. */
  renew(sent: Headers): boolean
  /** Id of the user, once the server has told it. */
  readonly userId?: string | undefined
}

/** Signs with an access key. The secret key never leaves the program. */
export class KeyPairSignIn implements SignIn {
  readonly #accessKey: string
  readonly #secretKey: string

  constructor(accessKey: string, secretKey: string) {
    this.#accessKey = accessKey
    this.#secretKey = secretKey
  }

  async authorize(request: PreparedRequest): Promise<Headers> {
    const date = toSdkDate(Date.now())
    const headers: Record<string, string> = { ...request.headers, 'x-sdk-date': date }
    // `Host` is written by fetch itself, exactly as `URL.host` has it; `Range` may be changed on the way.
    const signed: Record<string, string> = { ...headers, host: request.url.host }
    delete signed['range']
    const names = Object.keys(signed)
    const canonical = canonicalRequest(
      {
        method: request.method,
        path: request.url.pathname,
        query: request.url.search.slice(1),
        headers: signed,
        bodyHash: request.bodyHash,
      },
      names,
    )
    const hex = signature(this.#secretKey, date, canonical)
    return { ...headers, authorization: authorizationHeader(this.#accessKey, names, hex) }
  }

  renew(): boolean {
    return false
  }
}

/** Signs in with a token that somebody else fetched. */
export class TokenSignIn implements SignIn {
  readonly #token: string

  constructor(token: string) {
    this.#token = token
  }

  async authorize(request: PreparedRequest): Promise<Headers> {
    return { ...request.headers, 'x-auth-token': this.#token }
  }

  renew(): boolean {
    return false
  }
}

/** A user and the project a token is wanted for. */
export interface PasswordOptions {
  readonly account: string
  readonly username: string
  readonly password: string
  readonly projectId: string | undefined
  readonly regionName: string | undefined
}

/** Fetches a token: the wire call, without sign-in. */
export type FetchToken = (request: CreateTokenRequest) => Promise<{ token: string; response: TokenResponse }>

/** A token is renewed this long before it expires. */
const RENEW_BEFORE_MS = 30 * 60_000

/** Signs in with a password: fetches a token at first use, renews it before it expires and once after a 401. */
export class PasswordSignIn implements SignIn {
  readonly #options: PasswordOptions
  readonly #fetchToken: FetchToken
  #token: { readonly value: string; readonly renewAtMs: number } | undefined
  #fetching: Promise<string> | undefined
  userId: string | undefined

  constructor(options: PasswordOptions, fetchToken: FetchToken) {
    this.#options = options
    this.#fetchToken = fetchToken
  }

  async authorize(request: PreparedRequest): Promise<Headers> {
    return { ...request.headers, 'x-auth-token': await this.#currentToken() }
  }

  renew(sent: Headers): boolean {
    // A neighbour may have renewed it already: then the new one is kept.
    if (this.#token?.value === sent['x-auth-token']) this.#token = undefined
    return true
  }

  async #currentToken(): Promise<string> {
    if (this.#token && Date.now() < this.#token.renewAtMs) return this.#token.value
    this.#fetching ??= this.#renewToken().finally(() => {
      this.#fetching = undefined
    })
    return this.#fetching
  }

  async #renewToken(): Promise<string> {
    const { account, username, password, projectId, regionName } = this.#options
    const project = projectId !== undefined ? { id: projectId } : { name: regionName ?? '' }
    const { token, response } = await this.#fetchToken({
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { name: username, password, domain: { name: account } } },
        },
        scope: { project },
      },
    })
    const expiresAtMs = Date.parse(response.token.expires_at)
    if (Number.isNaN(expiresAtMs)) {
      throw new TrainyardError('unexpected_answer', 'The token came without a readable time of expiry.')
    }
    this.userId = response.token.user.id
    this.#token = { value: token, renewAtMs: expiresAtMs - RENEW_BEFORE_MS }
    return token
  }
}
