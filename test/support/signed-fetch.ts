import { request as httpRequest } from 'node:http'
import {
  authorizationHeader,
  canonicalRequest,
  EMPTY_BODY_HASH,
  type SignatureScope,
  scopedCanonicalRequest,
  scopedSignature,
  sha256Hex,
  signature,
  toSdkDate,
} from '../../src/contract/signature.ts'

/** Who signs, and what is deliberately wrong about it. */
export interface Signing {
  readonly accessKey: string
  readonly secretKey: string
  /** Epoch ms of `X-Sdk-Date`. Default: now. */
  readonly date?: number
  /** Signs with the older variant. */
  readonly scope?: SignatureScope
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers freely
  readonly json: any
}

const toAnswer = async (response: Response): Promise<Answer> => {
  const text = await response.text()
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    json = undefined
  }
  return { status: response.status, headers: response.headers, text, json }
}

/** Sends a request as it is, without signing it. */
export const plainFetch = async (url: string, init: RequestInit = {}): Promise<Answer> =>
  toAnswer(await fetch(url, init))

/** Sends a request over a socket with its path as it is: `fetch` would tidy up `..` before sending. */
const sendAsIs = (
  method: string,
  url: string,
  headers: Record<string, string>,
  body: string | undefined,
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const [, hostname = '', port = '', path = '/'] = /^http:\/\/([^:/]+):(\d+)(\/.*)$/.exec(url) ?? []
    // Node announces no length by itself where a method seldom has a body, such as DELETE.
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const sent = { ...length, ...headers }
    const request = httpRequest({ method, hostname, port, path, headers: sent }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => {
        const received = new Headers(
          Object.entries(response.headers).map(([name, value]): [string, string] => [name, String(value)]),
        )
        toAnswer(
          new Response(response.statusCode === 204 ? null : text, {
            status: response.statusCode ?? 0,
            headers: received,
          }),
        ).then(resolve, reject)
      })
    })
    request.on('error', reject)
    request.end(body)
  })

/** Sends a request signed by hand, so that tests do not depend on the SDK. */
export const signedFetch = async (
  method: string,
  url: string,
  signing: Signing,
  body?: string,
): Promise<Answer> => {
  const { host } = new URL(url)
  const [path = '', query = ''] = url.slice(url.indexOf(host) + host.length).split('?')
  const date = toSdkDate(signing.date ?? Date.now())
  const headers: Record<string, string> = {
    host,
    'x-sdk-date': date,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...signing.headers,
  }
  const names = Object.keys(headers)
  const request = {
    method,
    path,
    query,
    headers,
    bodyHash: headers['x-sdk-content-sha256'] ?? (body === undefined ? EMPTY_BODY_HASH : sha256Hex(body)),
  }
  const { scope, accessKey, secretKey } = signing
  const authorization = scope
    ? `SDK-HMAC-SHA256 Credential=${accessKey}/${scope.date}/${scope.region}/${scope.service}/sdk_request, SignedHeaders=${[...names].sort().join(';')}, Signature=${scopedSignature(secretKey, date, scope, scopedCanonicalRequest(request, names))}`
    : authorizationHeader(accessKey, names, signature(secretKey, date, canonicalRequest(request, names)))
  return sendAsIs(method, url, { ...headers, authorization }, body)
}
