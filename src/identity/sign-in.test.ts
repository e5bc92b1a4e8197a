import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { type AccountsFixture, cheapHash, openAccounts } from '../../test/support/accounts-fixture.ts'
import {
  authorizationHeader,
  canonicalRequest,
  EMPTY_BODY_HASH,
  encodeComponent,
  pathEncodedAgain,
  type SignableRequest,
  scopedCanonicalRequest,
  scopedSignature,
  sha256Hex,
  signature,
  UNSIGNED_PAYLOAD,
} from '../contract/signature.ts'
import { isTrainyardError } from '../contract/trainyard-error.ts'
import { SignIn, type SignInRequest } from './sign-in.ts'

const DATE = '20300102T030405Z'
const NOW = Date.UTC(2030, 0, 2, 3, 4, 5)
const MINUTE_MS = 60_000
const ACCESS_KEY = 'demo-access-key'
const SECRET_KEY = 'demo-secret-key'
const SCOPE = { date: '20300102', region: 'region-a', service: 'modelarts' }
const BODY = '{"offset":0,"limit":2}'
const REJECTED = { code: 'APIGW.0301', status: 401 }
const MISMATCH = { code: 'ModelArts.2786', status: 404 }

type Unsigned = Omit<SignInRequest, 'headers'> & { readonly headers: Record<string, string> }

