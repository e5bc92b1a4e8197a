import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  authorizationHeader,
  canonicalPath,
  canonicalQuery,
  canonicalRequest,
  EMPTY_BODY_HASH,
  encodeComponent,
  parseAuthorization,
  parseSdkDate,
  pathEncodedAgain,
  type SignableRequest,
  scopedCanonicalRequest,
  scopedSignature,
  sha256Hex,
  signature,
  toSdkDate,
} from './signature.ts'

const SECRET_KEY = 'demo-secret-key'
const DATE = '20300102T030405Z'
const SCOPE = { date: '20300102', region: 'region-a', service: 'modelarts' }
const BASE_HEADERS = { host: 'trainyard.example:8080', 'x-sdk-date': DATE }

const SEARCH: SignableRequest = {
  method: 'POST',
  path: '/v2/prj-demo/training-job-searches',
  query: '',
  headers: { ...BASE_HEADERS, 'content-type': 'application/json', 'x-project-id': 'prj-demo' },
  bodyHash: sha256Hex('{"offset":0,"limit":2}'),
}
const SEARCH_HEADERS = ['content-type', 'host', 'x-project-id', 'x-sdk-date']

const EVENTS: SignableRequest = {
  method: 'GET',
  path: '/v2/prj-demo/training-jobs/j-1/events',
  query: 'order=desc&limit=10&pattern=a%20b~',
  headers: BASE_HEADERS,
  bodyHash: EMPTY_BODY_HASH,
}

describe('the test vectors of the contract', () => {
  it('give the hashes and signatures of a POST with a body, in both variants', () => {
    const canonical = canonicalRequest(SEARCH, SEARCH_HEADERS)

    assert.equal(SEARCH.bodyHash, '7a14246f4978f07c1c22aaed94241e14c996a6b0f56fe025d9bbeee145d2dd71')
    assert.equal(sha256Hex(canonical), '2c53da223c794bec3dd49ed3f7e31544eea214ea3671e490fa16e5f1324cec9b')
    assert.equal(
      signature(SECRET_KEY, DATE, canonical),
      '57c110fefef39ea2701b2e3eb8b96e251e4108349d2d08e67a5da81c04b311cc',
    )
    assert.equal(
      scopedSignature(SECRET_KEY, DATE, SCOPE, scopedCanonicalRequest(SEARCH, SEARCH_HEADERS)),
      '5b08b2d3466424a4d9afbdd1cfe48b56a5e027caae7cba66ba39158bcab4bd9e',
    )
  })

  it('give the hash and signature of a GET with a query', () => {
    const canonical = canonicalRequest(EVENTS, ['host', 'x-sdk-date'])

    assert.equal(canonicalQuery(EVENTS.query), 'limit=10&order=desc&pattern=a%20b~')
    assert.equal(sha256Hex(canonical), '46452b89fca54ececee431c348ac87b3c674282e6011ac535b9c64525596a3d9')
    assert.equal(
      signature(SECRET_KEY, DATE, canonical),
      '6d89332c136bd98287f46c77c1b4898337a173fcd5671bd2b0a30135fcfa1943',
    )
    assert.equal(sha256Hex(''), EMPTY_BODY_HASH)
  })
})

describe('canonicalPath', () => {
  const cases: [path: string, canonical: string][] = [
    ['/v2/p/objects', '/v2/p/objects/'],
    ['/v2/p/objects/', '/v2/p/objects/'],
    ['/', '/'],
    ['', '/'],
    ['/a%20b', '/a%20b/'],
    ['/a%2Fb', '/a/b/'],
    ['/a%252Fb', '/a%252Fb/'],
    ["/a:b!'()*~", '/a%3Ab%21%27%28%29%2A~/'],
    ['/a+b', '/a%2Bb/'],
    ['/%e4%bd%a0', '/%E4%BD%A0/'],
    ['/50%', '/50%25/'],
    ['/%zz/%41', '/%25zz/A/'],
    ['/%ff', '/%25ff/'],
  ]
  for (const [path, canonical] of cases) {
    it(`makes ${canonical} of ${path}`, () => assert.equal(canonicalPath(path), canonical))
  }

  it('encodes escapes once more for signers that take the encoded path for a plain one', () => {
    assert.equal(canonicalPath(pathEncodedAgain('/a%20b/c:d')), '/a%2520b/c%3Ad/')
  })
})

