import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { type CliScreen, runCli } from '../../test/support/run-cli.ts'
import { aWireJob, startWireServer, type WireServer } from '../../test/support/wire-server.ts'
import { Session, TrainingJob } from '../sdk/node/index.ts'
import { findTail } from './log-tail.ts'

let server: WireServer

before(async () => {
  server = await startWireServer()
})
after(() => server.close())
afterEach(() => {
  server.intercept = () => undefined
  server.requests.length = 0
  server.jobs.length = 0
  server.logs.clear()
})

const run = (line: string, screen: CliScreen = {}) => runCli(server, line.split(' '), screen)

const ID = '0b6a7c5e-0d1f-4a53-9a53-6f0f2a1d9c11'

const aJob = (tasks: string[] = ['worker-0']) =>
  server.jobs.push(aWireJob({ id: ID, metadata: { name: 'a' }, status: { tasks } }))

describe('the end of a log', () => {
  const job = () => {
    const { endpoint, projectId, accessKey, secretKey } = server
    return new TrainingJob({
      session: new Session({ endpoint, projectId, accessKey, secretKey, env: {} }),
      jobId: ID,
    })
  }
  /** What `tail -n` would print. */
  const expected = (text: string, count: number): string => {
    if (count === 0) return ''
    const lines = text.split(/(?<=\n)/)
    return lines.slice(-count).join('')
  }
  const tailOf = async (text: string, count: number): Promise<string> => {
    server.logs.set(`${ID}/worker-0`, Buffer.from(text))
    const at = await findTail(job(), 'worker-0', count)
    return Buffer.from(text)
      .subarray(at ?? 0)
      .toString()
  }

  it('is found as tail would find it', async () => {
    aJob()
    for (const [text, count] of [
      ['a\nb\nc', 2],
      ['a\nb\nc\n', 1],
      ['a\nb\n', 5],
      ['a\n\n\n', 2],
      ['\na\n', 1],
      ['a', 1],
      ['\n', 1],
      ['a\nb\n', 0],
    ] as const) {
      assert.equal(await tailOf(text, count), expected(text, count), JSON.stringify([text, count]))
    }
  })

  it('is found across the parts that are looked through', async () => {
    aJob()
    const line = fc
      .tuple(fc.nat(40_000), fc.boolean())
      .map(([length, isLast]) => 'ü'.repeat(length / 2) + (isLast ? '\n' : '\n\n'))
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1, maxLength: 12 }),
        fc.nat(20),
        fc.boolean(),
        async (lines, count, isOpen) => {
          const text = lines.join('') + (isOpen ? 'rest' : '')
          assert.ok((await tailOf(text, count)) === expected(text, count))
        },
      ),
      { numRuns: 25 },
    )
  })

  it('reads nothing of what is before', async () => {
    aJob()
    server.logs.set(`${ID}/worker-0`, Buffer.from('x'.repeat(79).concat('\n').repeat(100_000)))

    assert.equal((await run('logs a --tail 3')).stdout.split('\n').length, 4)

    const asked = server
      .sent('GET', '/files/')
      .map(({ headers }) => Number(/\d+/.exec(headers['range'] ?? '')?.[0]))
    assert.ok(Math.min(...asked) > 7_900_000, String(asked))
  })
})

describe('logs of several tasks', () => {
  const write = (task: string, text: string) => server.logs.set(`${ID}/${task}`, Buffer.from(text))

  it('come one after another, each line behind its task', async () => {
    aJob(['worker-0', 'worker-1', 'worker-2'])
    write('worker-0', 'one\ntwo')
    write('worker-1', '10%\r20%\r\n\u00e4\n')

    assert.equal(
      (await run('logs a')).stdout,
      '[worker-0] one\n[worker-0] two\n[worker-1] 20%\n[worker-1] ä\n',
    )
    assert.equal((await run('logs a --tail 1')).stdout, '[worker-0] two\n[worker-1] ä\n')
    assert.equal((await run('logs a worker-1 --tail 1')).stdout, 'ä\n')
  })

  it('come as they are written while following, until the job ends', async () => {
    aJob(['worker-0', 'worker-1'])
    write('worker-0', 'one\n')
    write('worker-1', 'eins\n')
    let links = 0
    server.intercept = ({ path }) => {
      if (!path.endsWith('/logs/url')) return undefined
      links += 1
      if (links === 2) {
        write('worker-0', 'one\ntwo\n')
        write('worker-1', 'eins\nzwei\n')
        server.setPhase(ID, 'Completed')
      }
      return undefined
    }

    const { stdout, exitCode } = await run('logs a -f')

    assert.equal(exitCode, 0)
    const of = (task: string) => stdout.split('\n').filter((line) => line.startsWith(`[${task}] `))
    assert.deepEqual(of('worker-0'), ['[worker-0] one', '[worker-0] two'])
    assert.deepEqual(of('worker-1'), ['[worker-1] eins', '[worker-1] zwei'])
    assert.equal(stdout.split('\n').length, 5)
  })

  it('say when there is nothing yet', async () => {
    aJob(['worker-0', 'worker-1'])

    const { stdout, stderr, exitCode } = await run('logs a')

    assert.deepEqual([exitCode, stdout], [0, ''])
    assert.match(stderr, /tasks have written nothing yet \(Running\)/)
  })
})
