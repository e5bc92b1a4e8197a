import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { MemoryObjectStore } from '../../../test/support/memory-object-store.ts'
import { aRun } from '../../../test/support/task-builder.ts'
import type { EventRecord } from '../../domain/job-record.ts'
import type { TaskObservation } from '../../domain/observation.ts'
import type { RunSpec, TaskSpec } from '../../domain/task-spec.ts'
import type { ObjectRef } from '../../objects/object-store.ts'
import type { RunRef } from '../executor.ts'
import { LocalExecutor, type LocalExecutorOptions } from './local-executor.ts'

const PYTHON = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], {
  encoding: 'utf8',
}).stdout.trim()
const PROJECT = 'p1'
const capacity = { cores: 4, memoryBytes: 8 * 1024 ** 3, gpus: 0, npus: 0 }

/** What one test works with. Everything it started is ended afterwards, whatever came of it. */
interface Bench {
  readonly directory: string
  readonly objects: MemoryObjectStore
  readonly executors: LocalExecutor[]
  readonly events: EventRecord[]
}

let bench: Bench

beforeEach(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'local-executor-'))
  bench = { directory, objects: new MemoryObjectStore(), executors: [], events: [] }
})

afterEach(async () => {
  for (const executor of bench.executors) await executor.close()
  const last = new LocalExecutor(optionsOf({}))
  await last.sweep(new Set())
  await last.close()
  await rm(bench.directory, { recursive: true, force: true })
})

const optionsOf = (overrides: Partial<LocalExecutorOptions>): LocalExecutorOptions => ({
  root: join(bench.directory, 'runs'),
  logRoot: join(bench.directory, 'logs'),
  objects: bench.objects,
  capacity,
  graceMs: 5_000,
  uploadPeriodMs: 100,
  ...overrides,
})

const anExecutor = (overrides: Partial<LocalExecutorOptions> = {}): LocalExecutor => {
  const executor = new LocalExecutor(optionsOf(overrides))
  executor.onEvent((event) => bench.events.push(event))
  bench.executors.push(executor)
  return executor
}

