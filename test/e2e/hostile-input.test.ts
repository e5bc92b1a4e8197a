import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Estimator, type Session } from '../../src/sdk/node/index.ts'
import { type CredentialsFile, removeDirectory, ServerProcess } from '../support/server-process.ts'
import { type Answer, plainFetch, signedFetch } from '../support/signed-fetch.ts'

const MIB = 1024 * 1024
const PYTHON = `import json, sys
print(json.dumps(sys.argv[1:]))
`

/** A create request that would succeed, with parts replaced. */
const job = (parts: Record<string, unknown> = {}, algorithm: Record<string, unknown> = {}): string =>
  JSON.stringify({
    kind: 'job',
    metadata: { name: 'hostile' },
    algorithm: {
      code_dir: '/lab/code/',
      boot_file: '/lab/code/main.py',
      engine: { engine_id: 'ENGINE' },
      ...algorithm,
    },
    spec: { resource: { flavor_id: 'yard.cpu.1' } },
    ...parts,
  })

const channel = (obs_url: string, more: object = {}) => [
  { name: 'data_url', remote: { obs: { obs_url } }, ...more },
]
const parameter = (value: unknown) => ({ parameters: [{ name: 'p', value }] })
const nested = (levels: number): string => `{"filters":${'['.repeat(levels)}${']'.repeat(levels)}}`
const search = (body: object | string): [string, string] => [
  'search',
  typeof body === 'string' ? body : JSON.stringify(body),
]
const create = (body: string): [string, string] => ['create', body]

