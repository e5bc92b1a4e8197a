import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { startWireServer, type WireServer } from '../../../test/support/wire-server.ts'
import { OPERATIONS } from '../../contract/operations.ts'
import {
  type Environment,
  type Profile,
  profilesFile,
  readProfiles,
  Session,
  writeProfiles,
} from './index.ts'

let server: WireServer
let home: string

before(async () => {
  server = await startWireServer()
})
after(() => server.close())
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'profiles-'))
  server.requests.length = 0
})
afterEach(() => rm(home, { recursive: true }))

const silent = () => undefined

const lab = (): Profile => ({
  endpoint: server.endpoint,
  projectId: server.projectId,
  accessKey: server.accessKey,
  secretKey: server.secretKey,
})
const ada = (): Profile => ({
  endpoint: server.endpoint,
  projectId: server.projectId,
  account: 'acme',
  username: 'trainer',
})

const keep = (current: string | undefined, profiles: Record<string, Profile>): void =>
  writeProfiles({ HOME: home }, { current, profiles: new Map(Object.entries(profiles)) })

const find = (env: Environment = {}, options = {}) =>
  Session.findSettings({ env: { HOME: home, ...env }, warn: silent, ...options })

describe('the file of profiles', () => {
  it('lies in XDG_CONFIG_HOME, else in ~/.config, and a relative XDG_CONFIG_HOME counts for nothing', () => {
    assert.equal(profilesFile({ HOME: '/h' }), '/h/.config/trainyard/profiles.json')
    assert.equal(profilesFile({ HOME: '/h', XDG_CONFIG_HOME: '/c' }), '/c/trainyard/profiles.json')
    assert.equal(profilesFile({ HOME: '/h', XDG_CONFIG_HOME: 'c' }), '/h/.config/trainyard/profiles.json')
  })

  it('gives back what was written, for its owner alone, and leaves nothing beside it', async () => {
    keep('lab', { lab: lab(), ada: ada() })
    keep('ada', { lab: lab(), ada: ada() })

    const { current, profiles } = readProfiles({ HOME: home }, silent)
    const file = profilesFile({ HOME: home })

    assert.equal(current, 'ada')
    assert.deepEqual(
      [...profiles],
      [
        ['lab', lab()],
        ['ada', ada()],
      ],
    )
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.equal((await stat(dirname(file))).mode & 0o777, 0o700)
    assert.deepEqual(await readdir(dirname(file)), ['profiles.json'])
  })

  it('has no profiles before there is a file', () => {
    assert.equal(readProfiles({ HOME: home }, silent).profiles.size, 0)
  })

  it('warns when others can read it', async () => {
    const warnings: string[] = []
    keep('lab', { lab: lab() })
    await chmod(profilesFile({ HOME: home }), 0o640)

    readProfiles({ HOME: home }, (message) => warnings.push(message))

    assert.match(warnings.join(), /chmod 600/)
  })

  for (const [what, text] of [
    ['no JSON', '{"secret_key": "hunter2", oops'],
    ['no object', '["hunter2"]'],
    ['no object of profiles', '{"profiles": "hunter2"}'],
    ['a profile without a server', '{"profiles": {"a": {"secret_key": "hunter2"}}}'],
  ] as const) {
    it(`is refused with ${what}, and not quoted`, async () => {
      const file = profilesFile({ HOME: home })
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, text, { mode: 0o600 })

      assert.throws(
        () => readProfiles({ HOME: home }, silent),
        (error: Error & { code: string }) => {
          assert.equal(error.code, 'invalid_argument')
          assert.doesNotMatch(`${error.stack} ${String(error.cause)}`, /hunter2/)
          return true
        },
      )
    })
  }
})

describe('a session with profiles', () => {
  it('uses the current one before the credentials of a server on this machine', async () => {
    await mkdir(join(home, '.trainyard'))
    const own = { endpoint: 'http://127.0.0.1:1', access_key: 'own', secret_key: 'own' }
    await writeFile(join(home, '.trainyard/credentials.json'), JSON.stringify(own), { mode: 0o600 })
    assert.equal(find().settings.accessKey, 'own')

    keep('lab', { lab: lab() })

    assert.deepEqual([find().signInFrom, find().profile], ['profile lab', 'lab'])
    const session = new Session({ env: { HOME: home }, warn: silent })
    assert.equal((await session.send(OPERATIONS.listEngines)).total, 4)
    const data = { TRAINYARD_DATA: join(home, '.trainyard') }
    assert.equal(find(data).settings.accessKey, 'own', 'a data directory says which server is meant')
  })

  it('takes arguments, a named profile, the environment, another profile, in this order', () => {
    keep('lab', { lab: lab(), other: { ...lab(), accessKey: 'other' } })
    const keys = { TRAINYARD_ACCESS_KEY: 'env', TRAINYARD_SECRET_KEY: 'env' }
    const keyOf = (env: Environment, options = {}) => find(env, options).settings.accessKey

    assert.equal(keyOf(keys, { profile: 'other', accessKey: 'arg', secretKey: 's' }), 'arg')
    assert.equal(keyOf({ ...keys, TRAINYARD_PROFILE: 'lab' }, { profile: 'other' }), 'other')
    assert.equal(keyOf({ ...keys, TRAINYARD_PROFILE: 'other' }), 'env')
    assert.equal(keyOf({ TRAINYARD_PROFILE: 'other' }), 'other')
    assert.equal(keyOf({}), server.accessKey)
  })

  it('asks the environment for the password of a user', async () => {
    keep('ada', { ada: ada() })

    assert.equal(find().lacksPassword, true)
    assert.throws(() => new Session({ env: { HOME: home }, warn: silent }), {
      code: 'invalid_argument',
      solution: /TRAINYARD_PASSWORD/,
    })
    const session = new Session({ env: { HOME: home, TRAINYARD_PASSWORD: 'correct' }, warn: silent })

    assert.equal((await session.send(OPERATIONS.listEngines)).total, 4)
    assert.doesNotMatch(await readFile(profilesFile({ HOME: home }), 'utf8'), /correct/)
  })

  it('sends the password of a user to no other server', () => {
    keep('ada', { ada: ada() })

    assert.throws(() => find({ TRAINYARD_PASSWORD: 'p', TRAINYARD_ENDPOINT: 'http://127.0.0.1:1' }), {
      code: 'invalid_argument',
      message: /is for http/,
    })
  })

  it('names the profiles there are when one is missing', () => {
    assert.throws(() => find({}, { profile: 'lab' }), { solution: /trainyard login --profile lab/ })
    keep('lab', { lab: lab() })
    assert.throws(() => find({ TRAINYARD_PROFILE: 'lub' }), { code: 'invalid_argument', solution: /lab/ })
  })
})