describe('SignIn', () => {
  let fixture: AccountsFixture
  let signIn: SignIn

  before(async () => {
    fixture = await openAccounts(NOW)
    signIn = new SignIn({ accounts: fixture.accounts, clock: () => fixture.time.now })
    const { store, secretBox, first } = fixture
    await store.accounts.addProject({
      id: 'prj-demo',
      domainId: first.domainId,
      name: 'demo',
      description: '',
    })
    const key = { accessKey: ACCESS_KEY, userId: first.userId, projectId: 'prj-demo' }
    await store.accounts.addAccessKey({ ...key, sealedSecret: secretBox.seal(SECRET_KEY) })
  })
  after(() => fixture.close())

  const aRequest = (overrides: Partial<Unsigned> = {}): Unsigned => ({
    method: 'POST',
    path: '/v2/prj-demo/training-job-searches',
    query: '',
    body: { kind: 'bytes', sha256Hex: sha256Hex(BODY), isJson: true },
    projectId: 'prj-demo',
    ...overrides,
    headers: {
      host: 'trainyard.example:8080',
      'x-sdk-date': DATE,
      'content-type': 'application/json',
      ...overrides.headers,
    },
  })

  /** Signs as a client does; `as` changes what it believes it sends. */
  const sign = (
    request: Unsigned,
    {
      secretKey = SECRET_KEY,
      accessKey = ACCESS_KEY,
      names = Object.keys(request.headers),
      as = {},
      scope,
    }: {
      secretKey?: string
      accessKey?: string
      names?: string[]
      as?: Partial<SignableRequest>
      scope?: typeof SCOPE
    } = {},
  ): SignInRequest => {
    const claimed = request.headers['x-sdk-content-sha256']
    const ownHash = request.body.kind === 'bytes' ? request.body.sha256Hex : EMPTY_BODY_HASH
    const signable = { ...request, bodyHash: claimed ?? ownHash, ...as }
    const date = request.headers['x-sdk-date'] ?? ''
    const plain = authorizationHeader(
      accessKey,
      names,
      scope
        ? scopedSignature(secretKey, date, scope, scopedCanonicalRequest(signable, names))
        : signature(secretKey, date, canonicalRequest(signable, names)),
    )
    const authorization = scope
      ? plain.replace(
          `Access=${accessKey}`,
          `Credential=${accessKey}/${scope.date}/${scope.region}/${scope.service}/sdk_request`,
        )
      : plain
    return { ...request, headers: { ...request.headers, authorization } }
  }
  const accepted = async (request: SignInRequest): Promise<void> => {
    assert.equal((await signIn.authenticate(request)).userId, fixture.first.userId)
  }
  const refused = (request: SignInRequest, error: object = REJECTED): Promise<void> =>
    assert.rejects(signIn.authenticate(request), error)
  /** A token for a project, or for the whole domain. */
  const aToken = async (project: string | undefined): Promise<string> => {
    const { userName: name, password, domainName } = fixture.first
    const user = { name, password, domain: { name: domainName } }
    const { token } = await fixture.accounts.createToken(
      {
        auth: {
          identity: { methods: ['password'], password: { user } },
          ...(project === undefined ? {} : { scope: { project: { name: project } } }),
        },
      },
      { nocatalog: true },
    )
    return token
  }

  describe('by signature', () => {
    it('accepts the test vectors of the contract', async () => {
      const vector = aRequest({ headers: { 'x-project-id': 'prj-demo' } })
      const headers = (credential: string, hex: string): Record<string, string> => ({
        ...vector.headers,
        authorization: `SDK-HMAC-SHA256 ${credential}, SignedHeaders=content-type;host;x-project-id;x-sdk-date, Signature=${hex}`,
      })
      const current = '57c110fefef39ea2701b2e3eb8b96e251e4108349d2d08e67a5da81c04b311cc'
      const older = '5b08b2d3466424a4d9afbdd1cfe48b56a5e027caae7cba66ba39158bcab4bd9e'
      const scope = `${ACCESS_KEY}/20300102/region-a/modelarts/sdk_request`

      await accepted({ ...vector, headers: headers(`Access=${ACCESS_KEY}`, current) })
      await accepted({ ...vector, headers: headers(`Credential=${scope}`, older) })
      await refused({ ...vector, headers: headers(`Access=${ACCESS_KEY}`, older) })
      await refused({ ...vector, headers: headers(`Credential=${scope}`, current) })
    })

    it('tells who the caller is', async () => {
      const { userId, userName, domainId, domainName } = fixture.first

      assert.deepEqual(await signIn.authenticate(sign(aRequest())), {
        userId,
        userName,
        domainId,
        domainName,
        projectId: 'prj-demo',
        role: 'admin',
      })
    })

    it('accepts whatever is signed, in both variants, and refuses it with any byte changed', async () => {
      const word = fc.string({ unit: 'binary', maxLength: 8 })
      const header = fc.string({ unit: fc.constantFrom(...'abcxyz-'), minLength: 1, maxLength: 6 })
      const flip = (text: string, at: number): string => {
        const place = at % text.length
        return `${text.slice(0, place)}${text[place] === 'x' ? 'y' : 'x'}${text.slice(place + 1)}`
      }
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom('GET', 'POST', 'DELETE'),
          fc.array(word, { maxLength: 3 }),
          fc.array(fc.tuple(word, word), { maxLength: 3 }),
          fc.dictionary(header, fc.string({ maxLength: 8 })),
          fc.constantFrom(undefined, SCOPE),
          fc.constantFrom('none', 'bytes'),
          fc.nat(),
          async (method, parts, pairs, headers, scope, kind, at) => {
            const request = aRequest({
              method,
              path: `/v2/prj-demo/${parts.map(encodeComponent).join('/')}`,
              query: pairs.map((pair) => pair.map(encodeComponent).join('=')).join('&'),
              headers: Object.fromEntries(
                Object.entries(headers).map(([name, value]) => [`x-${name}`, value]),
              ),
              body:
                kind === 'none' ? { kind } : { kind: 'bytes', sha256Hex: sha256Hex(`${at}`), isJson: true },
            })
            const signed = sign(request, scope ? { scope } : {})
            await accepted(signed)

            const authorization = signed.headers['authorization'] ?? ''
            const hex = authorization.slice(-64)
            const forged = [
              {
                ...signed,
                headers: { ...signed.headers, authorization: authorization.slice(0, -64) + flipHex(hex, at) },
              },
              { ...signed, headers: { ...signed.headers, host: flip('trainyard.example:8080', at) } },
              { ...signed, path: `${signed.path}x` },
              { ...signed, query: signed.query === '' ? 'x=1' : `${signed.query}&~~=1` },
              { ...signed, method: 'PUT' },
              { ...signed, body: { kind: 'bytes', sha256Hex: sha256Hex('forged'), isJson: true } as const },
            ]
            for (const one of forged) await refused(one)
          },
        ),
        { numRuns: 60 },
      )
    })

    it('accepts a path whose escapes the signer encoded once more', async () => {
      const request = aRequest({ path: '/v2/prj-demo/objects/data/a%20b%2Fc%25' })

      await accepted(sign(request, { as: { path: pathEncodedAgain(request.path) } }))
      await refused(sign(request, { as: { path: pathEncodedAgain(pathEncodedAgain(request.path)) } }))
    })

    it('answers an unknown key, a wrong secret and a clock that is off alike', async () => {
      const answers = new Set<string>()
      const late = '20300102T031906Z'
      for (const request of [
        sign(aRequest(), { accessKey: 'UNKNOWN' }),
        sign(aRequest(), { secretKey: 'wrong' }),
        sign(aRequest({ headers: { 'x-sdk-date': late } })),
        sign(aRequest({ headers: { 'x-sdk-date': '2030-01-02T03:04:05Z' } })),
        sign(aRequest(), { names: ['host'] }),
      ]) {
        await refused(request, (error: unknown) => {
          assert.ok(isTrainyardError(error))
          answers.add([error.code, error.status, error.message, error.solution].join())
          return true
        })
      }
      assert.equal(answers.size, 1)
    })

    it('accepts a clock that is 15 minutes off, and not a second more', async () => {
      for (const sign15 of [-1, 1]) {
        fixture.time.now = NOW + sign15 * 15 * MINUTE_MS
        await accepted(sign(aRequest()))
        fixture.time.now += sign15 * 1_000
        await refused(sign(aRequest()))
      }
      fixture.time.now = NOW
    })

    it('wants host and date signed, and no name with an underscore', async () => {
      const request = aRequest({ headers: { x_custom: 'a' } })

      await accepted(sign(request, { names: ['Host', 'X-Sdk-Date'] }))
      await refused(sign(request, { names: ['x-sdk-date', 'content-type'] }))
      await refused(sign(request, { names: ['host', 'content-type'] }))
      await refused(sign(request, { names: ['host', 'x-sdk-date', 'x_custom'] }))
    })

    it('refuses names of headers that every object inherits without failing over them', async () => {
      await refused({
        ...aRequest(),
        headers: {
          ...aRequest().headers,
          authorization: `SDK-HMAC-SHA256 Access=constructor, SignedHeaders=__proto__;constructor;host;x-sdk-date, Signature=${'0'.repeat(64)}`,
        },
      })
    })

    it('reads header values as the UTF-8 that was signed', async () => {
      const meant = sign(aRequest({ headers: { 'x-note': 'größe 你' } }))
      const received = Buffer.from('größe 你').toString('latin1')

      await accepted({ ...meant, headers: { ...meant.headers, 'x-note': received } })
    })

    const json = { kind: 'bytes', sha256Hex: sha256Hex(BODY), isJson: true } as const
    const bytes = { ...json, isJson: false } as const
    const stream = { kind: 'stream' } as const
    const none = { kind: 'none' } as const
    const text = 'text/plain'
    const hash = sha256Hex(BODY)
    const bodies: [
      what: string,
      body: SignInRequest['body'],
      type: string,
      claimed: string | undefined,
      ok: boolean,
    ][] = [
      ['JSON with its hash', json, 'application/json', hash, true],
      ['JSON with its hash in capitals', json, 'application/json', hash.toUpperCase(), true],
      ['JSON without a claim', json, 'application/json', undefined, true],
      ['JSON as unsigned payload', json, 'application/json', UNSIGNED_PAYLOAD, false],
      ['JSON with the hash of another body', json, 'application/json', sha256Hex('other'), false],
      ['other bytes as unsigned payload', bytes, text, UNSIGNED_PAYLOAD, true],
      ['other bytes with the hash of others', bytes, text, sha256Hex('other'), false],
      ['other bytes with a claim that is no hash', bytes, text, 'STREAMING', false],
      ['a stream as unsigned payload', stream, 'application/octet-stream', UNSIGNED_PAYLOAD, true],
      ['a stream with a hash', stream, 'application/json', hash, true],
      ['a stream without a claim', stream, text, undefined, false],
      ['a stream with a claim that is no hash', stream, text, 'x', false],
      [
        'a stream of JSON as unsigned payload',
        stream,
        'application/json; charset=utf-8',
        UNSIGNED_PAYLOAD,
        false,
      ],
      ['no body', none, 'application/json', undefined, true],
      ['no body as unsigned payload', none, text, UNSIGNED_PAYLOAD, true],
    ]
    for (const [what, body, type, claimed, ok] of bodies) {
      it(`${ok ? 'accepts' : 'refuses'} ${what}`, async () => {
        const headers = {
          'content-type': type,
          ...(claimed === undefined ? {} : { 'x-sdk-content-sha256': claimed }),
        }
        const signed = sign(aRequest({ body, headers }))

        await (ok ? accepted(signed) : refused(signed))
      })
    }

    it('accepts a POST without body of the older variant, whose query is hashed as a form', async () => {
      await accepted(sign(aRequest({ query: 'b=x%20y&a=1&b=2', body: none }), { scope: SCOPE }))
      await refused({ ...sign(aRequest({ query: 'b=1', body: none }), { scope: SCOPE }), query: 'b=2' })
    })

    for (const authorization of [
      'Bearer token',
      'Basic dXNlcjpwdw==',
      'SDK-HMAC-SHA256',
      `SDK-HMAC-SM3 Access=a, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
      `V11-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
      `SDK-ECDSA-P256-SHA256 Access=a, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
    ]) {
      it(`cannot read "${authorization.slice(0, 30)}"`, async () => {
        await refused(
          { ...aRequest(), headers: { ...aRequest().headers, authorization } },
          { code: 'ModelArts.0206', status: 401 },
        )
      })
    }

    it('answers another project the same, whether it exists or not, and only when the signature is right', async () => {
      for (const projectId of [fixture.first.projectId, 'no-such-project']) {
        const request = aRequest({ path: `/v2/${projectId}/training-job-searches`, projectId })

        await refused(sign(request), MISMATCH)
        await refused(sign(request, { secretKey: 'wrong' }))
      }
    })

    it('wants X-Project-Id to be the project of the path', async () => {
      await accepted(sign(aRequest({ headers: { 'x-project-id': 'prj-demo' } })))
      await refused(sign(aRequest({ headers: { 'x-project-id': 'other' } })), MISMATCH)
    })

    it('accepts calls without a project', async () => {
      await accepted(
        sign(
          aRequest({
            method: 'GET',
            path: '/v3/projects',
            query: 'name=demo',
            body: none,
            projectId: undefined,
          }),
        ),
      )
    })

    it('refuses the keys of a disabled user', async () => {
      const { store, secretBox, first } = fixture
      await store.accounts.addUser({
        id: 'disabled',
        domainId: first.domainId,
        name: 'disabled',
        passwordHash: cheapHash('x'),
        enabled: false,
        role: 'developer',
      })
      await store.accounts.addAccessKey({
        accessKey: 'AKDISABLED',
        userId: 'disabled',
        projectId: 'prj-demo',
        sealedSecret: secretBox.seal(SECRET_KEY),
      })
      const issuedAt = NOW
      const hash = sha256Hex('token of the disabled')
      await store.accounts.addToken(
        { hash, userId: 'disabled', projectId: 'prj-demo', issuedAt, expiresAt: NOW + MINUTE_MS },
        NOW,
      )

      await refused(sign(aRequest(), { accessKey: 'AKDISABLED' }))
      await refused(aRequest({ headers: { 'x-auth-token': 'token of the disabled' } }), {
        code: 'ModelArts.0203',
        status: 401,
      })
    })
  })

  describe('by token', () => {
    const withToken = (token: string, overrides: Partial<Unsigned> = {}): Unsigned =>
      aRequest({ ...overrides, headers: { 'x-auth-token': token, ...overrides.headers } })

    it('accepts a token of the project, also beside a signature that is wrong', async () => {
      const token = await aToken('demo')

      await accepted(withToken(token))
      await accepted(sign(withToken(token), { secretKey: 'wrong' }))
      await accepted(withToken(token, { headers: { authorization: 'Bearer x' } }))
    })

    it('refuses a wrong token beside a signature that is right', async () => {
      await refused(sign(withToken('wrong')), { code: 'ModelArts.0203', status: 401 })
    })

    it('takes an empty token for none', async () => {
      await accepted(sign(withToken('')))
    })

    it('refuses a token of the domain in calls of a project only', async () => {
      const token = await aToken(undefined)

      await refused(withToken(token), { code: 'ModelArts.0212', status: 401 })
      await accepted(withToken(token, { path: '/v3/projects', projectId: undefined }))
    })

    it('answers another project the same, whether it exists or not', async () => {
      const token = await aToken('demo')

      for (const projectId of [fixture.first.projectId, 'no-such-project']) {
        await refused(withToken(token, { projectId }), MISMATCH)
      }
    })

    it('refuses an expired token', async () => {
      const token = await aToken('demo')
      fixture.time.now = NOW + 24 * 60 * MINUTE_MS

      await refused(withToken(token), { code: 'ModelArts.0202', status: 401 })
      fixture.time.now = NOW
    })
  })

  it('refuses a request that carries nothing', async () => {
    await refused(aRequest(), { code: 'ModelArts.0201', status: 401 })
    await refused(aRequest({ headers: { 'x-auth-token': ' ', authorization: '' } }), {
      code: 'ModelArts.0201',
    })
  })
})

/** Changes one digit. */
const flipHex = (hex: string, at: number): string => {
  const place = at % hex.length
  return `${hex.slice(0, place)}${hex[place] === '0' ? '1' : '0'}${hex.slice(place + 1)}`
}
