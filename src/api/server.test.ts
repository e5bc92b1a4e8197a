import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, beforeEach, describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { pino } from 'pino'
import { openTestApi, path, type TestApi } from '../../test/support/test-api.ts'
import { OPERATIONS, type Operation } from '../contract/operations.ts'
import { refusal } from '../contract/trainyard-error.ts'
import { MAX_JSON_BYTES } from './request-body.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const SEARCH = path('/training-job-searches')
const JOBS = path('/training-jobs')
const JOB = path('/training-jobs/job-1')

const open: TestApi[] = []
const newApi = (options?: Parameters<typeof openTestApi>[0]): TestApi => {
  const api = openTestApi(options)
  open.push(api)
  return api
}
after(async () => {
  for (const api of open) await api.app.close()
})

/** What a method of the fakes was last asked, without the caller. */
const lastAsked = (api: TestApi, name: string): unknown[] =>
  api.asked.findLast(([asked]) => asked === name)?.slice(2) ?? []

const api = newApi()
beforeEach(() => {
  api.asked.length = 0
})

describe('answers', () => {
  it('sends the text of a search as the jobs room wrote it', async () => {
    const answer = await api.send({ method: 'POST', url: SEARCH, payload: '{}', headers: JSON_TYPE })

    assert.equal(answer.statusCode, 200)
    assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
    assert.equal(answer.payload, '{"total":0,"count":0,"items":[], "kept": "as written"}')
  })

  it('sends every field of a created job with 201', async () => {
    const answer = await api.send({
      method: 'POST',
      url: JOBS,
      payload: { metadata: { name: 'a' } },
    })

    assert.equal(answer.statusCode, 201)
    assert.equal(answer.json().metadata.id, 'job-1')
  })

  it('asks for a dry run with dry_run alone, and answers it with 200', async () => {
    const payload = { metadata: { name: 'a' } }
    const create = (query: string) => api.send({ method: 'POST', url: `${JOBS}?${query}`, payload })

    for (const [query, status, isDryRun] of [
      ['dry_run=true', 200, true],
      ['dry_run=TRUE', 200, true],
      ['dry_run=false', 201, undefined],
      ['dry_run=', 201, undefined],
      ['dry-run=true', 201, undefined],
    ] as const) {
      const answer = await create(query)
      assert.deepEqual([query, answer.statusCode], [query, status])
      assert.deepEqual(lastAsked(api, 'create')[1], isDryRun && { isDryRun })
    }
    api.asked.length = 0
    const refused = await create('dry_run=1')
    assert.deepEqual([refused.statusCode, refused.json().error_code], [400, 'ModelArts.2764'])
    assert.deepEqual(lastAsked(api, 'create'), [], 'what cannot be read creates nothing')
  })

  it('answers an update with null, a delete with 202 and an empty string', async () => {
    const update = await api.send({ method: 'PUT', url: JOB, payload: { description: 'new' } })
    const remove = await api.send({ method: 'DELETE', url: JOB })

    assert.deepEqual([update.statusCode, update.payload], [200, 'null'])
    assert.deepEqual([remove.statusCode, remove.payload], [202, '""'])
    assert.deepEqual(lastAsked(api, 'updateDescription'), ['job-1', 'new'])
  })

  it('reads an absent description as empty', async () => {
    await api.send({ method: 'PUT', url: JOB, payload: {} })

    assert.deepEqual(lastAsked(api, 'updateDescription'), ['job-1', ''])
  })

  it('stops with 202', async () => {
    const answer = await api.send({
      method: 'POST',
      url: `${JOB}/actions`,
      payload: { action_type: 'terminate' },
    })

    assert.equal(answer.statusCode, 202)
  })

  it('routes every call of the table', async () => {
    for (const operation of Object.values<Operation>(OPERATIONS)) {
      const url = operation.path.replaceAll(/\{(\w+)\*?\}/g, (_match, name: string) =>
        name === 'project_id' ? 'prj-demo' : name === 'bucket' ? 'lab' : 'job-1',
      )
      const answer = await api.send({ method: operation.method, url })

      assert.ok(![405, 500].includes(answer.statusCode), `${operation.id}: ${answer.payload}`)
      assert.notEqual(
        answer.payload && answer.statusCode === 404 ? answer.json().error_code : '',
        'ModelArts.2836',
      )
    }
  })

  it('answers health and the API description without sign-in', async () => {
    const health = await api.app.inject('/healthz')
    const description = await api.app.inject('/openapi.json')

    assert.deepEqual([health.statusCode, health.json()], [200, { status: 'ok' }])
    assert.equal(description.json().info.version, '1.2.3')
  })
})

