import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { Command } from 'commander'
import { type CliScreen, runCli } from '../../test/support/run-cli.ts'
import { aWireJob, startWireServer, type WireServer } from '../../test/support/wire-server.ts'
import { shortIds } from './find-job.ts'
import { createProgram } from './program.ts'

let server: WireServer

before(async () => {
  server = await startWireServer()
})
after(() => server.close())
afterEach(() => {
  server.intercept = () => undefined
  server.requests.length = 0
  server.jobs.length = 0
  server.objects.clear()
  server.logs.clear()
})

const run = (line: string, screen: CliScreen = {}) => runCli(server, line.split(' '), screen)

const ID = '0b6a7c5e-0d1f-4a53-9a53-6f0f2a1d9c11'

describe('naming a job', () => {
  it('takes its id, its name, or the begin of its id', async () => {
    server.jobs.push(
      aWireJob({ id: ID, metadata: { name: 'resnet' } }),
      aWireJob({ metadata: { name: 'resnet-2' } }),
    )

    for (const reference of [ID, ID.toUpperCase(), 'resnet', '0b6a', '0B6A7C5E', ID.slice(0, 20)]) {
      const shown = await run(`show ${reference} -o json`)
      assert.equal(JSON.parse(shown.stdout || '{}').metadata?.id, ID, `${reference}: ${shown.stderr}`)
    }
  })

  it('takes a name that looks like the begin of another id', async () => {
    server.jobs.push(aWireJob({ id: ID }), aWireJob({ metadata: { name: '0b6a' } }))

    assert.match((await run('show 0b6a')).stdout, /^0b6a\n/)
  })

  it('does not guess between several', async () => {
    server.jobs.push(aWireJob({ id: ID }), aWireJob({ id: ID.replace(/11$/, '12') }))

    const shown = await run('show 0b6a')

    assert.equal(shown.exitCode, 2)
    assert.match(shown.stderr, /several jobs: .*11.*12/)
  })

  it('exits 3 when there is none', async () => {
    for (const reference of ['none', 'abcd', ID]) {
      const shown = await run(`show ${reference}`)
      assert.equal(shown.exitCode, 3)
      assert.match(shown.stderr, /ModelArts\.2775/)
    }
  })

  it('shows ids long enough to tell them apart', () => {
    assert.deepEqual([...shortIds([ID, 'ffffffff-x']).values()], ['0b6a7c5e', 'ffffffff'])
    assert.deepEqual(
      [...shortIds([ID, ID.replace('0d1f', '0d2f')]).values()],
      ['0b6a7c5e-0d1', '0b6a7c5e-0d2'],
    )
  })
})

describe('show', () => {
  it('prints the sections that a person needs', async () => {
    server.jobs.push(
      aWireJob({
        id: ID,
        metadata: { name: 'broken', description: 'a try' },
        status: {
          phase: 'Failed',
          task_statuses: [{ task: 'worker-0', exit_code: 7, message: 'exit with 7' }],
        },
        trainyard: { owner: 'u', executor: 'local', reason: 'command_failed' },
      }),
    )

    const { stdout } = await run('show broken')

    for (const part of [
      'a try',
      ID,
      'Failed',
      'command_failed',
      '7 (worker-0)',
      'epochs',
      'yard.cpu.1',
      'Job created.',
    ]) {
      assert.ok(stdout.includes(part), part)
    }
    assert.ok(!stdout.includes('\u001b'))
  })

  it('reads the answers of a server set up for typed clients', async () => {
    const job = aWireJob({
      id: ID,
      algorithm: { environments: [{ A: '1' }, { B: '2' }] as unknown as Record<string, string> },
    })
    Object.assign(job.status, { start_time: 1_898_640_012_000 })
    server.jobs.push(job)

    const { stdout } = await run(`show ${ID}`)

    assert.match(stdout, /A +1\n +B +2/)
    assert.match(stdout, /started +2030-03-02 00:00:12Z/)
  })
})