/** What is sent, and the status and code that must come back. */
const HOSTILE: [what: string, call: [kind: string, body: string], status: number, code: string][] = [
  ['a code directory that climbs', create(job({}, { code_dir: '/lab/../../etc/' })), 400, 'ModelArts.2802'],
  [
    'a start file that climbs',
    create(job({}, { boot_file: '/lab/code/../../../etc/passwd' })),
    400,
    'ModelArts.2758',
  ],
  [
    'a relative start file that climbs',
    create(job({}, { boot_file: '../../etc/passwd' })),
    400,
    'ModelArts.2758',
  ],
  ['an input that climbs', create(job({}, { inputs: channel('/lab/../../../etc/') })), 400, 'ModelArts.2791'],
  [
    'an output that climbs',
    create(job({}, { outputs: channel('obs://lab/a/../../b/') })),
    400,
    'ModelArts.2791',
  ],
  [
    'an input directory that climbs',
    create(job({}, { inputs: channel('/lab/code/', { local_dir: '/home/ma-user/../../etc' }) })),
    400,
    'ModelArts.2788',
  ],
  [
    'a channel name that climbs',
    create(job({}, { inputs: [{ name: '../../x', remote: { obs: { obs_url: '/lab/code/' } } }] })),
    400,
    'ModelArts.2753',
  ],
  ['a code place that climbs', create(job({}, { local_code_dir: '/home/../etc' })), 400, 'ModelArts.2857'],
  [
    'a working directory that climbs',
    create(job({}, { working_dir: '/home/../../etc' })),
    400,
    'ModelArts.2859',
  ],
  [
    'a log export that climbs',
    create(
      job({ spec: { resource: { flavor_id: 'yard.cpu.1' }, log_export_path: { obs_url: '/lab/../x/' } } }),
    ),
    400,
    'ModelArts.2791',
  ],
  [
    'a log directory on the node',
    create(job({ spec: { resource: { flavor_id: 'yard.cpu.1' }, log_export_path: { host_path: '/etc' } } })),
    400,
    'ModelArts.2788',
  ],
  ['a name of 65 characters', create(job({ metadata: { name: 'x'.repeat(65) } })), 400, 'ModelArts.2788'],
  ['a name with a path', create(job({ metadata: { name: '../etc' } })), 400, 'ModelArts.2788'],
  ['a name with a line feed', create(job({ metadata: { name: 'a\n' } })), 400, 'ModelArts.2788'],
  ['NUL in a parameter', create(job({}, parameter('a\0b'))), 400, 'ModelArts.2788'],
  ['NUL in a key', create(job({}, { environments: { 'A\0': '1' } })), 400, 'ModelArts.2788'],
  [
    'a body over 1 MiB',
    create(job({ metadata: { name: 'a', description: 'x'.repeat(MIB) } })),
    413,
    'ModelArts.4104',
  ],
  ['JSON nested 1,000 levels deep', search(nested(1_000)), 400, 'ModelArts.2787'],
  ['what is not JSON', create('{"kind":'), 400, 'ModelArts.2787'],
  ['an array for a body', create('[]'), 400, 'ModelArts.2787'],
  ['nothing for a body', create(''), 400, 'ModelArts.2787'],
  ['a number for a name', create(job({ metadata: { name: 5 } })), 400, 'ModelArts.2825'],
  [
    'text for a node count',
    create(job({ spec: { resource: { flavor_id: 'yard.cpu.1', node_count: '2' } } })),
    400,
    'ModelArts.2825',
  ],
  ['an object for a parameter', create(job({}, parameter({ a: 1 }))), 400, 'ModelArts.2825'],
  [
    '0 nodes',
    create(job({ spec: { resource: { flavor_id: 'yard.cpu.1', node_count: 0 } } })),
    400,
    'ModelArts.2788',
  ],
  [
    'a billion nodes',
    create(job({ spec: { resource: { flavor_id: 'yard.cpu.1', node_count: 1e9 } } })),
    400,
    'ModelArts.2793',
  ],
  ['an unknown kind', create(job({ kind: 'toy' })), 400, 'ModelArts.2788'],
  ['a dollar in a variable', create(job({}, { environments: { A: '$(id)' } })), 400, 'ModelArts.2788'],
  ['limit 0', search({ limit: 0 }), 400, 'ModelArts.2788'],
  ['limit 51', search({ limit: 51 }), 400, 'ModelArts.2816'],
  ['limit -1', search({ limit: -1 }), 400, 'ModelArts.2788'],
  ['limit 1e9', search({ limit: 1e9 }), 400, 'ModelArts.2816'],
  ['limit "5"', search({ limit: '5' }), 400, 'ModelArts.2825'],
  ['offset -1', search({ offset: -1 }), 400, 'ModelArts.2788'],
  [
    'an unknown filter key',
    search({ filters: [{ key: 'status', value: ['Running'] }] }),
    400,
    'ModelArts.2807',
  ],
  [
    'a filter key of SQL',
    search({ filters: [{ key: "name' OR 1=1 --", value: ['x'] }] }),
    400,
    'ModelArts.2807',
  ],
  [
    'an unknown operator',
    search({ filters: [{ key: 'name', operator: 'eq', value: ['x'] }] }),
    400,
    'ModelArts.2808',
  ],
  [
    'an operator the key does not take',
    search({ filters: [{ key: 'id', operator: 'like', value: ['x'] }] }),
    400,
    'ModelArts.2808',
  ],
  ['an unknown phase', search({ filters: [{ key: 'phase', value: ['running'] }] }), 400, 'ModelArts.2809'],
  ['21 filters', search({ filters: Array.from({ length: 21 }, () => ({})) }), 400, 'ModelArts.2816'],
  ['an unknown sort key', search({ sort_by: 'document' }), 400, 'ModelArts.2790'],
  ['an unknown order', search({ order: 'ASC' }), 400, 'ModelArts.2788'],
  ['an unknown group', search({ group_by: 'secrets' }), 400, 'ModelArts.2788'],
  ['an unknown workspace', search({ workspace_id: '../1' }), 400, 'ModelArts.0102'],
]