describe('request ids', () => {
  it('takes a sane one and makes one otherwise, on every kind of answer', async () => {
    const sane = await api.send({ url: JOB, headers: { 'x-request-id': 'a.B-1_' } })
    const long = await api.send({ url: JOB, headers: { 'x-request-id': 'a'.repeat(65) } })
    const hostile = await api.send({ url: '/nowhere', headers: { 'x-request-id': 'a b' } })
    const badUrl = await api.send({ url: '/v2/%zz' })

    assert.equal(sane.headers['x-request-id'], 'a.B-1_')
    for (const answer of [long, hostile, badUrl]) {
      assert.match(String(answer.headers['x-request-id']), /^[0-9a-f-]{36}$/)
    }
  })
})

describe('bodies', () => {
  it('lists with no body, an empty one, white space or {}', async () => {
    for (const payload of [undefined, '', ' \n', '{}']) {
      const answer = await api.send({
        method: 'POST',
        url: SEARCH,
        headers: JSON_TYPE,
        ...(payload === undefined ? {} : { payload }),
      })

      assert.equal(answer.statusCode, 200)
      assert.deepEqual(lastAsked(api, 'search'), [{}])
    }
  })

  it('ignores bodies on GET and DELETE, and an empty one with any content type', async () => {
    const requests = [
      { method: 'DELETE', url: JOB, payload: '{}', headers: JSON_TYPE },
      { method: 'DELETE', url: JOB, payload: 'not json', headers: JSON_TYPE },
      { method: 'DELETE', url: JOB, headers: JSON_TYPE },
      { method: 'GET', url: JOB, payload: '[', headers: JSON_TYPE },
      { method: 'POST', url: SEARCH, headers: { 'content-type': 'text/html; x' } },
      { method: 'POST', url: SEARCH, headers: { 'content-type': '' } },
      { method: 'POST', url: SEARCH, headers: { 'content-type': ';;;' } },
    ] as const
    for (const request of requests) {
      const answer = await api.send(request)

      assert.ok(answer.statusCode < 300, `${request.method} ${JSON.stringify(request)}: ${answer.payload}`)
    }
  })

  it('takes any charset and a missing content type', async () => {
    for (const headers of [
      { 'content-type': 'application/json;charset=UTF-8' },
      { 'content-type': 'Application/JSON; charset="gbk"' },
      {},
    ]) {
      const answer = await api.send({ method: 'POST', url: SEARCH, headers, payload: '{"limit":2}' })

      assert.equal(answer.statusCode, 200, answer.payload)
      assert.deepEqual(lastAsked(api, 'search'), [{ limit: 2 }])
    }
  })

  it('lets the last of duplicate keys win and drops nulls and __proto__', async () => {
    const payload =
      '{"limit":1,"limit":2,"order":null,"filters":[{"key":"name","value":null}],"__proto__":{"offset":7}}'
    await api.send({ method: 'POST', url: SEARCH, headers: JSON_TYPE, payload })

    assert.deepEqual(lastAsked(api, 'search'), [{ limit: 2, filters: [{ key: 'name' }] }])
    assert.equal(({} as { offset?: number }).offset, undefined)
  })

  it('keeps null as the value of a parameter, where it has a meaning', async () => {
    const algorithm = { parameters: [{ name: 'a', value: null, description: null }] }
    await api.send({ method: 'POST', url: JOBS, payload: { metadata: { name: 'a' }, algorithm } })

    assert.deepEqual(lastAsked(api, 'create'), [
      { metadata: { name: 'a' }, algorithm: { parameters: [{ name: 'a', value: null }] } },
    ])
  })

  it('ignores unknown keys', async () => {
    const answer = await api.send({ method: 'POST', url: SEARCH, payload: { no_such: { limit: 'x' } } })

    assert.equal(answer.statusCode, 200)
  })

  it('hands the hash of the bytes as received to sign-in', async () => {
    const payload = '{ "limit" : 2 }'
    await api.send({ method: 'POST', url: `${SEARCH}?a=%20b`, headers: JSON_TYPE, payload })

    const [, request] = api.asked[0] as [string, Record<string, unknown>]
    assert.deepEqual(request['body'], {
      kind: 'bytes',
      sha256Hex: createHash('sha256').update(payload).digest('hex'),
      isJson: true,
    })
    assert.equal(request['query'], 'a=%20b')
    assert.equal(request['path'], SEARCH)
    assert.equal(request['projectId'], 'prj-demo')
  })

  it('wants the body of a JSON call signed whatever its content type says', async () => {
    await api.send({
      method: 'POST',
      url: SEARCH,
      headers: { 'content-type': 'application/octet-stream' },
      payload: '{}',
    })

    const [, request] = api.asked[0] as [string, { body: { isJson: boolean } }]
    assert.equal(request.body.isJson, true)
  })
})

