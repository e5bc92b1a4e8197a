import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { startWireServer, type WireServer } from '../../../test/support/wire-server.ts'
import { OPERATIONS } from '../../contract/operations.ts'
import { type Environment, Session } from './index.ts'
import { joinSettings } from './settings.ts'

let server: WireServer
let data: string

before(async () => {
  server = await startWireServer()
})
after(() => server.close())
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'credentials-'))
  server.requests.length = 0
})
afterEach(async () => {
  Session.setEndpoint({})
  await rm(data, { recursive: true })
})

const writeCredentials = async (content: unknown, mode = 0o600): Promise<void> => {
  const file = join(data, 'credentials.json')
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
  await chmod(file, mode)
}

const ofServer = () => ({
  endpoint: server.endpoint,
  project_id: server.projectId,
  access_key: server.accessKey,
  secret_key: server.secretKey,
  user_name: 'trainer',
  password: 'correct',
  domain_name: 'acme',
  region: server.regionName,
})

const open = (env: Environment = {}, warnings: string[] = []) =>
  new Session({ env: { TRAINYARD_DATA: data, ...env }, warn: (message) => warnings.push(message) })

describe('a session without arguments', () => {
  it('uses what the server on this machine wrote', async () => {
    const warnings: string[] = []
    await writeCredentials(ofServer())

    const session = open({}, warnings)

    assert.equal((await session.send(OPERATIONS.listEngines)).total, 4)
    assert.equal(session.regionName, server.regionName)
    assert.deepEqual(warnings, [])
  })

  it('signs in with the password of the file when it has no key', async () => {
    const { access_key: _a, secret_key: _s, ...rest } = ofServer()
    await writeCredentials(rest)

    assert.equal((await open().send(OPERATIONS.listEngines)).total, 4)
    assert.equal(server.sent('POST', '/v3/auth/tokens').length, 1)
  })

  it('warns of a file that others can read, and uses it', async () => {
    const warnings: string[] = []
    await writeCredentials(ofServer(), 0o644)

    assert.equal((await open({}, warnings).send(OPERATIONS.listEngines)).total, 4)

    assert.equal(warnings.length, 1)
    assert.match(warnings[0] ?? '', /chmod 600/)
  })

  it('prefers the environment, an argument to both', async () => {
    await writeCredentials({
      ...ofServer(),
      endpoint: 'http://127.0.0.1:1',
      access_key: 'other',
      secret_key: 'other',
    })
    const env = {
      TRAINYARD_DATA: data,
      TRAINYARD_ENDPOINT: server.endpoint,
      TRAINYARD_ACCESS_KEY: server.accessKey,
      TRAINYARD_SECRET_KEY: server.secretKey,
      TRAINYARD_PROJECT_ID: 'wrong',
    }
    const { projectId } = server

    assert.equal((await new Session({ env, projectId }).send(OPERATIONS.listEngines)).total, 4)
  })

  it('takes no project from a file whose credentials it does not use', async () => {
    await writeCredentials({ ...ofServer(), project_id: 'of-somebody-else', region: 'elsewhere' })
    const session = open({ TRAINYARD_ACCESS_KEY: server.accessKey, TRAINYARD_SECRET_KEY: server.secretKey })

    assert.equal(await session.resolveProjectId(), server.projectId)
  })

  it('goes where setEndpoint says, not where the file says', async () => {
    await writeCredentials({ ...ofServer(), endpoint: 'http://127.0.0.1:1' })
    Session.setEndpoint({ modelartsEndpoint: server.endpoint })

    assert.equal((await open().send(OPERATIONS.listEngines)).total, 4)
  })

  it('says what to do when there is nothing', () => {
    assert.throws(() => open(), { code: 'invalid_argument', solution: /trainyard serve/ })
    assert.throws(() => open({ TRAINYARD_TOKEN: 't' }), { code: 'invalid_argument', message: /server/ })
  })

  it('quotes nothing of a broken file', async () => {
    await writeCredentials('{"secret_key": "hunter2", oops')

    assert.throws(open, (error: Error & { code: string }) => {
      assert.equal(error.code, 'invalid_argument')
      assert.doesNotMatch(`${error.stack} ${String(error.cause)}`, /hunter2/)
      return true
    })
  })
})

it('never mixes halves of two ways to sign in', () => {
  const joined = joinSettings([
    { accessKey: 'a' },
    { secretKey: 'b', token: 't' },
    { username: 'u', password: 'p' },
  ])

  assert.deepEqual(joined, {
    endpoint: undefined,
    projectId: undefined,
    regionName: undefined,
    accessKey: 'a',
    secretKey: undefined,
  })
})
