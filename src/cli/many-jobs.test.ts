import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { type CliScreen, runCli } from '../../test/support/run-cli.ts'
import { aWireJob, startWireServer, type WireServer } from '../../test/support/wire-server.ts'

let server: WireServer

before(async () => {
  server = await startWireServer()
})
after(() => server.close())
beforeEach(() => {
  for (const [name, phase] of [
    ['a', 'Running'],
    ['b', 'Pending'],
    ['c', 'Completed'],
    ['other', 'Running'],
  ] as const) {
    server.jobs.push(aWireJob({ metadata: { name }, status: { phase } }))
  }
})
afterEach(() => {
  server.intercept = () => undefined
  server.requests.length = 0
  server.jobs.length = 0
})

const run = (args: string[], screen: CliScreen = {}) => runCli(server, args, screen)

const phases = () => server.jobs.map(({ metadata, status }) => `${metadata.name} ${status.phase}`)
const untouched = ['a Running', 'b Pending', 'c Completed', 'other Running']

describe('stop and delete of many jobs', () => {
  it('only show which jobs it would be with --dry-run', async () => {
    const shown = await run(['stop', '--where', 'name in (a, b, c)', '--dry-run', '-o', 'csv'])

    assert.equal(shown.exitCode, 0, shown.stderr)
    assert.match(shown.stdout, /\r\na,.*\r\nb,.*\r\n$/s, 'a job that has ended cannot be stopped')
    assert.equal(shown.stderr, 'would stop 2 jobs\n')
    assert.deepEqual(phases(), untouched)
  })

  it('ask before jobs that filters chose, and do nothing without a yes', async () => {
    for (const answers of [['n'], [''], []]) {
      const asked = await run(['delete', '--name', 'a'], { columns: 80, answers })
      assert.equal(asked.exitCode, 3)
      assert.match(asked.stdout, /\ba\b.*Running/)
      assert.match(asked.stderr, /Delete 1 job\? \[y\/N\] /)
      assert.match(asked.stderr, /Nothing was done/)
      assert.deepEqual(phases(), untouched)
    }

    const asked = await run(['delete', '--name', 'a'], { columns: 80, answers: ['y'] })
    assert.equal(asked.exitCode, 0, asked.stderr)
    assert.deepEqual(phases(), untouched.slice(1))
  })

  it('refuse where nobody can be asked, unless told --yes', async () => {
    const refused = await run(['stop', '--phase', 'running'])
    assert.equal(refused.exitCode, 2)
    assert.match(refused.stderr, /2 jobs.*nobody to ask.*--dry-run.*--yes/s)
    assert.deepEqual(phases(), untouched)

    const stopped = await run(['stop', '--phase', 'running', '--yes', '-o', 'json'])
    assert.equal(stopped.exitCode, 0, stopped.stderr)
    assert.deepEqual(
      JSON.parse(stopped.stdout).map(({ name, result }: { name: string; result: string }) => [name, result]),
      [
        ['a', 'Terminating'],
        ['other', 'Terminating'],
      ],
    )
    assert.equal(phases()[1], 'b Pending')
  })

  it('go on after a refusal, tell it for its job, and exit 3', async () => {
    const run3 = await run(['stop', 'c', 'a', 'b'])

    assert.equal(run3.exitCode, 3)
    assert.match(run3.stdout, /c +refused\n.* a +Terminating\n.* b +Terminating\n$/)
    assert.match(
      run3.stderr,
      /^c: The job has ended\. \(ModelArts\.2796\)\nerror: 1 of 3 jobs were refused\./,
    )
    assert.deepEqual((await run(['delete', 'a', 'b', 'c', '-o', 'ids'])).stdout.split('\n').length, 4)
  })

  it('take a job that is named twice once', async () => {
    assert.equal((await run(['delete', 'a', 'a'])).exitCode, 0)
  })

  it('say so when nothing matches', async () => {
    const none = await run(['stop', '--name', 'nowhere'])
    assert.deepEqual([none.exitCode, none.stderr], [0, 'no job to stop matches\n'])
  })

  for (const args of [[], ['a', '--phase', 'running'], ['--where', 'phase = Sleeping'], ['nowhere']]) {
    it(`touch nothing for ${JSON.stringify(args)}`, async () => {
      const wrong = await run(['delete', ...args, '--yes'])
      assert.equal(wrong.exitCode, args[0] === 'nowhere' ? 3 : 2, wrong.stderr)
      assert.deepEqual(phases(), untouched)
    })
  }
})