describe('hostile and mistaken requests', () => {
  const create = (body: unknown) => ({
    method: 'POST',
    url: JOBS,
    payload: JSON.stringify(body),
    headers: JSON_TYPE,
  })
  const search = (payload: string) => ({ method: 'POST', url: SEARCH, payload, headers: JSON_TYPE })
  const get = (url: string) => ({ method: 'GET', url })
  const nested = (levels: number) => `{"x":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`
  const job = { metadata: { name: 'a' } }

  const cases: [what: string, request: object, status: number, code: string, message?: RegExp][] = [
    ['not JSON', search('{"limit":'), 400, 'ModelArts.2787'],
    ['an array', search('[]'), 400, 'ModelArts.2787'],
    ['null', search('null'), 400, 'ModelArts.2787'],
    ['a string', search('"x"'), 400, 'ModelArts.2787'],
    ['65 levels', search(nested(65)), 400, 'ModelArts.2787'],
    ['1,000 levels', search(nested(1000)), 400, 'ModelArts.2787'],
    ['400,000 levels', search(nested(400_000)), 400, 'ModelArts.2787'],
    ['400,000 open brackets', search('['.repeat(400_000)), 400, 'ModelArts.2787'],
    ['no UTF-8', { ...search(''), payload: Buffer.from([0x7b, 0xff, 0x7d]) }, 400, 'ModelArts.2787'],
    ['text/plain', { ...search('{}'), headers: { 'content-type': 'text/plain' } }, 400, 'ModelArts.2787'],
    ['1 MiB + 1', search(`"${'x'.repeat(MAX_JSON_BYTES - 1)}"`), 413, 'ModelArts.4104'],
    ['NUL in a string', search('{"order":"a\\u0000"}'), 400, 'ModelArts.2788', /^order contains a NUL/],
    ['NUL in a key', search('{"a\\u0000":1}'), 400, 'ModelArts.2788'],
    ['NUL deep down', search('{"x":{"y":["\\u0000"]}}'), 400, 'ModelArts.2788', /^x\.y\[0\] contains/],
    ['limit "5"', search('{"limit":"5"}'), 400, 'ModelArts.2825', /^limit must be an integer, not a string/],
    ['limit 1.5', search('{"limit":1.5}'), 400, 'ModelArts.2825', /not a fraction/],
    ['limit 1e999', search('{"limit":1e999}'), 400, 'ModelArts.2825'],
    ['limit true', search('{"limit":true}'), 400, 'ModelArts.2825'],
    ['limit 0', search('{"limit":0}'), 400, 'ModelArts.2788'],
    ['limit -1', search('{"limit":-1}'), 400, 'ModelArts.2788'],
    ['limit 51', search('{"limit":51}'), 400, 'ModelArts.2816'],
    ['limit 1e9', search('{"limit":1e9}'), 400, 'ModelArts.2816'],
    ['offset -1', search('{"offset":-1}'), 400, 'ModelArts.2788'],
    ['offset 1e300', search('{"offset":1e300}'), 400, 'ModelArts.2816'],
    ['filters as an object', search('{"filters":{}}'), 400, 'ModelArts.2825', /^filters must be an array/],
    ['null as a filter', search('{"filters":[null]}'), 400, 'ModelArts.2825', /^filters\[0\]/],
    [
      'a number as an operand',
      search('{"filters":[{"value":[1]}]}'),
      400,
      'ModelArts.2825',
      /filters\[0\]\.value\[0\]/,
    ],
    ['21 filters', search(JSON.stringify({ filters: Array(21).fill({}) })), 400, 'ModelArts.2816'],
    ['a wrong type beside a bad value', search('{"limit":0,"offset":"x"}'), 400, 'ModelArts.2825'],
    ['no name', create({ metadata: {} }), 400, 'ModelArts.2788', /^metadata\.name is missing/],
    ['no metadata', create({}), 400, 'ModelArts.2788', /^metadata is missing/],
    ['null as a name', create({ metadata: { name: null } }), 400, 'ModelArts.2788'],
    ['a name of 65', create({ metadata: { name: 'a'.repeat(65) } }), 400, 'ModelArts.2788'],
    ['a name with a line feed', create({ metadata: { name: 'a\n' } }), 400, 'ModelArts.2788'],
    ['an unknown kind', create({ ...job, kind: 'magic' }), 400, 'ModelArts.2788', /^kind must be one of job/],
    ['no create body', { method: 'POST', url: JOBS, headers: JSON_TYPE }, 400, 'ModelArts.2787'],
    [
      'node_count "1"',
      create({ ...job, spec: { resource: { node_count: '1' } } }),
      400,
      'ModelArts.2825',
      /^spec\.resource\.node_count must be an integer, not a string\.$/,
    ],
    ['node_count 0', create({ ...job, spec: { resource: { node_count: 0 } } }), 400, 'ModelArts.2788'],
    [
      'an object as a parameter value',
      create({ ...job, algorithm: { parameters: [{ name: 'a', value: {} }] } }),
      400,
      'ModelArts.2825',
      /value must be a string or a number or a boolean or null, not an object/,
    ],
    [
      'a number in a map, below a key with a line feed',
      create({ ...job, algorithm: { environments: { 'A\nB': 1 } } }),
      400,
      'ModelArts.2825',
    ],
    [
      'a description of 257',
      { method: 'PUT', url: JOB, payload: { description: 'é'.repeat(257) } },
      400,
      'ModelArts.2816',
    ],
    [
      'another action',
      { method: 'POST', url: `${JOB}/actions`, payload: { action_type: 'x' } },
      400,
      'ModelArts.2812',
    ],
    ['no action', { method: 'POST', url: `${JOB}/actions`, payload: {} }, 400, 'ModelArts.2788'],
    ['an unknown job', get(path('/training-jobs/no-such')), 400, 'ModelArts.2775'],
    ['an unknown path', get('/nowhere'), 404, 'ModelArts.2836'],
    ['an unknown path with a body', { ...search('{'), url: '/v2' }, 404, 'ModelArts.2836'],
    ['a trailing slash', get(`${JOB}/`), 404, 'ModelArts.2836'],
    ['a wrong method', { method: 'PATCH', url: JOB }, 405, 'ModelArts.2803'],
    ['a rare method', { method: 'PROPFIND', url: JOB }, 405, 'ModelArts.2803'],
    ['OPTIONS', { method: 'OPTIONS', url: SEARCH }, 405, 'ModelArts.2803'],
    ['a bad encoding', get('/v2/%zz/training-jobs/a'), 400, 'ModelArts.2788'],
    ['a cut UTF-8 character', get('/v2/%e2%28/training-jobs/a'), 400, 'ModelArts.2788'],
    ['a bad encoding in a key', get(path('/objects/lab/%ff')), 400, 'ModelArts.2791'],
    ['a long address', get(path(`/training-jobs/${'a'.repeat(9000)}`)), 414, 'ModelArts.2788'],
    ['a long query', get(`${JOB}?${'a'.repeat(9000)}`), 414, 'ModelArts.2788'],
    ['.. in a key', get(path('/objects/lab/..%2fsecret')), 400, 'ModelArts.2791'],
    ['an encoded slash in a bucket', get(path('/objects/la%2fb/k')), 400, 'ModelArts.2791'],
    ['NUL in a key', get(path('/objects/lab/a%00')), 400, 'ModelArts.2791'],
    ['no key', get(path('/objects/lab/')), 400, 'ModelArts.2791'],
    ['a key of 1,025 bytes', get(path(`/objects/lab/${'%C3%A9'.repeat(512)}a`)), 400, 'ModelArts.2791'],
    ['a bucket in capitals', get(path('/objects/LAB/k')), 400, 'ModelArts.2791'],
    ['a long bucket', get(path(`/objects/${'a'.repeat(64)}`)), 400, 'ModelArts.2791'],
    ['an unknown object', get(path('/objects/lab/none')), 404, 'ModelArts.4404'],
    ['a page of 1,001', get(path('/objects/lab?limit=1001')), 400, 'ModelArts.2764'],
    ['a page of "x"', get(path('/objects/lab?limit=x')), 400, 'ModelArts.2764', /^limit must be integer/],
    ['a page of 1e2', get(path('/objects/lab?limit=1e2')), 400, 'ModelArts.2764'],
    ['a long delimiter', get(path('/objects/lab?delimiter=ab')), 400, 'ModelArts.2764'],
    ['NUL in a query', get(path('/objects/lab?prefix=%00')), 400, 'ModelArts.2764'],
    ['an unknown flavor type', get(path('/training-job-flavors?flavor_type=TPU')), 400, 'ModelArts.2764'],
    ['events limit 101', get(`${JOB}/events?limit=101`), 400, 'ModelArts.50004000'],
    ['events order up', get(`${JOB}/events?order=up`), 400, 'ModelArts.50004000'],
    [
      'a short checksum',
      { method: 'PUT', url: path('/objects/lab/k'), headers: { 'x-trainyard-sha256': 'ab' } },
      400,
      'ModelArts.2788',
    ],
    ['another project', get('/v2/prj-other/training-jobs/job-1'), 404, 'ModelArts.2786'],
    ['an unknown token', { ...get(JOB), headers: { 'x-auth-token': 'old' } }, 401, 'ModelArts.0203'],
    [
      'a token without project',
      { ...get(JOB), headers: { 'x-auth-token': 'domain' } },
      401,
      'ModelArts.0212',
    ],
    [
      'a viewer who creates',
      { ...create(job), headers: { 'x-auth-token': 'viewer' } },
      403,
      'ModelArts.0108',
    ],
  ]

  for (const [what, request, status, code, message] of cases) {
    it(`refuses ${what} with ${status} ${code}`, async () => {
      const answer = await api.send(request)

      assert.deepEqual([answer.statusCode, answer.json().error_code], [status, code], answer.payload)
      assert.deepEqual(Object.keys(answer.json()), ['error_msg', 'error_code', 'error_solution'])
      assert.ok(answer.headers['x-request-id'])
      assert.match(answer.json().error_msg, message ?? /./)
    })
  }

  it('takes exactly 64 levels and exactly 1 MiB', async () => {
    const deep = await api.send(search(nested(64)))
    const big = await api.send(search(`{"x":"${'y'.repeat(MAX_JSON_BYTES - 8)}"}`))

    assert.deepEqual([deep.statusCode, big.statusCode], [200, 200])
  })

  it('refuses the sender before the body and the body before the job', async () => {
    const nobody = { 'x-auth-token': 'nobody' }
    const badBody = await api.send({ ...search('{'), headers: nobody })
    const viewer = await api.send({ ...create({}), headers: { 'x-auth-token': 'viewer' } })

    assert.equal(badBody.json().error_code, 'ModelArts.0203')
    assert.equal(viewer.json().error_code, 'ModelArts.0108')
    assert.deepEqual(
      api.asked.map(([name]) => name),
      ['authenticate', 'authenticate'],
    )
  })

  it('answers 401 alike for jobs that exist and jobs that do not', async () => {
    const bodies = await Promise.all(
      ['job-1', 'none'].map(async (id) => {
        const url = path(`/training-jobs/${id}`)
        return (await api.send({ url, headers: { 'x-auth-token': 'x' } })).payload
      }),
    )

    assert.equal(bodies[0], bodies[1])
  })

  it('names the request in gateway refusals only', async () => {
    const answer = await api.app.inject({ url: JOB, headers: { 'x-request-id': 'r-1' } })

    assert.deepEqual([answer.statusCode, answer.json().error_code], [401, 'APIGW.0301'])
    assert.equal(answer.json().request_id, 'r-1')
  })

  it('lists the methods of a path in Allow', async () => {
    const answer = await api.send({ method: 'PATCH', url: JOB })

    assert.equal(answer.headers['allow'], 'GET, PUT, DELETE')
  })

  it('never repeats what was sent in a refusal of JSON', async () => {
    const answer = await api.app.inject({
      method: 'POST',
      url: '/v3/auth/tokens',
      payload: '{"password":"hunter2"',
      headers: JSON_TYPE,
    })

    assert.equal(answer.statusCode, 400)
    assert.ok(!answer.payload.includes('hunter2'))
  })
})

