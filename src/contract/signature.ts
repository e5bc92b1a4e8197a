import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

/**
 * Request signing with `SDK-HMAC-SHA256`, in the current variant (`Access=`) and the older one (`Credential=`).
 * Source of every rule: contract, errors and sign-in, section 6. Shared by the server (check) and the SDK (sign).
 */
export const ALGORITHM = 'SDK-HMAC-SHA256'

/** SHA-256 of nothing: the body hash of a request without body. */
export const EMPTY_BODY_HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** Stands for the body hash where the body is not JSON. */
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD'

/** How far `X-Sdk-Date` may be from the time of the server. */
export const MAX_CLOCK_SKEW_MS = 15 * 60 * 1000

/** What is signed of a request. */
export interface SignableRequest {
  readonly method: string
  /** Path as sent: percent-encoded, without query. */
  readonly path: string
  /** Query as sent: percent-encoded, without `?`. */
  readonly query: string
  /** Header values by lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  /** Lower-case hex SHA-256 of the body, or `UNSIGNED-PAYLOAD`. */
  readonly bodyHash: string
}

/** The scope of the older variant: `{date}/{region}/{service}/sdk_request`. */
export interface SignatureScope {
  readonly date: string
  readonly region: string
  readonly service: string
}

/** Lower-case hex SHA-256. */
export const sha256Hex = (data: string | Uint8Array): string =>
  bytesToHex(sha256(typeof data === 'string' ? utf8ToBytes(data) : data))

/** Percent-encodes all but `A-Z a-z 0-9 - _ . ~`. */
export const encodeComponent = (value: string): string =>
  encodeURIComponent(value.toWellFormed()).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )

// Escapes that are not UTF-8 stay as they are, so that a hostile address is a wrong signature and not a fault.
const decodeComponent = (value: string): string =>
  value.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes)
    } catch {
      return escapes
    }
  })

/** Path decoded as a whole (`%2F` separates too), each segment encoded again, with a `/` at the end. */
export const canonicalPath = (path: string): string => {
  const encoded = decodeComponent(path).split('/').map(encodeComponent).join('/')
  return encoded.endsWith('/') ? encoded : `${encoded}/`
}

/**
 * The path whose canonical form is `path` encoded once more: some signers take the encoded path for a plain one and
 * write `%2520` for a space. Equals `path` when it has no escapes.
 */
export const pathEncodedAgain = (path: string): string => path.replaceAll('%', '%25')

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const queryPairs = (query: string): [name: string, value: string][] =>
  query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.indexOf('=')
      const name = at < 0 ? part : part.slice(0, at)
      const value = at < 0 ? '' : part.slice(at + 1)
      return [decodeComponent(name.replaceAll('+', '%20')), decodeComponent(value.replaceAll('+', '%20'))]
    })

/** Names and values encoded, sorted by name and then value. */
export const canonicalQuery = (query: string): string =>
  queryPairs(query)
    .map(([name, value]) => [encodeComponent(name), encodeComponent(value)] as const)
    .sort((a, b) => byCodeUnit(a[0], b[0]) || byCodeUnit(a[1], b[1]))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')

// `SignedHeaders` is the caller's text: `constructor` and its like must not reach into the prototype.
const headerValue = (headers: Readonly<Record<string, string>>, name: string): string =>
  Object.hasOwn(headers, name) ? (headers[name] ?? '') : ''

const sixParts = (request: SignableRequest, query: string, signedHeaders: readonly string[]): string => {
  const names = signedHeaders.map((name) => name.toLowerCase()).sort(byCodeUnit)
  return [
    request.method.toUpperCase(),
    canonicalPath(request.path),
    query,
    names.map((name) => `${name}:${headerValue(request.headers, name).trim()}\n`).join(''),
    names.join(';'),
    request.bodyHash,
  ].join('\n')
}

/** The six parts joined by line feeds; `signedHeaders` in any order and case. */
export const canonicalRequest = (request: SignableRequest, signedHeaders: readonly string[]): string =>
  sixParts(request, canonicalQuery(request.query), signedHeaders)

const hmacSha256 = (key: Uint8Array, message: string): Uint8Array => hmac(sha256, key, utf8ToBytes(message))

/** The signature of the current variant, lower-case hex. `date` is the value of `X-Sdk-Date`. */
export const signature = (secretKey: string, date: string, canonical: string): string =>
  bytesToHex(hmacSha256(utf8ToBytes(secretKey), `${ALGORITHM}\n${date}\n${sha256Hex(canonical)}`))