describe('canonicalQuery', () => {
  const cases: [query: string, canonical: string][] = [
    ['', ''],
    ['b=2&a=1', 'a=1&b=2'],
    ['a=2&a=10&a=1', 'a=1&a=10&a=2'],
    ['nocatalog', 'nocatalog='],
    ['a=b=c', 'a=b%3Dc'],
    ['a=x+y&b=x%2By', 'a=x%20y&b=x%2By'],
    ['&&a=1&', 'a=1'],
    ['Z=1&a=1', 'Z=1&a=1'],
    ['name=%E4%BD%A0', 'name=%E4%BD%A0'],
  ]
  for (const [query, canonical] of cases) {
    it(`makes "${canonical}" of "${query}"`, () => assert.equal(canonicalQuery(query), canonical))
  }
})

describe('canonicalRequest', () => {
  it('sorts and lower-cases signed names, trims values, and leaves a blank line before the names', () => {
    const request = { ...EVENTS, method: 'get', query: '', headers: { host: ' h ', 'x-a': 'one  two ' } }

    assert.equal(
      canonicalRequest(request, ['X-A', 'Host']),
      `GET\n/v2/prj-demo/training-jobs/j-1/events/\n\nhost:h\nx-a:one  two\n\nhost;x-a\n${EMPTY_BODY_HASH}`,
    )
  })

  it('takes a signed name that was not sent, or that objects inherit, as empty', () => {
    const canonical = canonicalRequest({ ...EVENTS, headers: {} }, ['constructor', '__proto__', 'x-none'])

    assert.match(canonical, /\n__proto__:\nconstructor:\nx-none:\n\n/)
  })
})

describe('scopedCanonicalRequest', () => {
  it('folds inner white space of header values', () => {
    const request = { ...EVENTS, headers: { ...BASE_HEADERS, 'x-a': ' one \t two ' } }

    assert.match(scopedCanonicalRequest(request, ['x-a']), /\nx-a:one two\n/)
  })

  it('lists the first value of a repeated name, and sorts names without regard to case', () => {
    const request = { ...EVENTS, query: 'b=2&A=9&b=1&a-=3' }

    assert.equal(scopedCanonicalRequest(request, ['host']).split('\n')[2], 'A=9&a-=3&b=2')
  })

  it('hashes the form-encoded query of a POST without body, every value of it', () => {
    const request = { ...EVENTS, method: 'POST', query: 'b=2&b=1&a=x%20y%2Bz%2520' }
    const lines = scopedCanonicalRequest(request, ['host']).split('\n')

    assert.equal(lines[2], '')
    assert.equal(lines.at(-1), sha256Hex('a=x+y%2Bz%2520&b=2&b=1'))
  })

  it('lists the query of a POST with a body', () => {
    const lines = scopedCanonicalRequest({ ...SEARCH, query: 'a=1' }, ['host']).split('\n')

    assert.equal(lines[2], 'a=1')
    assert.equal(lines.at(-1), SEARCH.bodyHash)
  })
})

describe('parseAuthorization', () => {
  const hex = 'a'.repeat(64)

  it('reads what authorizationHeader writes', () => {
    assert.deepEqual(parseAuthorization(authorizationHeader('AK', ['X-Sdk-Date', 'Host'], hex)), {
      accessKey: 'AK',
      signedHeaders: ['host', 'x-sdk-date'],
      signature: hex,
    })
  })

  it('reads the older variant, also with an empty region and service', () => {
    const header = `SDK-HMAC-SHA256 Credential=AK/20300102///sdk_request, SignedHeaders=host, Signature=${hex}`

    assert.deepEqual(parseAuthorization(header), {
      accessKey: 'AK',
      signedHeaders: ['host'],
      signature: hex,
      scope: { date: '20300102', region: '', service: '' },
    })
  })

  const unreadable = [
    '',
    'Bearer abc',
    'SDK-HMAC-SHA256',
    `SDK-HMAC-SM3 Access=AK, SignedHeaders=host, Signature=${hex}`,
    `V11-HMAC-SHA256 Credential=AK/20300102/r/s/sdk_request, SignedHeaders=host, Signature=${hex}`,
    `SDK-ECDSA-P256-SHA256 Access=AK, SignedHeaders=host, Signature=${hex}`,
    `SDK-HMAC-SHA256 Access=AK, SignedHeaders=host, Signature=${hex.slice(1)}`,
    `SDK-HMAC-SHA256 Access=AK, SignedHeaders=host, Signature=${'g'.repeat(64)}`,
    `SDK-HMAC-SHA256 Access=, SignedHeaders=host, Signature=${hex}`,
    `SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-long;X-Long, Signature=${hex}`,
    `SDK-HMAC-SHA256 Credential=AK/20300102/r/s, SignedHeaders=host, Signature=${hex}`,
    `SDK-HMAC-SHA256 Credential=AK/20300102/r/s/aws4_request, SignedHeaders=host, Signature=${hex}`,
    `SDK-HMAC-SHA256 Credential=AK/x/20300102/r/s/sdk_request, SignedHeaders=host, Signature=${hex}`,
  ]
  for (const header of unreadable) {
    it(`refuses "${header.slice(0, 60)}"`, () => assert.equal(parseAuthorization(header), undefined))
  }
})