describe('queries', () => {
  it('reads numbers, takes empty values as absent, ignores unknown names and repeats', async () => {
    const url = `${JOB}/events?limit=7&offset=&level=&pattern=a%20b%2B&limit=9&nosuch=1`
    const answer = await api.send({ url })

    assert.equal(answer.statusCode, 200, answer.payload)
    assert.deepEqual(lastAsked(api, 'listEvents'), ['job-1', { limit: 7, pattern: 'a b+' }])
  })

  it('hands defaults and values of an object list on', async () => {
    await api.send({ url: path('/objects/lab?prefix=a%2F&delimiter=/&limit=5&after=b') })
    const full = api.asked.at(-1)?.[1]
    await api.send({ url: path('/objects/lab') })

    assert.deepEqual(full, {
      projectId: 'prj-demo',
      bucket: 'lab',
      prefix: 'a/',
      delimiter: '/',
      limit: 5,
      after: 'b',
    })
    assert.deepEqual(api.asked.at(-1)?.[1], {
      projectId: 'prj-demo',
      bucket: 'lab',
      prefix: '',
      delimiter: '',
      limit: 1000,
      after: '',
    })
  })
})

describe('identity calls', () => {
  const request = (password: string) => ({
    auth: { identity: { methods: ['password'], password: { user: { name: 'ada', password } } } },
  })

  it('issues a token in the header, without sign-in', async () => {
    const answer = await api.app.inject({
      method: 'POST',
      url: '/v3/auth/tokens?nocatalog=x',
      payload: request('right'),
    })

    assert.equal(answer.statusCode, 201)
    assert.equal(answer.headers['x-subject-token'], 'ty1.fresh')
    assert.ok(!answer.payload.includes('ty1.fresh'))
    assert.deepEqual(lastAsked(api, 'createToken'), [{ nocatalog: true }])
  })

  it('leaves the catalogue out for a bare nocatalog too', async () => {
    for (const [query, nocatalog] of [
      ['?nocatalog', true],
      ['?nocatalog=', true],
      ['?other=nocatalog', false],
    ] as const) {
      await api.app.inject({ method: 'POST', url: `/v3/auth/tokens${query}`, payload: request('right') })

      assert.deepEqual(lastAsked(api, 'createToken'), [{ nocatalog }], query)
    }
  })

  it('refuses in the shape of Keystone', async () => {
    const wrong = await api.app.inject({ method: 'POST', url: '/v3/auth/tokens', payload: request('wrong') })
    const malformed = await api.app.inject({ method: 'POST', url: '/v3/auth/tokens', payload: {} })
    const unsigned = await api.app.inject('/v3/projects')
    const unknown = await api.app.inject('/v3/nowhere')

    assert.deepEqual(wrong.json(), {
      error: { code: 401, message: 'The user name or password is wrong.', title: 'Unauthorized' },
    })
    assert.deepEqual([malformed.statusCode, malformed.json().error.code], [400, 400])
    assert.deepEqual([unsigned.statusCode, unsigned.json().error.code], [401, 401])
    assert.deepEqual([unknown.statusCode, unknown.json().error.title], [404, 'Not Found'])
  })

  it('repeats the token it was asked about, and needs one', async () => {
    const headers = { 'x-auth-token': 'domain', 'x-subject-token': 'ty1.other' }
    const shown = await api.send({ url: '/v3/auth/tokens', headers })
    const missing = await api.send({ url: '/v3/auth/tokens' })

    assert.deepEqual([shown.statusCode, shown.headers['x-subject-token']], [200, 'ty1.other'])
    assert.deepEqual([missing.statusCode, missing.json().error.title], [400, 'Bad Request'])
  })

  it('passes the name of a project on', async () => {
    await api.send({ url: '/v3/projects?name=region-a' })

    assert.deepEqual(api.asked.at(-1), ['listProjects', 'region-a'])
  })
})

