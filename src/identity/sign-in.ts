import { randomBytes, timingSafeEqual } from 'node:crypto'
import {
  type Authorization,
  canonicalRequest,
  EMPTY_BODY_HASH,
  MAX_CLOCK_SKEW_MS,
  parseAuthorization,
  parseSdkDate,
  pathEncodedAgain,
  type SignableRequest,
  scopedCanonicalRequest,
  scopedSignature,
  signature,
  UNSIGNED_PAYLOAD,
} from '../contract/signature.ts'
import { refusal } from '../contract/trainyard-error.ts'
import type { Accounts } from './accounts.ts'
import type { Caller } from './caller.ts'

/** What is known of a request when its sender is to be recognised. */
export interface SignInRequest {
  readonly method: string
  /** Path as sent: percent-encoded, without query. */
  readonly path: string
  /** Query as sent: percent-encoded, without `?`. */
  readonly query: string
  /** Header values as received, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * A `stream` is signed in before it is read: when `X-Sdk-Content-Sha256` has a hash, the caller of `authenticate`
   * must check the content against it.
   */
  readonly body:
    | { readonly kind: 'none' }
    | { readonly kind: 'bytes'; readonly sha256Hex: string; readonly isJson: boolean }
    | { readonly kind: 'stream' }
  /** `project_id` of the path, where it has one. */
  readonly projectId: string | undefined
}

const SHA256_HEX = /^[0-9a-f]{64}$/i
const JSON_TYPE = /^\s*application\/json\s*(;|$)/i
const MUST_BE_SIGNED = ['host', 'x-sdk-date']
/** Stands in for the secret of an unknown access key, so that its check is as much work. */
const NOBODYS_SECRET = randomBytes(20).toString('hex')

const headerOf = ({ headers }: SignInRequest, name: string): string =>
  Object.hasOwn(headers, name) ? (headers[name] ?? '').trim() : ''

/**
 * The body hashes a signature may have been made with; none when what the client claims cannot be accepted. JSON is
 * always signed with its hash.
 */
const bodyHashes = (request: SignInRequest): string[] => {
  const claimed = headerOf(request, 'x-sdk-content-sha256')
  const { body } = request
  switch (body.kind) {
    case 'none':
      // Signers differ in what they write for a body of no bytes; here both say the same.
      return claimed === UNSIGNED_PAYLOAD ? [EMPTY_BODY_HASH, claimed] : [EMPTY_BODY_HASH]
    case 'bytes':
      if (claimed === UNSIGNED_PAYLOAD) return body.isJson ? [] : [claimed]
      if (claimed === '') return [body.sha256Hex]
      return claimed.toLowerCase() === body.sha256Hex ? [claimed] : []
    case 'stream':
      if (claimed === UNSIGNED_PAYLOAD)
        return JSON_TYPE.test(headerOf(request, 'content-type')) ? [] : [claimed]
      return SHA256_HEX.test(claimed) ? [claimed] : []
  }
}

// Node hands out the bytes of a header as Latin-1; signers sign the text that they meant, in UTF-8.
const asMeant = (value: string): string =>
  /^[\0-\xff]*[\x80-\xff][\0-\xff]*$/.test(value) ? Buffer.from(value, 'latin1').toString('utf8') : value

/** The readings of a request that are tried in turn: some signers encode the path once more. */
const readings = (request: SignInRequest): SignableRequest[] => {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, asMeant(value)]),
  )
  const paths = new Set([request.path, pathEncodedAgain(request.path)])
  return [...paths].flatMap((path) =>
    bodyHashes(request).map((bodyHash) => ({
      method: request.method,
      path,
      query: request.query,
      headers,
      bodyHash,
    })),
  )
}

const expectedSignature = (
  request: SignableRequest,
  { signedHeaders, scope }: Authorization,
  secretKey: string,
  date: string,
): string =>
  scope
    ? scopedSignature(secretKey, date, scope, scopedCanonicalRequest(request, signedHeaders))
    : signature(secretKey, date, canonicalRequest(request, signedHeaders))

const isSigned = (request: SignInRequest, authorization: Authorization, secretKey: string): boolean => {
  const date = headerOf(request, 'x-sdk-date')
  const sent = Buffer.from(authorization.signature)
  return readings(request).some((reading) =>
    timingSafeEqual(sent, Buffer.from(expectedSignature(reading, authorization, secretKey, date))),
  )
}

const coversEnough = ({ signedHeaders }: Authorization): boolean => {
  const names = signedHeaders.map((name) => name.toLowerCase())
  // Names with `_` get lost or changed on the way, so signers leave them out.
  return MUST_BE_SIGNED.every((name) => names.includes(name)) && !names.some((name) => name.includes('_'))
}

const projectMismatch = (): Error =>
  refusal('ModelArts.2786', 'The project of the address is not that of the credentials.')

/** Tells who a request comes from: by token, or by signature. */
export class SignIn {
  readonly #accounts: Accounts
  readonly #clock: () => number

  constructor(options: { readonly accounts: Accounts; readonly clock?: () => number }) {
    this.#accounts = options.accounts
    this.#clock = options.clock ?? Date.now
  }

  /**
   * Recognises the caller; a token wins where both are sent. In calls of a project the credentials must be of it.
   * @throws TrainyardError `ModelArts.0201` nothing sent; `0202`, `0203` token expired or invalid; `0206`
   * `Authorization` unreadable; `APIGW.0301` signature rejected, whatever the reason; `0212` token without project;
   * `2786` other project, whether or not the one of the address exists.
   */
  async authenticate(request: SignInRequest): Promise<Caller> {
    const token = headerOf(request, 'x-auth-token')
    if (token !== '') return this.#byToken(request, token)
    const header = headerOf(request, 'authorization')
    if (header !== '') return this.#bySignature(request, header)
    throw refusal('ModelArts.0201', 'The request is neither signed nor has it a token.')
  }

  async #byToken({ projectId }: SignInRequest, token: string): Promise<Caller> {
    const caller = await this.#accounts.callerOfToken(token)
    if (projectId === undefined) return caller
    if (caller.projectId === null) throw refusal('ModelArts.0212', 'The token opens no project.')
    if (caller.projectId !== projectId) throw projectMismatch()
    return caller
  }

  async #bySignature(request: SignInRequest, header: string): Promise<Caller> {
    const authorization = parseAuthorization(header)
    if (!authorization) throw refusal('ModelArts.0206', 'The Authorization header cannot be read.')
    const holder = await this.#accounts.findKeyHolder(authorization.accessKey)
    const signed = isSigned(request, authorization, holder?.secretKey ?? NOBODYS_SECRET)
    if (!holder || !signed || !coversEnough(authorization) || !this.#isTimely(request)) {
      throw refusal('APIGW.0301', 'The signature of the request was rejected.')
    }
    const { projectId } = request
    const named = headerOf(request, 'x-project-id') || projectId
    if (projectId !== undefined && (named !== projectId || holder.caller.projectId !== projectId)) {
      throw projectMismatch()
    }
    return holder.caller
  }

  #isTimely(request: SignInRequest): boolean {
    const time = parseSdkDate(headerOf(request, 'x-sdk-date'))
    return time !== undefined && Math.abs(this.#clock() - time) <= MAX_CLOCK_SKEW_MS
  }
}
