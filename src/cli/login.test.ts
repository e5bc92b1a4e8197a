import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { type CliScreen, runCli } from '../../test/support/run-cli.ts'
import { startWireServer, type WireServer } from '../../test/support/wire-server.ts'

let server: WireServer
let config: string

before(async () => {
  server = await startWireServer()
})
after(() => server.close())
beforeEach(async () => {
  config = await mkdtemp(join(tmpdir(), 'login-'))
  server.requests.length = 0
})
afterEach(() => rm(config, { recursive: true }))

const file = () => join(config, 'trainyard/profiles.json')
const kept = async () => JSON.parse(await readFile(file(), 'utf8'))
const isKept = () =>
  stat(file()).then(
    () => true,
    () => false,
  )

/** Runs a command line that knows nothing but the profiles. */
const run = (args: string[], { env = {}, ...screen }: CliScreen = {}) => {
  const nothing = {
    TRAINYARD_ENDPOINT: '',
    TRAINYARD_PROJECT_ID: '',
    TRAINYARD_ACCESS_KEY: '',
    TRAINYARD_SECRET_KEY: '',
    TRAINYARD_DATA: '',
  }
  return runCli(server, args, {
    ...screen,
    env: { ...nothing, HOME: config, XDG_CONFIG_HOME: config, ...env },
  })
}

const typed = (...answers: string[]): CliScreen => ({ columns: 80, answers })

describe('login', () => {
  it('asks, tries, and keeps a key pair that works', async () => {
    const login = await run(
      ['login', '--profile', 'lab'],
      typed(server.endpoint, server.accessKey, server.secretKey),
    )

    assert.equal(login.exitCode, 0, login.stderr)
    assert.deepEqual(await kept(), {
      current: 'lab',
      profiles: {
        lab: {
          endpoint: server.endpoint,
          project_id: server.projectId,
          access_key: server.accessKey,
          secret_key: server.secretKey,
        },
      },
    })
    assert.ok(!login.stderr.includes(server.secretKey) && !login.stdout.includes(server.secretKey))
    assert.equal((await run(['list'])).exitCode, 0)
  })

  it('takes the secret from stdin for scripts', async () => {
    const args = ['login', '--endpoint', server.endpoint, '--access-key', server.accessKey, '--stdin']

    assert.equal((await run(args, { answers: [server.secretKey] })).exitCode, 0)
    assert.equal((await kept()).current, 'default')
  })

  it('keeps the user but no password, which is asked for or comes from the environment', async () => {
    const login = await run(
      ['login', '--endpoint', server.endpoint, '--region', server.regionName, '--user', 'trainer'],
      typed('acme', 'correct'),
    )
    assert.equal(login.exitCode, 0, login.stderr)
    assert.doesNotMatch(await readFile(file(), 'utf8'), /correct/)

    const asked = await run(['list'], typed('correct'))
    assert.equal(asked.exitCode, 0, asked.stderr)
    assert.match(asked.stderr, /Password of trainer at http/)
    assert.equal((await run(['list'], { env: { TRAINYARD_PASSWORD: 'correct' } })).exitCode, 0)
    const nobody = await run(['list'])
    assert.equal(nobody.exitCode, 2)
    assert.match(nobody.stderr, /TRAINYARD_PASSWORD/)
  })

  it('keeps nothing that does not work', async () => {
    for (const answers of [
      [server.endpoint, server.accessKey, 'wrong'],
      ['http://127.0.0.1:1', server.accessKey, server.secretKey],
      [server.endpoint, '', 'trainer', 'acme', server.regionName, 'wrong'],
    ]) {
      const login = await run(['login'], typed(...answers))
      assert.equal(login.exitCode, 3, login.stderr)
      assert.equal(await isKept(), false)
    }
  })

  it('is not helped by the environment: what was typed has to work', async () => {
    const env = { TRAINYARD_ACCESS_KEY: server.accessKey, TRAINYARD_SECRET_KEY: server.secretKey }
    const login = await run(['login'], { ...typed(server.endpoint, 'other', 'other'), env })
    assert.equal(login.exitCode, 3)
  })

  it('exits 2 where nobody can be asked', async () => {
    for (const args of [
      [],
      ['--endpoint', server.endpoint],
      ['--endpoint', server.endpoint, '--access-key', 'a'],
    ]) {
      assert.equal((await run(['login', ...args])).exitCode, 2)
    }
    assert.equal((await run(['login', '--profile', '../x'])).exitCode, 2)
  })
})

describe('profiles', () => {
  beforeEach(async () => {
    for (const name of ['lab', 'other']) {
      await run(['login', '--profile', name], typed(server.endpoint, server.accessKey, server.secretKey))
    }
  })

  it('are listed without their secrets, chosen and forgotten', async () => {
    const listed = await run(['profile', 'list', '-o', 'json'])
    assert.deepEqual(
      JSON.parse(listed.stdout).map(({ name, current }: { name: string; current: boolean }) => [
        name,
        current,
      ]),
      [
        ['lab', false],
        ['other', true],
      ],
    )
    for (const format of ['wide', 'json', 'yaml', 'csv'])
      assert.ok(!(await run(['profile', 'list', '-o', format])).stdout.includes(server.secretKey))

    assert.equal((await run(['profile', 'use', 'lab'])).exitCode, 0)
    assert.equal((await kept()).current, 'lab')
    assert.equal((await run(['profile', 'remove', 'lab'])).exitCode, 0)
    assert.deepEqual(Object.keys((await kept()).profiles), ['other'])
    assert.equal((await kept()).current, undefined)
    for (const verb of ['use', 'remove']) assert.equal((await run(['profile', verb, 'lab'])).exitCode, 2)
  })

  it('are chosen by --profile and TRAINYARD_PROFILE, and whoami tells', async () => {
    const source = async (args: string[], env = {}) =>
      JSON.parse((await run(['whoami', '-o', 'json', ...args], { env })).stdout || '[{}]')[0].source

    assert.equal(await source([]), 'profile other')
    assert.equal(await source([], { TRAINYARD_PROFILE: 'lab' }), 'profile lab')
    assert.equal(await source(['--profile', 'lab']), 'profile lab')
    const missing = await run(['whoami', '--profile', 'lub'])
    assert.equal(missing.exitCode, 2)
    assert.match(missing.stderr, /lab, other/)
  })

  it('are left alone by a file that cannot be read', async () => {
    await writeFile(file(), '{ broken')

    const login = await run(['login'], typed(server.endpoint, server.accessKey, server.secretKey))

    assert.equal(login.exitCode, 2)
    assert.equal(await readFile(file(), 'utf8'), '{ broken')
  })
})