describe('the date of a request', () => {
  it('is written and read to the second', () => {
    assert.equal(toSdkDate(Date.UTC(2030, 0, 2, 3, 4, 5, 678)), DATE)
    assert.equal(parseSdkDate(DATE), Date.UTC(2030, 0, 2, 3, 4, 5))
  })

  for (const date of [
    '',
    '20300230T000000Z',
    '20301301T000000Z',
    '20300102T240000Z',
    '2030-01-02T03:04:05Z',
  ]) {
    it(`is not "${date}"`, () => assert.equal(parseSdkDate(date), undefined))
  }
})

const anyText = fc.string({ unit: 'binary', maxLength: 12 })
const anyHeader = fc
  .string({ unit: fc.constantFrom(...'abcXYZ019-'), minLength: 1, maxLength: 8 })
  .map((name) => name.toLowerCase())
const anyRequest: fc.Arbitrary<SignableRequest> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
  path: fc.array(anyText, { maxLength: 4 }).map((parts) => `/${parts.map(encodeComponent).join('/')}`),
  query: fc
    .array(fc.tuple(anyText, anyText), { maxLength: 4 })
    .map((pairs) => pairs.map(([a, b]) => `${encodeComponent(a)}=${encodeComponent(b)}`).join('&')),
  headers: fc.dictionary(anyHeader, fc.string({ maxLength: 12 })),
  bodyHash: fc.constantFrom(EMPTY_BODY_HASH, SEARCH.bodyHash),
})

const signed = (request: SignableRequest, secretKey = SECRET_KEY): string =>
  signature(secretKey, DATE, canonicalRequest(request, Object.keys(request.headers)))
const signedScoped = (request: SignableRequest, secretKey = SECRET_KEY): string =>
  scopedSignature(secretKey, DATE, SCOPE, scopedCanonicalRequest(request, Object.keys(request.headers)))

describe('any request', () => {
  it('has the same signature however it is percent-encoded and its query ordered', () => {
    const differently = (text: string): string =>
      text.replace(/[A-Za-z]|%[0-9A-F]{2}/g, (part) =>
        part.length > 1 ? part.toLowerCase() : `%${part.charCodeAt(0).toString(16)}`,
      )
    fc.assert(
      fc.property(anyRequest, (request) => {
        const names = Object.fromEntries(Object.entries(request.headers).reverse())
        const other = {
          ...request,
          path: differently(request.path),
          query: request.query.split('&').reverse().map(differently).join('&'),
          headers: names,
        }
        assert.equal(signed(other), signed(request))
      }),
    )
  })

  it('has another signature after any change of a byte that counts, in both variants', () => {
    const changes: ((request: SignableRequest, at: number) => SignableRequest)[] = [
      (request) => ({ ...request, method: `${request.method}X` }),
      (request, at) => {
        const decoded = decodeURIComponent(request.path)
        const place = 1 + (at % decoded.length)
        const flipped = `${decoded.slice(0, place)}!${decoded.slice(place)}`
        return { ...request, path: flipped.split('/').map(encodeComponent).join('/') }
      },
      (request) => ({ ...request, query: request.query === '' ? 'x=1' : `${request.query}&~~~new=1` }),
      (request) => ({ ...request, bodyHash: sha256Hex(request.bodyHash) }),
      (request) => ({ ...request, headers: { ...request.headers, 'x-new': '' } }),
      (request) => {
        const [name] = Object.keys(request.headers)
        return name === undefined
          ? { ...request, bodyHash: '' }
          : { ...request, headers: { ...request.headers, [name]: `${request.headers[name]}!` } }
      },
    ]
    fc.assert(
      fc.property(anyRequest, fc.constantFrom(...changes), fc.nat(), (request, change, at) => {
        assert.notEqual(signed(change(request, at)), signed(request))
        assert.notEqual(signedScoped(change(request, at)), signedScoped(request))
      }),
    )
  })

  it('has another signature with another secret, date or scope', () => {
    fc.assert(
      fc.property(anyRequest, fc.string({ minLength: 1 }), (request, more) => {
        const canonical = canonicalRequest(request, ['host'])

        assert.notEqual(signed(request, SECRET_KEY + more), signed(request))
        assert.notEqual(signature(SECRET_KEY, DATE + more, canonical), signature(SECRET_KEY, DATE, canonical))
        assert.notEqual(
          scopedSignature(SECRET_KEY, DATE, { ...SCOPE, region: SCOPE.region + more }, canonical),
          scopedSignature(SECRET_KEY, DATE, SCOPE, canonical),
        )
      }),
    )
  })
})