describe('trouble of the server', () => {
  it('hides the message of a bug and logs it with the request', async () => {
    const lines: string[] = []
    const logger = pino({}, { write: (line) => lines.push(line) })
    const broken = newApi({ logger })
    broken.objects.listBuckets = async () => {
      throw new Error('/var/secret is gone')
    }

    const answer = await broken.send({ url: path('/objects?token=abc'), headers: { 'x-request-id': 'r-7' } })

    assert.deepEqual([answer.statusCode, answer.json().error_code], [500, 'ModelArts.2950'])
    assert.ok(!answer.payload.includes('secret'))
    const logged = lines.join('')
    assert.match(logged, /\/var\/secret is gone/)
    assert.match(logged, /"reqId":"r-7"/)
  })

  it('logs neither queries nor tokens', async () => {
    const lines: string[] = []
    const logger = pino({ level: 'trace' }, { write: (line) => lines.push(line) })
    const logging = newApi({ logger })

    await logging.send({ url: `${JOB}?signature=s3cret`, headers: { 'x-auth-token': 'tok-s3cret' } })
    await logging.send({ url: '/files/logs/p/j/t/n?signature=s3cret' })
    await logging.send({ url: '/v2/%zz?signature=s3cret' })
    logging.app.log.info({ headers: { authorization: 's3cret', cookie: 's3cret' } }, 'leak')

    assert.ok(lines.some((line) => line.includes(JOB)))
    assert.ok(!lines.join('').includes('s3cret'), lines.join(''))
  })

  it('logs an answer of bytes once, with the status it had', async () => {
    const lines: string[] = []
    const logging = newApi({ logger: pino({}, { write: (line) => lines.push(line) }) })
    const url = path('/objects/lab/logged')
    await logging.send({ method: 'PUT', url, payload: 'content' })
    lines.length = 0

    await logging.send({ url, headers: { range: 'bytes=0-1' } })
    await logging.send({ method: 'HEAD', url })
    await logging.send({ method: 'DELETE', url })

    assert.deepEqual(
      lines.map((line) => JSON.parse(line)).map(({ msg, status }) => [msg, status]),
      [
        ['answered', 206],
        ['answered', 200],
        ['answered', 204],
      ],
    )
  })

  it('tells the caller when to come back', async () => {
    const busy = newApi()
    busy.objects.listBuckets = async () => {
      throw refusal('ModelArts.2799', 'Too many requests.')
    }

    const answer = await busy.send({ url: path('/objects') })

    assert.deepEqual([answer.statusCode, answer.headers['retry-after']], [429, '1'])
  })
})

