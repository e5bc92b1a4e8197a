import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { Estimator } from '../../src/sdk/node/index.ts'
import { makeDataDirectory, removeDirectory, ServerProcess } from '../support/server-process.ts'
import { plainFetch, signedFetch } from '../support/signed-fetch.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')

/** Runs `trainyard serve` where it is expected to refuse. */
const refuseToServe = (
  data: string,
  args: readonly string[] = [],
): Promise<{ code: number; stderr: string }> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      [MAIN, 'serve', '--port', '0', '--data', data, ...args],
      { timeout: 20_000 },
      (error, _stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stderr })
      },
    )
  })

describe('trainyard serve', () => {
  let data: string
  let server: ServerProcess | undefined

  beforeEach(async () => {
    data = await makeDataDirectory()
  })

  afterEach(async () => {
    await server?.end()
    server = undefined
    await removeDirectory(data)
  })

  it('is ready with its line, answers health, and writes credentials for its owner alone', async () => {
    server = await ServerProcess.start(data)

    const health = await plainFetch(`${server.url}/healthz`)
    const credentials = await server.credentials()
    const { mode } = await stat(join(data, 'credentials.json'))

    assert.equal(health.status, 200)
    assert.deepEqual(Object.keys(credentials).sort(), [
      'access_key',
      'domain_name',
      'endpoint',
      'password',
      'project_id',
      'region',
      'secret_key',
      'user_name',
    ])
    assert.equal(credentials.endpoint, server.url)
    assert.equal(mode & 0o777, 0o600)
    assert.equal((await stat(data)).mode & 0o777, 0o700)
  })

  it('keeps no secret in clear but in the credentials, and tells none in its logs', async () => {
    server = await ServerProcess.start(data, ['--log-level', 'trace'])
    const {
      secret_key: secret,
      password,
      project_id: project,
      access_key: accessKey,
    } = await server.credentials()
    await Estimator.getJobList({ session: server.session() })
    const files = (await readdir(data)).filter((name) => name.startsWith('trainyard.db'))
    const stored = Buffer.concat(await Promise.all(files.map((name) => readFile(join(data, name)))))
    const refused = await signedFetch('GET', `${server.url}/v2/${project}/training-job-flavors`, {
      accessKey,
      secretKey: `${secret}x`,
    })

    assert.equal(refused.status, 401)
    for (const hidden of [secret, password]) {
      assert.ok(!stored.includes(hidden))
      assert.ok(!server.logs().includes(hidden))
      assert.ok(!refused.text.includes(hidden))
    }
    assert.ok(!server.logs().includes('Signature='))
  })

  it('keeps accounts and keys over a restart, and tells its new address', async () => {
    server = await ServerProcess.start(data)
    const first = await server.credentials()
    assert.equal(await server.end(), 0)

    server = await ServerProcess.start(data)
    const second = await server.credentials()

    assert.deepEqual({ ...second, endpoint: '' }, { ...first, endpoint: '' })
    assert.equal(second.endpoint, server.url)
    assert.equal((await Estimator.getJobList({ session: server.session() })).total, 0)
  })

  it('makes new keys when the credentials were lost', async () => {
    server = await ServerProcess.start(data)
    const first = await server.credentials()
    await server.end('SIGKILL')
    await rm(join(data, 'credentials.json'))

    server = await ServerProcess.start(data)
    const second = await server.credentials()

    assert.equal(second.project_id, first.project_id)
    assert.notEqual(second.access_key, first.access_key)
    assert.equal((await Estimator.getJobList({ session: server.session() })).total, 0)
  })

  it('refuses a data directory that another server uses', async () => {
    server = await ServerProcess.start(data)

    const { code, stderr } = await refuseToServe(data)

    assert.equal(code, 3)
    assert.match(stderr, /Another server uses this data directory/)
  })

  it('refuses a configuration with a mistake, naming file and key', async () => {
    await writeFile(join(data, 'trainyard.yaml'), 'local:\n  cpu: 4\n')
    const unknown = await refuseToServe(data)
    await writeFile(join(data, 'trainyard.yaml'), 'local: [\n')
    const broken = await refuseToServe(data)
    await writeFile(join(data, 'trainyard.yaml'), 'local: { cpus: many }\n')
    const wrong = await refuseToServe(data)

    assert.deepEqual([unknown.code, broken.code, wrong.code], [2, 2, 2])
    assert.match(unknown.stderr, /trainyard\.yaml:2:3: local\.cpu is not a key/)
    assert.match(broken.stderr, /trainyard\.yaml:2:1: the file is not valid YAML/)
    assert.match(
      wrong.stderr,
      /trainyard\.yaml:1:16: local\.cpus is "many"; allowed: a whole number from 1 to 4096/,
    )
  })

  it('offers what the operator declares', async () => {
    await writeFile(
      join(data, 'trainyard.yaml'),
      `region: lab
local: { cpus: 3, memory_gb: 6, gpus: { count: 2, product_name: A10, memory: 24GB } }
flavors: [{ id: tiny, cores: 1, memory_gb: 1, max_nodes: 2 }]
engines: [{ id: mine, name: Mine, version: "1", interpreter: /usr/bin/env }]
`,
    )
    server = await ServerProcess.start(data)
    const session = server.session()

    const flavors = await Estimator.getTrainInstanceTypes({ session })
    const engines = await Estimator.getFrameworkList({ session })

    assert.deepEqual(flavors, [
      'yard.cpu.1',
      'yard.cpu.2',
      'yard.cpu.3',
      'yard.gpu.1x',
      'yard.gpu.2x',
      'tiny',
    ])
    assert.ok(engines.some(({ framework_type: name }) => name === 'Mine'))
    assert.equal((await server.credentials()).region, 'lab')
  })

  it('serves the reference without sign-in', async () => {
    server = await ServerProcess.start(data)

    const openapi = await plainFetch(`${server.url}/openapi.json`)
    const docs = await plainFetch(`${server.url}/docs/`)

    assert.equal(openapi.json.openapi, '3.1.0')
    assert.equal(docs.status, 200)
    assert.ok(!/(src|href)="https?:/.test(docs.text), 'the page needs nothing from outside')
  })
})
