import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cp, mkdtemp, open, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Estimator, type Session, TrainingJob } from '../../src/sdk/node/index.ts'
import { runMain } from '../support/run-main.ts'
import { makeDataDirectory, removeDirectory, ServerProcess, until } from '../support/server-process.ts'

/** A program that writes its first output. */
const WRITES_A_RESULT = [
  `directory=$(printf '%s' "$MA_OUTPUTS" | sed 's/.*"local_dir":"\\([^"]*\\)".*/\\1/')`,
  'echo "result of $MA_VJ_NAME" > "$directory/result.txt"',
  'echo done',
].join('; ')

describe('backup and restore', () => {
  let work: string
  let data: string
  let file: string
  let server: ServerProcess
  let runningId = ''

  const submit = (session: Session, name: string, command: string, hasOutput = false): Promise<TrainingJob> =>
    TrainingJob.create(session, {
      metadata: { name },
      algorithm: {
        command,
        engine: { engine_id: 'command' },
        ...(hasOutput
          ? { outputs: [{ name: 'train_url', remote: { obs: { obs_url: `obs://lab/${name}/` } } }] }
          : {}),
      },
      spec: { resource: { flavor_id: 'yard.cpu.1' } },
    })

  /** What must be the same in a restored server: finished jobs whole, objects by checksum, a log. */
  const contentOf = async (session: Session) => {
    const { items } = await Estimator.getJobList({ session, limit: 50, sortBy: 'name', order: 'asc' })
    const finished = items.filter(({ status }) => ['Completed', 'Failed'].includes(status.phase))
    const objects: string[] = []
    for await (const entry of session.obs.list('obs://lab/', { recursive: true })) {
      if (entry.kind === 'object') objects.push(`${entry.url} ${entry.info.checksum}`)
    }
    const good = finished.find(({ metadata }) => metadata.name === 'good-1')
    const log = await new TrainingJob({ session, jobId: good?.metadata.id ?? '' }).getJobLog()
    return { finished, objects, log: log.content }
  }

  const phaseOf = async (session: Session, jobId: string): Promise<string> =>
    (await new TrainingJob({ session, jobId }).getJobInfo()).status.phase

  before(async () => {
    work = await mkdtemp(join(tmpdir(), 'trainyard-backup-'))
    file = join(work, 'yard.tar')
    data = await makeDataDirectory('local: { cpus: 4 }\nlimits: { stop_grace_seconds: 1 }\n')
    server = await ServerProcess.start(data)
    const session = server.session()
    await session.obs.put('obs://lab/data/numbers.txt', '1 2 3')
    for (const name of ['good-1', 'good-2']) {
      await (await submit(session, name, WRITES_A_RESULT, true)).waitForCompletion()
    }
    await (await submit(session, 'bad', 'echo oops; exit 3')).waitForCompletion().catch(() => undefined)
    runningId = (await submit(session, 'running', 'for i in $(seq 3000); do echo line $i; sleep 0.02; done'))
      .jobId
    await until('running', async () => (await phaseOf(server.session(), runningId)) === 'Running')
  })

  const stopRunning = async (): Promise<void> => {
    const last = await ServerProcess.start(data)
    await new TrainingJob({ session: last.session(), jobId: runningId }).stop()
    await until('the job has ended', async () => (await phaseOf(last.session(), runningId)) === 'Terminated')
    await last.end()
  }

  after(async () => {
    await server.end()
    if (runningId !== '') await stopRunning()
    await removeDirectory(data)
    await removeDirectory(work)
  })

  it('makes a server that lists the same, while the first goes on', async () => {
    const made = await runMain(['backup', file, '--data', data])
    const expected = await contentOf(server.session())
    const copy = join(work, 'restored')
    const restored = await runMain(['restore', file, '--data', copy])

    assert.deepEqual([made.code, restored.code], [0, 0], made.stderr + restored.stderr)
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.equal((await stat(copy)).mode & 0o777, 0o700)
    assert.deepEqual((await readdir(work)).sort(), ['restored', 'yard.tar'])
    const second = await ServerProcess.start(copy)
    try {
      assert.deepEqual(await contentOf(second.session()), expected)
      assert.equal(expected.finished.length, 3)
      assert.ok(expected.objects.some((text) => text.includes('good-1/result.txt')))
      assert.match(expected.log, /done/)
      const lost = await until('lost', async () => {
        const { items } = await Estimator.getJobList({ session: second.session() })
        const job = items.find(({ metadata }) => metadata.name === 'running')
        return job?.status.phase === 'Abnormal' ? job : undefined
      })
      assert.equal(lost.status.secondary_phase, 'Lost')
    } finally {
      await second.end()
    }
    assert.equal(await phaseOf(server.session(), runningId), 'Running')
  })

  it('finds the running jobs again where the directory is the same and its processes live', async () => {
    // What the restore of a machine is: the files of the backup in the old place, beside the runs that go on.
    const again = join(work, 'again.tar')
    assert.equal((await runMain(['backup', again, '--data', data])).code, 0)
    await server.end('SIGKILL')
    const copy = join(work, 'same-place')
    assert.equal((await runMain(['restore', again, '--data', copy])).code, 0)
    for (const name of ['trainyard.db', 'trainyard.db-wal', 'trainyard.db-shm', 'objects']) {
      await removeDirectory(join(data, name))
    }
    await cp(join(copy, 'trainyard.db'), join(data, 'trainyard.db'))
    await cp(join(copy, 'objects'), join(data, 'objects'), { recursive: true })

    server = await ServerProcess.start(data)

    await until('looked at', async () => (await fetch(`${server.url}/readyz`)).status === 200)
    assert.equal(await phaseOf(server.session(), runningId), 'Running')
  })

  it('is readable with the tools of the system', async () => {
    const folder = await mkdtemp(join(work, 'x-'))
    execFileSync('tar', ['-xf', file, '-C', folder])

    const checked = execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: folder, encoding: 'utf8' })

    assert.match(checked, /trainyard\.db: OK/)
    assert.doesNotMatch(checked, /FAILED/)
  })

  it('refuses a damaged, a cut and a foreign file, and leaves the directory empty', async () => {
    const whole = await readFile(file)
    const at = whole.indexOf('SQLite format 3') + 200
    const flipped = Buffer.from(whole)
    flipped[at] = (flipped[at] ?? 0) ^ 1
    const target = join(work, 'refused')
    for (const [name, bytes, words] of [
      ['flipped', flipped, /does not have its checksum/],
      ['cut', whole.subarray(0, whole.length - 2048), /cut off|checksums/],
      ['foreign', Buffer.alloc(20_000, 'no tar '), /damaged/],
      ['empty', Buffer.alloc(0), /cut off/],
    ] as const) {
      await writeFile(join(work, `${name}.bad`), bytes)
      const { code, stderr } = await runMain(['restore', join(work, `${name}.bad`), '--data', target])
      assert.equal(code, 2, name)
      assert.match(stderr, words)
      assert.deepEqual(await readdir(target), [])
    }
  })

  it('writes over nothing', async () => {
    const taken = await runMain(['backup', file, '--data', data])
    const full = await runMain(['restore', file, '--data', data])
    const nothing = await runMain(['backup', join(work, 'none.tar'), '--data', join(work, 'nowhere')])

    assert.deepEqual([taken.code, full.code, nothing.code], [2, 2, 2])
    assert.match(taken.stderr, /is there already/)
    assert.match(full.stderr, /is not empty/)
    assert.match(nothing.stderr, /not a data directory/)
  })

  it('leaves nothing behind when it cannot be written', async () => {
    const before = (await readdir(work)).sort()
    // The object index is no database for a moment: a backup must fail whole.
    const broken = join(work, 'broken')
    await cp(join(work, 'restored'), broken, { recursive: true })
    const handle = await open(join(broken, 'objects/index.db'), 'r+')
    await handle.write(Buffer.alloc(100, 'x'), 0, 100, 0)
    await handle.close()

    const { code } = await runMain(['backup', join(work, 'partial.tar'), '--data', broken])

    assert.notEqual(code, 0)
    assert.deepEqual((await readdir(work)).filter((name) => name !== 'broken').sort(), before)
  })
})