describe('the reference page', () => {
  it('loads nothing from elsewhere and may not', async () => {
    const page = await api.app.inject('/docs/')
    const start = await api.app.inject('/docs/js/start.js')
    const program = await api.app.inject('/docs/js/scalar.js')

    assert.deepEqual([page.statusCode, start.statusCode, program.statusCode], [200, 200, 200])
    assert.doesNotMatch(page.payload, /(src|href)="(https?:)?\/\//)
    assert.doesNotMatch(page.payload, /<script>|style=/)
    assert.match(start.payload, /"withDefaultFonts": false/)
    for (const answer of [page, start, program]) {
      const policy = String(answer.headers['content-security-policy'])
      assert.match(policy, /default-src 'none'/)
      assert.match(policy, /script-src 'self';/)
      assert.doesNotMatch(policy, /https?:|\*/)
    }
  })

  it('is found without the slash, and sends its program packed to who takes it, once', async () => {
    const bare = await api.app.inject('/docs')
    const plain = await api.app.inject('/docs/js/scalar.js')
    const packed = await api.app.inject({
      url: '/docs/js/scalar.js',
      headers: { 'accept-encoding': 'gzip, br' },
    })
    const again = await api.app.inject({
      url: '/docs/js/scalar.js',
      headers: { 'if-none-match': String(packed.headers['etag']) },
    })
    const refusing = await api.app.inject({
      url: '/docs/js/scalar.js',
      headers: { 'accept-encoding': 'gzip;q=0, br' },
    })

    assert.deepEqual([bare.statusCode, bare.headers['location']], [302, '/docs/'])
    assert.match(plain.payload, /createApiReference/)
    assert.equal(packed.headers['content-encoding'], 'gzip')
    assert.equal(gunzipSync(packed.rawPayload).toString(), plain.payload)
    assert.deepEqual([again.statusCode, again.payload], [304, ''])
    assert.equal(refusing.headers['content-encoding'], undefined)
  })
})

describe('headers', () => {
  it('forbids sniffing and framing, and offers no foreign origin anything', async () => {
    const answer = await api.send({ url: JOB, headers: { origin: 'https://elsewhere.example' } })

    assert.equal(answer.headers['x-content-type-options'], 'nosniff')
    assert.match(String(answer.headers['content-security-policy']), /frame-ancestors 'none'/)
    assert.equal(answer.headers['access-control-allow-origin'], undefined)
  })
})