const scopeText = (scope: SignatureScope): string =>
  `${scope.date}/${scope.region}/${scope.service}/sdk_request`

/** The signature of the older variant: the scope joins the string to sign, and the key is derived from it. */
export const scopedSignature = (
  secretKey: string,
  date: string,
  scope: SignatureScope,
  canonical: string,
): string => {
  const key = [scope.date, scope.region, scope.service, 'sdk_request'].reduce<Uint8Array>(
    (derived, part) => hmacSha256(derived, part),
    utf8ToBytes(`SDK${secretKey}`),
  )
  return bytesToHex(hmacSha256(key, `${ALGORITHM}\n${date}\n${scopeText(scope)}\n${sha256Hex(canonical)}`))
}

// The older variant orders by the encoded name without regard to case, and takes the first value of each name.
const scopedQuery = (query: string): string => {
  const first = new Map<string, string>()
  for (const [name, value] of queryPairs(query)) {
    const encoded = encodeComponent(name)
    if (!first.has(encoded)) first.set(encoded, encodeComponent(value))
  }
  return [...first]
    .sort(([a], [b]) => byCodeUnit(a.toLowerCase(), b.toLowerCase()) || byCodeUnit(a, b))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

// Every value counts here, those of one name in the order sent.
const formEncoded = (query: string): string =>
  queryPairs(query)
    .sort(([a], [b]) => byCodeUnit(a, b))
    .map(([name, value]) => `${encodeComponent(name)}=${encodeComponent(value)}`)
    .join('&')
    .replaceAll('%20', '+')

/**
 * The canonical request of the older variant. It folds inner white space of header values; only the first value of a
 * repeated query name counts; and a POST without body hashes its query (form-encoded) instead of listing it.
 */
export const scopedCanonicalRequest = (
  request: SignableRequest,
  signedHeaders: readonly string[],
): string => {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, value.trim().replace(/\s+/g, ' ')]),
  )
  if (request.method.toUpperCase() === 'POST' && request.bodyHash === EMPTY_BODY_HASH) {
    return sixParts(
      { ...request, headers, bodyHash: sha256Hex(formEncoded(request.query)) },
      '',
      signedHeaders,
    )
  }
  return sixParts({ ...request, headers }, scopedQuery(request.query), signedHeaders)
}

/** What an `Authorization` header says. */
export interface Authorization {
  readonly accessKey: string
  readonly signedHeaders: readonly string[]
  readonly signature: string
  /** Present in the older variant only. */
  readonly scope?: SignatureScope
}

/**
 * Reads an `Authorization` header; `undefined` when it is not one of the two variants. No signer names a header twice:
 * a long value named thousands of times would be hashed thousands of times, for callers not known yet.
 */
export const parseAuthorization = (header: string): Authorization | undefined => {
  const match =
    /^SDK-HMAC-SHA256\s+(Access|Credential)=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/.exec(
      header.trim(),
    )
  if (!match) return undefined
  const [, kind, credential = '', headers = '', hex = ''] = match
  const signedHeaders = headers.split(';')
  if (new Set(signedHeaders.map((name) => name.toLowerCase())).size < signedHeaders.length) return undefined
  if (kind === 'Access') return { accessKey: credential, signedHeaders, signature: hex }
  const [accessKey = '', date = '', region = '', service = '', end] = credential.split('/')
  if (end !== 'sdk_request' || credential.split('/').length !== 5) return undefined
  return { accessKey, signedHeaders, signature: hex, scope: { date, region, service } }
}

/** Writes the `Authorization` header of the current variant. */
export const authorizationHeader = (
  accessKey: string,
  signedHeaders: readonly string[],
  hex: string,
): string =>
  `${ALGORITHM} Access=${accessKey}, SignedHeaders=${[...signedHeaders]
    .map((name) => name.toLowerCase())
    .sort(byCodeUnit)
    .join(';')}, Signature=${hex}`

/** Writes a time as `X-Sdk-Date`: `YYYYMMDDTHHMMSSZ`, UTC. */
export const toSdkDate = (timeMs: number): string =>
  new Date(timeMs).toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '')

/** Reads `X-Sdk-Date`; `undefined` when malformed or not a real date (`20300230…`). */
export const parseSdkDate = (date: string): number | undefined => {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second] = match
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(time) || toSdkDate(time) !== date ? undefined : time
}