const put = async (key: string, text: string, bucket = 'data'): Promise<void> => {
  await bench.objects.put({ projectId: PROJECT, bucket, key }, bytesOf(text))
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

const get = async (key: string, bucket = 'data'): Promise<string | undefined> => {
  const ref: ObjectRef = { projectId: PROJECT, bucket, key }
  const found = await bench.objects.read(ref)
  if (!found) return undefined
  const chunks: Uint8Array[] = []
  for await (const chunk of found.content) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

const refOf = (run: RunSpec): RunRef => ({
  jobId: run.jobId,
  projectId: run.projectId,
  attempt: run.attempt,
  tasks: run.tasks.map(({ task }) => task),
})

const look = async (executor: LocalExecutor, run: RunSpec): Promise<TaskObservation[]> =>
  (await executor.observe([refOf(run)])).get(run.jobId) ?? []

/** Asks again until the answer is as wanted. */
const until = async <T>(
  ask: () => T | Promise<T>,
  wanted: (answer: T) => boolean,
  limitMs = 20_000,
): Promise<T> => {
  const deadline = Date.now() + limitMs
  for (;;) {
    const answer = await ask()
    if (wanted(answer)) return answer
    if (Date.now() > deadline) assert.fail(`not within ${limitMs} ms; last answer: ${JSON.stringify(answer)}`)
    await sleep(20)
  }
}

const all = (state: TaskObservation['state']) => (seen: TaskObservation[]) =>
  seen.every((task) => task.state === state)
const isOver = (seen: TaskObservation[]): boolean =>
  seen.every(({ state }) => state === 'ended' || state === 'lost')

const runToEnd = async (executor: LocalExecutor, run: RunSpec): Promise<TaskObservation[]> => {
  await executor.start(run)
  return until(() => look(executor, run), isOver)
}

const command = (text: string): Partial<TaskSpec> => ({ program: { kind: 'command', command: text } })

const logOf = async (executor: LocalExecutor, run: RunSpec, task = 'worker-0'): Promise<string> => {
  const { file } = await executor.log(run.jobId, task)
  return file === null ? '' : readFile(file, 'utf8')
}

const attemptPath = (run: RunSpec): string => join(bench.directory, 'runs', run.jobId, String(run.attempt))

const messages = (): string[] => bench.events.map(({ message }) => message)

const isAlive = (pid: number): boolean => {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
  return stdout.trim() !== '' && !stdout.startsWith('Z')
}

const train = { kind: 'boot_file', interpreter: PYTHON, bootFile: 'train.py' } as const
const code = {
  place: { bucket: 'code', key: 'src/' },
  directory: '/home/ma-user/modelarts/user-job-dir/src',
}
const withCode = { program: train, code, workingDirectory: code.directory } satisfies Partial<TaskSpec>
const output = {
  name: 'train_url',
  place: { bucket: 'data', key: 'out/' },
  directory: '/home/ma-user/modelarts/outputs/train_url_0',
  access: 'parameter',
} as const
const outputVariable = { ...output, access: 'env', name: 'OUT' } as const
const input = {
  name: 'data_url',
  place: { bucket: 'data', key: 'in/' },
  directory: '/home/ma-user/modelarts/inputs/data_url_0',
  access: 'parameter',
} as const

describe('running a task', () => {
  it('runs a Python program with its code, input, parameters and output', async () => {
    await put('src/train.py', 'import helper, sys; helper.go(sys.argv[1:])', 'code')
    await put(
      'src/helper.py',
      `
import argparse, os
def go(argv):
    p = argparse.ArgumentParser()
    for name in ('data_url', 'train_url', 'lr'): p.add_argument('--' + name)
    a, _ = p.parse_known_args(argv)
    rows = open(os.path.join(a.data_url, 'deep/rows.txt')).read()
    with open(os.path.join(a.train_url, 'model.txt'), 'w') as f: f.write(a.lr + ' ' + rows)
    print('cwd', os.path.basename(os.getcwd()))
`,
      'code',
    )
    await put('in/deep/rows.txt', 'one two')
    const executor = anExecutor()
    const run = aRun({
      ...withCode,
      inputs: [input],
      outputs: [output],
      parameters: [{ name: 'lr', value: '$0.1' }],
    })

    const [seen] = await runToEnd(executor, run)

    assert.equal(seen?.state, 'ended')
    assert.equal(seen.exitCode, 0, await logOf(executor, run))
    assert.ok((seen.startedAt ?? 0) <= (seen.endedAt ?? 0))
    assert.ok(Math.abs(Date.now() - (seen.endedAt ?? 0)) < 60_000)
    assert.equal(await get('out/model.txt'), '$0.1 one two')
    assert.equal(await logOf(executor, run), 'cwd src\n')
    const said = messages().map((message) => message.replace(/\d+\.\d{3}s/, 'ns'))
    assert.deepEqual(
      said.filter((message) => !message.includes('[time')),
      [
        '[worker-0] Code is being downloaded.',
        '[worker-0] Input (parameter name: data_url) is being downloaded.',
        '[worker-0] Output (parameter name: train_url) is being uploaded.',
      ],
    )
    assert.ok(
      said.includes('[worker-0] Input (parameter name: data_url) downloaded: 1 files, 7 B. [time used: ns]'),
    )
    assert.ok(said.some((message) => /^\[worker-0\] Output .* uploaded: .* \[time used: ns\]$/.test(message)))
  })

  it('reports exit codes and signals', async () => {
    for (const [text, exitCode] of [
      ['exit 3', 3],
      ['kill -SEGV $$', 139],
    ] as const) {
      const executor = anExecutor()
      const run = aRun({ jobId: `job-${exitCode}`, ...command(`ulimit -c 0; ${text}`) })
      const [seen] = await runToEnd(executor, run)
      assert.equal(seen?.exitCode, exitCode)
      assert.equal(seen.trouble, undefined)
    }
  })

  it('builds the environment from nothing', async () => {
    process.env['SERVER_SECRET'] = 'hunter2'
    try {
      const executor = anExecutor()
      const run = aRun({ ...command('env'), environments: { MINE: 'yes', VC_WORKER_NUM: '7' } })
      await runToEnd(executor, run)
      const log = await logOf(executor, run)
      assert.doesNotMatch(log, /hunter2|SERVER_SECRET/)
      assert.match(log, /^MINE=yes$/m)
      assert.match(log, /^VC_WORKER_NUM=1$/m)
      assert.ok(messages().includes('[worker-0] Variable VC_WORKER_NUM is reserved.'))
    } finally {
      delete process.env['SERVER_SECRET']
    }
  })

  it('shows no value of a variable to other accounts', async () => {
    const executor = anExecutor()
    const run = aRun({ ...command('sleep 60'), environments: { TOKEN: 'hunter2' } })
    await executor.start(run)
    await until(() => look(executor, run), all('running'))

    const { stdout } = spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
    assert.doesNotMatch(stdout, /hunter2/)
    for (const name of ['run.json', 'worker-0/control/task.sh'])
      assert.equal((await stat(join(attemptPath(run), name))).mode & 0o077, 0)
    assert.equal((await stat(attemptPath(run))).mode & 0o077, 0)
  })

  it('gives tasks a directory for temporary files that is short enough for sockets', async () => {
    const executor = anExecutor({ root: join(bench.directory, 'a-rather-long-name'.repeat(6)) })
    await put(
      'src/train.py',
      'import multiprocessing as m\nif __name__ == "__main__": print(m.Manager().list([7]))',
      'code',
    )
    const run = aRun(withCode)
    const [seen] = await runToEnd(executor, run)

    assert.equal(seen?.exitCode, 0, await logOf(executor, run))
    const links = async (): Promise<string[]> =>
      (await readdir(tmpdir())).filter((name) => name.startsWith('trainyard-'))
    const before = await links()
    await executor.release(refOf(run))
    assert.equal((await links()).length, before.length - 1)
  })

  it('starts no program before every task is prepared', async () => {
    const slow = new (class extends MemoryObjectStore {
      readonly gate = Promise.withResolvers<void>()
      override async download(ref: ObjectRef, file: string) {
        if (ref.key === 'slow/x') await this.gate.promise
        return super.download(ref, file)
      }
    })()
    bench = { ...bench, objects: slow }
    await put('slow/x', 'x')
    const executor = anExecutor()
    const run = aRun(command('true'), 2)
    const held = { ...input, place: { bucket: 'data', key: 'slow/' } }
    const gang = {
      ...run,
      tasks: run.tasks.map((task, index) => (index === 1 ? { ...task, inputs: [held] } : task)),
    }
    await executor.start(gang)

    await until(() => existsSync(join(attemptPath(run), 'worker-0/control/task.sh')), Boolean)
    await sleep(200)
    assert.ok(all('preparing')(await look(executor, gang)))
    assert.equal(existsSync(join(attemptPath(run), 'worker-0/control/claim')), false)

    slow.gate.resolve()
    const seen = await until(() => look(executor, gang), isOver)
    assert.deepEqual(
      seen.map(({ exitCode }) => exitCode),
      [0, 0],
    )
  })

  it('runs two tasks at the same time, each knowing the other', async () => {
    const executor = anExecutor()
    const meet =
      'touch "$MEET/$VC_TASK_INDEX"; until [ -e "$MEET/0" ] && [ -e "$MEET/1" ]; do sleep 0.05; done; echo $VC_WORKER_HOSTS'
    const run = aRun({ ...command(meet), environments: { MEET: bench.directory } }, 2)
    const seen = await runToEnd(executor, run)

    assert.deepEqual(
      seen.map(({ exitCode }) => exitCode),
      [0, 0],
    )
    assert.equal(await logOf(executor, run, 'worker-1'), '127.0.0.1,127.0.0.1\n')
  })
})

describe('what must be there', () => {
  it('fails a task whose input is missing, and starts nothing', async () => {
    const executor = anExecutor()
    const run = aRun({ ...command('echo ran'), inputs: [input] }, 2)
    await executor.start(run)

    const seen = await until(
      async () => (await look(executor, run)).find(({ state }) => state === 'ended'),
      (task) => task !== undefined,
    )
    assert.equal(seen?.exitCode, 255)
    assert.equal(seen.trouble?.reason, 'preparation_failed')
    assert.match(
      seen.trouble.message,
      /Input \(parameter name: data_url\) download failed: nothing is at \/data\/in\//,
    )
    assert.equal(seen.startedAt, undefined)
    assert.match(
      await logOf(executor, run, seen.task),
      /^\[ModelArts Service Log\]\[ERROR\]\[.*nothing is at/,
    )

    await executor.stop(refOf(run))
    await until(() => look(executor, run), isOver)
    for (const { task } of run.tasks) assert.doesNotMatch(await logOf(executor, run, task), /^ran$/m)
  })

  it('takes a place that names an object as that file, and an empty directory as one', async () => {
    await put('in/one.txt', 'first')
    await put('in/one.txt.bak', 'other')
    await put('empty/', '')
    const executor = anExecutor()
    const one = {
      ...input,
      name: 'ONE',
      access: 'env',
      place: { bucket: 'data', key: 'in/one.txt' },
    } as const
    const empty = {
      ...one,
      name: 'EMPTY',
      directory: '/cache/empty',
      place: { bucket: 'data', key: 'empty/' },
    }
    const run = aRun({ ...command('ls -A "$ONE" "$EMPTY" | grep -v :; cat "$ONE"/*'), inputs: [one, empty] })
    const [seen] = await runToEnd(executor, run)

    assert.equal(seen?.exitCode, 0)
    assert.equal((await logOf(executor, run)).trim().replace(/\n+/g, ' '), 'one.txt first')
  })

  it('lets a program change its inputs without changing what is stored', async () => {
    await put('in/a.txt', 'stored')
    const run = aRun({
      ...command('echo changed >"$DATA"/a.txt'),
      inputs: [{ ...input, access: 'env', name: 'DATA' }],
    })
    const [seen] = await runToEnd(anExecutor(), run)
    assert.equal(seen?.exitCode, 0)
    assert.equal(await get('in/a.txt'), 'stored')
  })

  it('reports what fails before the program', async () => {
    await put('src/train.py', 'print("ran")', 'code')
    await put('src/ma-pre-start.sh', 'exit 4', 'code')
    const executor = anExecutor()
    const run = aRun(withCode)
    const [seen] = await runToEnd(executor, run)

    assert.equal(seen?.exitCode, 255)
    assert.deepEqual(seen.trouble, {
      reason: 'preparation_failed',
      message: 'ma-pre-start.sh ended with exit code 4.',
    })
  })

  it('tells of packages', async () => {
    await put('src/train.py', '', 'code')
    await put('src/pip-requirements.txt', '# none\n', 'code')
    const [seen] = await runToEnd(anExecutor(), aRun(withCode))

    assert.equal(seen?.exitCode, 0)
    const said = messages().filter((message) => message.includes('Packages'))
    assert.equal(said[0], '[worker-0] Packages are being installed.')
    assert.match(said[1] ?? '', /^\[worker-0\] Packages installed\. \[time used: \d+\.\d{3}s\]$/)
  })
})

describe('outputs', () => {
  it('are sent while the program runs, and again when it is over', async () => {
    const executor = anExecutor()
    const run = aRun({
      ...command(
        'mkdir "$OUT"/d; echo early >"$OUT"/d/a.txt; while [ ! -e "$OUT"/go ]; do sleep 0.05; done; echo late >"$OUT"/d/a.txt',
      ),
      outputs: [outputVariable],
    })
    await executor.start(run)
    await until(
      () => get('out/d/a.txt'),
      (text) => text === 'early\n',
    )
    await writeFile(join(attemptPath(run), 'worker-0/sandbox', output.directory, 'go'), '')
    await until(() => look(executor, run), isOver)

    assert.equal(await get('out/d/a.txt'), 'late\n')
  })

  it('are sent while the program runs also when the clock was set back', async () => {
    let setBackMs = 0
    const executor = anExecutor({ clock: () => Date.now() - setBackMs })
    const wait = 'while [ ! -e "$OUT"/go ]; do sleep 0.05; done'
    const run = aRun({
      ...command(`${wait}; echo x >"$OUT"/a.txt; sleep 300`),
      outputs: [outputVariable],
    })
    await executor.start(run)
    await until(() => look(executor, run), all('running'))
    setBackMs = 3_600_000
    await writeFile(join(attemptPath(run), 'worker-0/sandbox', output.directory, 'go'), '')

    await until(
      () => get('out/a.txt'),
      (text) => text === 'x\n',
    )
  })

  it('are sent also after a failure', async () => {
    const run = aRun({ ...command('echo half >"$OUT"/a.txt; exit 5'), outputs: [outputVariable] })
    const [seen] = await runToEnd(anExecutor({ uploadPeriodMs: 30_000 }), run)
    assert.equal(seen?.exitCode, 5)
    assert.ok((seen.finishedAt ?? 0) >= (seen.endedAt ?? Number.NaN), 'the task ends with its last upload')
    assert.equal(await get('out/a.txt'), 'half\n')
  })

  it('follow links inside their directory only, and circles end', async () => {
    const links =
      'echo x >"$OUT"/a; ln -s a "$OUT"/b; ln -s . "$OUT"/loop; ln -s /etc/hostname "$OUT"/outside; ln -s gone "$OUT"/broken; mkfifo "$OUT"/pipe'
    const run = aRun({ ...command(links), outputs: [outputVariable] })
    const [seen] = await runToEnd(anExecutor(), run)

    assert.equal(seen?.exitCode, 0)
    const query = { projectId: PROJECT, bucket: 'data', prefix: '', delimiter: '', limit: 1000, after: '' }
    const { objects } = await bench.objects.list(query)
    assert.deepEqual(
      objects.map(({ key }) => key),
      ['out/a', 'out/b'],
    )
  })

  it('that cannot be sent fail the task, with its exit code kept', async () => {
    bench = {
      ...bench,
      objects: new (class extends MemoryObjectStore {
        override async upload(): Promise<never> {
          throw new Error('the store is away')
        }
      })(),
    }
    const executor = anExecutor()
    const run = aRun({ ...command('echo x >"$OUT"/a.txt'), outputs: [outputVariable] })
    await executor.start(run)
    const [seen] = await until(() => look(executor, run), isOver)

    assert.equal(seen?.exitCode, 0)
    assert.equal(seen.trouble?.reason, 'upload_failed')
    assert.match(seen.trouble.message, /Output \(parameter name: OUT\) upload failed: the store is away/)
    assert.ok(
      bench.events.some(({ level, message }) => level === 'Error' && message.includes('the store is away')),
    )
  })

  it('of an attempt before are there for the next', async () => {
    await put('out/step.txt', '41')
    const executor = anExecutor()
    const run = aRun({ ...command('cat "$OUT"/step.txt'), attempt: 2, outputs: [outputVariable] })
    await runToEnd(executor, run)
    assert.match(
      await logOf(executor, run),
      /^\[ModelArts Service Log\]\[INFO\]\[\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d,\d{3}\] Attempt 2 of worker-0 begins\.\n41$/,
    )
  })
})

describe('logs', () => {
  it('are exported where the job wants them', async () => {
    const executor = anExecutor()
    const run = aRun({ ...command('echo hello'), logExport: { bucket: 'data', key: 'logs/' } })
    await runToEnd(executor, run)
    assert.equal(await get(`logs/modelarts-job-${run.jobId}-worker-0.log`), 'hello\n')
  })

  it('are cut at their limit, and the program goes on', async () => {
    const executor = anExecutor({ logLimitBytes: 2_000 })
    const run = aRun(command('i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; exit 6'))
    const [seen] = await runToEnd(executor, run)

    assert.equal(seen?.exitCode, 6)
    const log = await logOf(executor, run)
    assert.ok(log.length <= 2_000)
    assert.match(log, /^line 0\n/)
    assert.match(log, /\[WARNING\]\[.*\] Log limit of 2000 bytes reached, further lines dropped\.\n$/)
    assert.equal(messages().filter((message) => message.includes('Log limit reached')).length, 1)
  })

  it('are absent until something is written', async () => {
    const executor = anExecutor()
    const run = aRun(command('true'))
    assert.deepEqual(await executor.log(run.jobId, 'worker-0'), { file: null })
    await runToEnd(executor, run)
    assert.deepEqual(await executor.log(run.jobId, 'worker-0'), { file: null })
    assert.deepEqual(await executor.log(run.jobId, '../../etc/passwd'), { file: null })
  })
})

describe('stopping', () => {
  it('ends a program by SIGTERM, and the last upload still happens', async () => {
    const executor = anExecutor()
    const text =
      'trap "echo saved >\\"$OUT\\"/checkpoint; exit 8" TERM; echo ready; while :; do sleep 0.05; done'
    const run = aRun({ ...command(text), outputs: [outputVariable] })
    await executor.start(run)
    await until(
      () => logOf(executor, run),
      (log) => log.includes('ready'),
    )
    await executor.stop(refOf(run))
    await executor.stop(refOf(run))

    const [seen] = await until(() => look(executor, run), isOver)
    assert.equal(seen?.exitCode, 8)
    assert.equal(await get('out/checkpoint'), 'saved\n')
  })

  it('kills a program that ignores SIGTERM after the grace time', async () => {
    const executor = anExecutor({ graceMs: 300 })
    const run = aRun(command('trap "" TERM; echo ready; while :; do sleep 0.05; done'))
    await executor.start(run)
    await until(
      () => logOf(executor, run),
      (log) => log.includes('ready'),
    )
    await executor.stop(refOf(run))

    const [seen] = await until(() => look(executor, run), isOver)
    assert.equal(seen?.exitCode, 137)
  })

  it('goes on where nothing can be written down, as on a full disk, and says so', async () => {
    const executor = anExecutor({ graceMs: 300 })
    const run = aRun(command('trap "" TERM; echo ready; while :; do sleep 0.05; done'))
    await executor.start(run)
    await until(
      () => logOf(executor, run),
      (log) => log.includes('ready'),
    )
    // Directories in the place of files: no mark of the stop can be written.
    await mkdir(join(attemptPath(run), 'stopping.tmp'))
    await mkdir(join(attemptPath(run), 'worker-0/control/terminated.tmp'))
    await assert.rejects(executor.stop(refOf(run)), /EISDIR/)

    const [seen] = await until(() => look(executor, run), isOver)
    assert.equal(seen?.exitCode, 137)
  })

  it('counts the grace time also when the clock is set back', async () => {
    let setBackMs = 0
    const executor = anExecutor({ graceMs: 300, clock: () => Date.now() - setBackMs })
    const run = aRun(command('trap "" TERM; echo ready; while :; do sleep 0.05; done'))
    await executor.start(run)
    await until(
      () => logOf(executor, run),
      (log) => log.includes('ready'),
    )
    await executor.stop(refOf(run))
    setBackMs = 3_600_000

    const [seen] = await until(() => look(executor, run), isOver)
    assert.equal(seen?.exitCode, 137)
  })

  it('ends tasks that were not started yet, for good', async () => {
    const gate = Promise.withResolvers<void>()
    bench = {
      ...bench,
      objects: new (class extends MemoryObjectStore {
        override async download(ref: ObjectRef, file: string) {
          await gate.promise
          return super.download(ref, file)
        }
      })(),
    }
    await put('in/x', 'x')
    const executor = anExecutor()
    const run = aRun({ ...command('echo ran'), inputs: [input] })
    await executor.start(run)
    assert.ok(all('preparing')(await look(executor, run)))
    await executor.stop(refOf(run))
    gate.resolve()

    const [seen] = await until(() => look(executor, run), isOver)
    assert.deepEqual([seen?.state, seen?.exitCode, seen?.startedAt], ['ended', 143, undefined])
    await executor.start(run)
    assert.equal(await logOf(executor, run), '')
  })

  it('keeps a run from ever being started that is not there yet', async () => {
    const executor = anExecutor()
    const run = aRun(command('echo ran'))
    assert.deepEqual(await look(executor, run), [{ task: 'worker-0', state: 'absent' }])
    await executor.stop(refOf(run))
    await executor.start(run)

    const [seen] = await look(executor, run)
    assert.deepEqual([seen?.state, seen?.exitCode], ['ended', 143])
    assert.equal(existsSync(join(attemptPath(run), 'worker-0')), false)
  })

  it('ends what a program leaves behind, also in a session of its own', async () => {
    await put(
      'src/train.py',
      `
import subprocess
same = subprocess.Popen(['sleep', '300'])
own = subprocess.Popen(['sleep', '300'], start_new_session=True)
print(same.pid, own.pid, flush=True)
`,
      'code',
    )
    const executor = anExecutor()
    const run = aRun(withCode)
    const [seen] = await runToEnd(executor, run)

    assert.equal(seen?.exitCode, 0)
    const pids = (await logOf(executor, run)).trim().split(' ').map(Number)
    assert.equal(pids.length, 2)
    for (const pid of pids) assert.equal(isAlive(pid), false)
  })
})

describe('restarts of the server', () => {
  it('finds a program that still runs, and one that ended meanwhile', async () => {
    const first = anExecutor()
    const wait = 'while [ ! -e "$OUT"/go ]; do sleep 0.05; done; echo done >"$OUT"/a.txt; exit 4'
    const run = aRun({ ...command(wait), outputs: [outputVariable] })
    await first.start(run)
    const [before] = await until(() => look(first, run), all('running'))
    await first.close()

    const second = anExecutor()
    const [taken] = await look(second, run)
    assert.equal(taken?.state, 'running')
    assert.equal(taken.startedAt, before?.startedAt)
    await second.close()

    await writeFile(join(attemptPath(run), 'worker-0/sandbox', output.directory, 'go'), '')
    await until(() => existsSync(join(attemptPath(run), 'worker-0/control/exit_code')), Boolean)
    const third = anExecutor()
    const [seen] = await until(() => look(third, run), isOver)
    assert.equal(seen?.exitCode, 4)
    assert.equal(seen.startedAt, before?.startedAt)
    assert.equal(await get('out/a.txt'), 'done\n')
  })

  it('survives kill -9 of the server and starts nothing twice', async () => {
    const run = aRun(command('echo began; sleep 1; echo over; exit 9'), 2)
    const specFile = join(bench.directory, 'run.json')
    await writeFile(specFile, JSON.stringify(run))
    for (const delayMs of [0, 30, 120, 400]) {
      const server = spawn(
        process.execPath,
        [join(import.meta.dirname, '../../../test/support/executor-process.ts'), bench.directory, specFile],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
      try {
        await once(server.stdout, 'data')
        await sleep(delayMs)
      } finally {
        const gone = once(server, 'exit')
        server.kill('SIGKILL')
        await gone
      }
    }
    const executor = anExecutor()
    const seen = await until(() => look(executor, run), isOver)

    assert.deepEqual(
      seen.map(({ state, exitCode }) => [state, exitCode]),
      [
        ['ended', 9],
        ['ended', 9],
      ],
    )
    assert.equal(await logOf(executor, run), 'began\nover\n')
    assert.equal(await logOf(executor, run, 'worker-1'), 'began\nover\n')
  })

  it('goes on counting the grace time of a stop', async () => {
    const first = anExecutor({ graceMs: 600 })
    const run = aRun(command('trap "" TERM; echo ready; while :; do sleep 0.05; done'))
    await first.start(run)
    await until(
      () => logOf(first, run),
      (log) => log.includes('ready'),
    )
    await first.stop(refOf(run))
    await first.close()

    const second = anExecutor({ graceMs: 600 })
    const [seen] = await until(() => look(second, run), isOver)
    assert.equal(seen?.exitCode, 137)
  })

  it('prepares again what was half prepared', async () => {
    const run = aRun({ ...command('ls "$DATA"'), inputs: [{ ...input, access: 'env', name: 'DATA' }] })
    await put('in/a.txt', 'a')
    const half = join(attemptPath(run), 'worker-0/sandbox', input.directory)
    await mkdir(half, { recursive: true })
    await writeFile(join(half, 'torn.txt'), 'x')
    await writeFile(join(attemptPath(run), 'run.json'), JSON.stringify(run))

    const executor = anExecutor()
    const [seen] = await until(() => look(executor, run), isOver)
    assert.equal(seen?.exitCode, 0)
    assert.equal(await logOf(executor, run), 'a.txt\n')
  })

  it('reports as lost what left neither process nor exit code, and still sends its outputs', async () => {
    const executor = anExecutor()
    const run = aRun({ ...command('echo x >"$OUT"/a.txt; echo $PPID; sleep 300'), outputs: [outputVariable] })
    await executor.start(run)
    const log = await until(
      () => logOf(executor, run),
      (text) => text.trim() !== '',
    )
    process.kill(Number(log.trim()), 'SIGKILL')

    const [seen] = await until(() => look(executor, run), isOver)
    assert.equal(seen?.state, 'lost')
    assert.equal(seen.exitCode, undefined)
    assert.equal(await get('out/a.txt'), 'x\n')
  })

  it('reports as lost a start that came to nothing', async () => {
    const run = aRun(command('echo ran'))
    const control = join(attemptPath(run), 'worker-0/control')
    await mkdir(join(control, 'claim'), { recursive: true })
    await writeFile(join(attemptPath(run), 'run.json'), JSON.stringify(run))
    const executor = anExecutor({ clock: () => Date.now() + 60_000 })

    const [seen] = await until(() => look(executor, run), isOver)
    assert.equal(seen?.state, 'lost')
    assert.ok(existsSync(join(control, 'abandoned')))
  })

  it('prepares again what was prepared before the machine was started again', async () => {
    const run = aRun(command('echo ran'))
    await mkdir(attemptPath(run), { recursive: true })
    await writeFile(join(attemptPath(run), 'prepared'), '00000000-0000-0000-0000-000000000000')
    await writeFile(join(attemptPath(run), 'run.json'), JSON.stringify(run))

    const executor = anExecutor()
    await until(() => look(executor, run), isOver)
    assert.equal(await logOf(executor, run), 'ran\n')
  })

  it('lets no task join a run that had begun before the machine was started again', async () => {
    const run = aRun(command('echo ran'), 2)
    const control = join(attemptPath(run), 'worker-0/control')
    await mkdir(join(control, 'claim'), { recursive: true })
    await writeFile(join(control, 'pid'), `${process.pid} 1 00000000-0000-0000-0000-000000000000\n`)
    await writeFile(join(attemptPath(run), 'prepared'), '00000000-0000-0000-0000-000000000000')
    await writeFile(join(attemptPath(run), 'run.json'), JSON.stringify(run))

    const executor = anExecutor()
    const seen = await until(
      () => look(executor, run),
      ([first]) => first?.state === 'lost',
    )
    assert.equal(seen[1]?.state, 'preparing')
    await executor.stop(refOf(run))
    await until(() => look(executor, run), isOver)
    assert.equal(await logOf(executor, run, 'worker-1'), '')
  })

  it('takes a number used again by another process for a lost task', async () => {
    const bystander = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' })
    try {
      const run = aRun(command('true'))
      const control = join(attemptPath(run), 'worker-0/control')
      await mkdir(join(control, 'claim'), { recursive: true })
      const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
      await writeFile(join(control, 'pid'), `${bystander.pid} 1 ${bootId}\n`)
      await writeFile(join(control, 'program_started'), '')
      await writeFile(join(attemptPath(run), 'run.json'), JSON.stringify(run))
      const executor = anExecutor({ graceMs: 0 })
      await executor.stop(refOf(run))

      const [seen] = await until(() => look(executor, run), isOver)
      assert.equal(seen?.state, 'lost')
      assert.equal(isAlive(bystander.pid ?? 0), true)
    } finally {
      bystander.kill('SIGKILL')
    }
  })
})

describe('what stays', () => {
  it('are the logs after a release, and nothing after a removal', async () => {
    const executor = anExecutor()
    const run = aRun(command('echo hello; mkdir d; chmod 0 d'))
    await runToEnd(executor, run)
    await executor.release(refOf(run))
    await executor.release(refOf(run))

    assert.equal(existsSync(attemptPath(run)), false)
    assert.equal(await logOf(executor, run), 'hello\n')
    await executor.remove(run.jobId)
    assert.deepEqual(await executor.log(run.jobId, 'worker-0'), { file: null })
    await executor.close()
    assert.deepEqual(await readdir(join(bench.directory, 'runs')), [])
    assert.deepEqual(await readdir(join(bench.directory, 'logs')), [])
  })

  it('are the runs of active jobs after a sweep', async () => {
    const first = anExecutor()
    const kept = aRun({ jobId: 'kept', ...command('sleep 300') })
    const over = aRun({ jobId: 'over', ...command('echo $$; sleep 300') })
    await first.start(kept)
    await first.start(over)
    await until(() => look(first, kept), all('running'))
    const pid = Number(
      await until(
        () => logOf(first, over),
        (text) => text.trim() !== '',
      ),
    )
    await first.close()

    const second = anExecutor()
    await second.sweep(new Set(['kept']))
    const names = async (): Promise<string[]> => readdir(join(bench.directory, 'runs'))
    await until(names, (left) => left.join() === 'kept')
    assert.ok(all('running')(await look(second, kept)))
    await until(
      () => isAlive(pid),
      (alive) => !alive,
    )
  })

  it('is what a sweep cannot read, and nothing else', async () => {
    const broken = aRun({ jobId: 'broken' })
    const over = aRun({ jobId: 'over' })
    for (const run of [broken, over]) await mkdir(attemptPath(run), { recursive: true })
    await writeFile(join(attemptPath(broken), 'run.json'), '{')
    await anExecutor().sweep(new Set())

    await until(
      () => readdir(join(bench.directory, 'runs')),
      (left) => left.join() === 'broken',
    )
  })

  it('is nothing outside the sandbox, wherever a channel wants to be', async () => {
    const outside = join(bench.directory, 'outside')
    await put('in/a.txt', 'a')
    await symlink('/nonexistent', join(bench.directory, 'link'))
    const escaping = {
      ...input,
      access: 'env',
      name: 'DATA',
      directory: `/home/ma-user/../../../../../../..${outside}`,
    } as const
    const run = aRun({ ...command('cat "$DATA"/a.txt; pwd'), inputs: [escaping] })
    const executor = anExecutor()
    const [seen] = await runToEnd(executor, run)

    assert.equal(seen?.exitCode, 0)
    assert.equal(existsSync(outside), false)
  })
})

describe('measuring', () => {
  it('tells processor and memory use of running tasks, children included', async () => {
    const executor = anExecutor()
    const busy = `${PYTHON} -c "x = bytearray(64 << 20); print('ready', flush=True)\nwhile True: pass"`
    const run = aRun({ ...command(busy), memoryBytes: 256 * 1024 ** 2, cores: 1 })
    await executor.start(run)
    await until(
      () => logOf(executor, run),
      (log) => log.includes('ready'),
    )
    await until(() => look(executor, run), all('running'))

    const [usage] = await until(
      () => executor.measure([refOf(run)]),
      ([one]) => (one?.cpu ?? 0) > 1,
    )
    assert.ok(usage && usage.cpu <= 100)
    assert.ok(usage.memory > 25 && usage.memory < 100, String(usage.memory))
    assert.deepEqual([usage.gpu, usage.gpuMemory, usage.npu, usage.npuMemory], [-1, -1, -1, -1])
  })

  it('wakes its listeners when a task ends', async () => {
    const executor = anExecutor()
    const run = aRun(command('true'))
    let woken = 0
    executor.onWake(() => {
      woken += 1
    })
    await executor.start(run)
    await until(
      () => woken,
      (times) => times > 0,
    )
    await until(() => look(executor, run), isOver)
  })
})