describe('logs', () => {
  it('prints the log as it is', async () => {
    server.jobs.push(aWireJob({ id: ID, metadata: { name: 'a' } }))
    server.logs.set(`${ID}/worker-0`, Buffer.from('one\ntwo\nthree\n'))

    assert.equal((await run('logs a')).stdout, 'one\ntwo\nthree\n')
    assert.equal((await run('logs a --tail 2')).stdout, 'two\nthree\n')
    assert.equal((await run('logs a --tail 0')).stdout, '')
  })

  it('follows from the last lines on, and ends with the job', async () => {
    server.jobs.push(aWireJob({ id: ID, metadata: { name: 'a' } }))
    const name = `${ID}/worker-0`
    server.logs.set(name, Buffer.from('one\ntwo\n'))
    let links = 0
    server.intercept = ({ path }) => {
      if (path.endsWith('/logs/url')) links += 1
      if (links === 2) {
        server.logs.set(name, Buffer.from('one\ntwo\nthree\n'))
        server.setPhase(ID, 'Completed')
      }
      return undefined
    }

    assert.equal((await run('logs a --tail 1 -f')).stdout, 'two\nthree\n')
  })

  it('tells an unknown task from one that wrote nothing', async () => {
    server.jobs.push(aWireJob({ id: ID, metadata: { name: 'a' } }))

    const silent = await run('logs a')
    assert.deepEqual([silent.exitCode, silent.stdout], [0, ''])
    assert.match(silent.stderr, /nothing yet \(Running\)/)
    const unknown = await run('logs a worker-9')
    assert.equal(unknown.exitCode, 2)
    assert.match(unknown.stderr, /The tasks are worker-0/)
  })
})

describe('exit codes', () => {
  const withPhase = (phase: 'Completed' | 'Failed' | 'Terminated' | 'Abnormal') => {
    server.jobs.push(aWireJob({ id: ID, metadata: { name: 'a' }, status: { phase } }))
  }

  it('0 when the job waited for is Completed', async () => {
    withPhase('Completed')
    const waited = await run('wait a')
    assert.equal(waited.exitCode, 0)
    assert.match(waited.stdout, /^a {2}Completed {2}1m33s\n$/)
  })

  for (const phase of ['Failed', 'Terminated', 'Abnormal'] as const) {
    it(`1 when it is ${phase}`, async () => {
      withPhase(phase)
      const waited = await run('wait a')
      assert.equal(waited.exitCode, 1)
      assert.match(waited.stdout, new RegExp(`^a {2}${phase}`))
    })
  }

  it('2 for wrong usage', async () => {
    for (const line of ['', 'frobnicate', 'show', 'wait', 'cp a', 'list --limit', 'wait a --timeout 5']) {
      const wrong = await runCli(server, line === '' ? [] : line.split(' '))
      assert.equal(wrong.exitCode, 2, `${line}: ${wrong.stderr}`)
    }
  })

  it('3 when the server refuses, with code, advice and request id but no stack', async () => {
    withPhase('Completed')

    const stopped = await run('stop a')

    assert.equal(stopped.exitCode, 3)
    assert.match(
      stopped.stderr,
      /^error: The job has ended\. \(ModelArts\.2796\)\n {2}Solve .+\n {2}request id: req-\d+\n$/,
    )
  })

  it('3 when nobody listens', async () => {
    const refused = await run('delete 0b6a7c5e-0d1f-4a53-9a53-6f0f2a1d9c11 --endpoint http://127.0.0.1:9')

    assert.equal(refused.exitCode, 3)
    assert.match(refused.stderr, /connection_failed/)
  })

  it('2 without credentials', async () => {
    const lost = await run('list', { env: { TRAINYARD_ACCESS_KEY: '', TRAINYARD_SECRET_KEY: '' } })

    assert.equal(lost.exitCode, 2)
    assert.match(lost.stderr, /trainyard serve/)
  })
})

describe('stop and delete', () => {
  it('work on several jobs, and touch none when one is not there', async () => {
    server.jobs.push(aWireJob({ metadata: { name: 'a' } }), aWireJob({ metadata: { name: 'b' } }))

    assert.equal((await run('delete a nope')).exitCode, 3)
    assert.equal(server.jobs.length, 2)
    assert.match((await run('stop a b')).stdout, /Terminating\n.*Terminating\n/)
    assert.equal((await run('delete a b')).exitCode, 0)
    assert.equal(server.jobs.length, 0)
  })
})