describe('hostile input', () => {
  let parent: string
  let server: ServerProcess
  let session: Session
  let key: CredentialsFile
  let engine: string
  let base: string

  before(async () => {
    parent = await mkdtemp(join(tmpdir(), 'trainyard-hostile-'))
    const data = join(parent, 'data')
    await mkdir(data)
    server = await ServerProcess.start(data)
    session = server.session()
    key = await server.credentials()
    base = `${server.url}/v2/${key.project_id}`
    await session.obs.put('obs://lab/code/main.py', PYTHON)
    const engines = await Estimator.getEngines({ session })
    engine = engines.find(({ engine_name: name }) => name === 'Python')?.engine_id ?? ''
  })

  after(async () => {
    await server.end()
    await removeDirectory(parent)
  })

  const send = (path: string, body: string, method = 'POST'): Promise<Answer> =>
    signedFetch(method, `${base}${path}`, { accessKey: key.access_key, secretKey: key.secret_key }, body)

  const assertRefused = (answer: Answer, status: number, code: string): void => {
    assert.equal(answer.status, status, answer.text)
    assert.equal(answer.json.error_code, code, answer.text)
    assert.ok(answer.json.error_msg.length > 0 && answer.json.error_msg.length < 1_000)
    assert.ok(!answer.text.includes(parent), 'tells no path of the server')
  }

  for (const [what, [kind, body], status, code] of HOSTILE) {
    it(`refuses ${what} with ${status} ${code}`, async () => {
      const path = kind === 'create' ? '/training-jobs' : '/training-job-searches'

      assertRefused(await send(path, body.replace('ENGINE', engine)), status, code)

      assert.equal((await Estimator.getJobList({ session })).total, 0, 'nothing was created')
    })
  }

  it('refuses hostile object names, and writes nothing outside', async () => {
    const names = [
      '..%2f..%2fescape',
      '%2e%2e/%2e%2e/escape',
      'a/%2e%2e/b',
      'a%00b',
      'a//b',
      '%ff',
      'x'.repeat(1_025),
    ]
    for (const name of names) {
      const url = `${base}/objects/lab/${name}`
      const headers = {
        'content-type': 'application/octet-stream',
        'x-sdk-content-sha256': 'UNSIGNED-PAYLOAD',
      }
      const answer = await signedFetch(
        'PUT',
        url,
        { accessKey: key.access_key, secretKey: key.secret_key, headers },
        'x',
      )
      assert.ok(answer.status === 400 || answer.status === 404, `${name}: ${answer.status} ${answer.text}`)
    }
    assert.deepEqual(await readdir(parent), ['data'])
    const kept: string[] = []
    for await (const { url } of session.obs.list('obs://lab/', { recursive: true })) kept.push(url)
    assert.deepEqual(kept, ['obs://lab/code/main.py'])
  })

  it('answers unknown paths, wrong methods and hostile ids', async () => {
    assertRefused(await send('/training-job', '{}'), 404, 'ModelArts.2836')
    assertRefused(await send('/training-job-searches', '{}', 'PUT'), 405, 'ModelArts.2803')
    assertRefused(
      await send('/training-jobs/..%2f..%2fetc/actions', '{"action_type":"terminate"}'),
      400,
      'ModelArts.2775',
    )
    assertRefused(
      await send(`/training-jobs/${'x'.repeat(500)}/actions`, '{"action_type":"terminate"}'),
      400,
      'ModelArts.2775',
    )
    assertRefused(await send('/training-jobs/x/actions', '{"action_type":"restart"}'), 400, 'ModelArts.2812')
    const link = await plainFetch(
      `${server.url}/files/logs/${key.project_id}/..%2f..%2fsecret.key/worker-0/x.log?expires=9999999999&signature=00`,
    )
    assert.equal(link.status, 403)
  })

  it('takes the last of duplicate keys, and null for absent', async () => {
    const answer = await send(
      '/training-job-searches',
      '{"limit":"bad","limit":3,"offset":null,"filters":null,"__proto__":{"limit":1}}',
    )

    assert.deepEqual([answer.status, answer.json.limit, answer.json.offset], [200, 3, 0])
  })

  it('hands line feeds, quotes and shell words to the program as they are', async () => {
    const value = `$(touch ${parent}/escape) \`id\` 'a' "b" \\n \n; rm -rf x & | > < * ~ é 中 \t`
    const body = job({ metadata: { name: 'verbatim' } }, { parameters: [{ name: 'text', value }] }).replace(
      'ENGINE',
      engine,
    )

    const created = await send('/training-jobs', body)

    assert.equal(created.status, 201, created.text)
    const estimator = new Estimator({ session, jobId: created.json.metadata.id })
    await estimator.waitForCompletion({ timeoutMs: 60_000 })
    const { content } = await estimator.getJobLog()
    const line = content.split('\n').find((text) => text.startsWith('['))
    assert.deepEqual(JSON.parse(line ?? ''), [`--text=${value}`])
    assert.deepEqual(await readdir(parent), ['data'])
  })
})