describe('the object store', () => {
  it('is copied to and from, listed and emptied', async (test) => {
    const folder = await mkdtemp(join(tmpdir(), 'cli-cp-'))
    test.after(() => rm(folder, { recursive: true }))
    await mkdir(join(folder, 'in/sub'), { recursive: true })
    await writeFile(join(folder, 'in/sub/a.txt'), 'A')
    const cli = async (...args: string[]) => {
      const done = await runCli(server, args)
      assert.equal(done.exitCode, 0, done.stderr)
      return done.stdout
    }

    await cli('cp', '-r', join(folder, 'in'), 'obs://lab/x')
    await cli('cp', join(folder, 'in/sub/a.txt'), 'obs://lab/y/')
    await cli('cp', join(folder, 'in/sub/a.txt'), 'obs://lab/z.txt')
    await cli('cp', '-r', 'obs://lab/x/', join(folder, 'out'))
    await cli('cp', 'obs://lab/z.txt', `${folder}`)

    assert.deepEqual([...server.objects.keys()], ['lab/x/sub/a.txt', 'lab/y/a.txt', 'lab/z.txt'])
    assert.equal(await readFile(join(folder, 'out/sub/a.txt'), 'utf8'), 'A')
    assert.equal(await readFile(join(folder, 'z.txt'), 'utf8'), 'A')
    assert.equal(await cli('cp', 'obs://lab/z.txt', '-'), 'A')
    assert.match(await cli('ls'), /obs:\/\/lab\/\n/)
    assert.equal(await cli('ls', 'obs://lab/', '-o', 'ids'), 'obs://lab/x/\nobs://lab/y/\nobs://lab/z.txt\n')
    assert.match(
      await cli('ls', '-r', 'obs://lab/x/'),
      / 1 {2}2030-03-02 00:00:00Z {2}obs:\/\/lab\/x\/sub\/a\.txt\n/,
    )
    await cli('rm', '-r', 'obs://lab/x/')
    await cli('rm', 'obs://lab/z.txt')
    assert.deepEqual([...server.objects.keys()], ['lab/y/a.txt'])
  })

  for (const line of [
    'cp a b',
    'cp obs://lab/a obs://lab/b',
    'cp /tmp obs://lab/',
    'cp obs://lab/x/ /tmp',
    'cp /nonexistent obs://lab/',
    'rm obs://lab/x/',
  ]) {
    it(`exits 2 for ${line}`, async () => {
      assert.equal((await run(line)).exitCode, 2)
      assert.equal(server.objects.size, 0)
    })
  }
})

describe('help', () => {
  const program = () =>
    createProgram({ version: '1.2.3', stdout: { write: () => true }, stderr: { write: () => true }, env: {} })

  it('shows examples for each verb, and none of them asks for a secret', () => {
    for (const verb of program().commands) {
      let text = ''
      verb.configureOutput({ writeOut: (part) => (text += part) }).outputHelp()
      assert.match(text, /Examples:\n {2}trainyard /, verb.name())
      assert.doesNotMatch(text, /--(secret|password|token)/, verb.name())
    }
  })

  it('exits 0 on stdout when asked for', async () => {
    for (const line of ['--help', 'list --help', 'help submit']) {
      const helped = await run(line)
      assert.equal(helped.exitCode, 0)
      assert.match(helped.stdout, /Usage: trainyard/)
    }
    assert.equal((await run('--version')).stdout, '1.2.3\n')
  })

  it('leaves verbs from elsewhere their own options', async () => {
    let given: unknown
    const serve = new Command('serve').option('--data <directory>').action((options: { data: string }) => {
      given = options.data
    })
    const whole = program()
    whole.addCommand(serve)

    await whole.parseAsync(['serve', '--data', '/x'], { from: 'user' })

    assert.equal(given, '/x')
  })
})

it('lists flavors, engines and events', async () => {
  server.jobs.push(aWireJob({ metadata: { name: 'a' } }))

  assert.match((await run('flavors')).stdout, /yard\.cpu\.4 +CPU +4 +8 GB/)
  assert.equal((await run('engines -o ids')).stdout, 'py-1\npy-2\npt-1\ncommand\n')
  assert.match((await run('events a')).stdout, /^2030-03-01 08:00:00Z {2}Info +Job created\.\n$/)
})
