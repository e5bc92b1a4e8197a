import assert from 'node:assert/strict'
import { mkdtemp, readFile, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Ajv } from 'ajv'
import { SearchResponse } from '../../src/contract/search.ts'
import { TrainingJob as JobSchema } from '../../src/contract/training-job.ts'
import { Estimator, type Session, TrainingJob } from '../../src/sdk/node/index.ts'
import { makeDataDirectory, removeDirectory, ServerProcess, until } from '../support/server-process.ts'
import { plainFetch } from '../support/signed-fetch.ts'

const ajv = new Ajv({ strict: false })

const SCRIPT = `import json, os, pathlib, sys, time
arguments = dict(token[2:].split("=", 1) for token in sys.argv[1:])
print("arguments " + json.dumps(arguments), flush=True)
print("variables " + json.dumps(dict(os.environ)), flush=True)
data = pathlib.Path(arguments["data_url"], "numbers.txt").read_text()
pathlib.Path(arguments["train_url"], "sum.txt").write_text(str(sum(map(int, data.split()))))
`

/** Two workers agree on a sum over the port kept for the job. */
const RENDEZVOUS = `import os, socket, time
index, count = int(os.environ["VC_TASK_INDEX"]), int(os.environ["VC_WORKER_NUM"])
address = (os.environ["VC_WORKER_HOSTS"].split(",")[0], int(os.environ["TRAINYARD_MASTER_PORT"]))
if index == 0:
    server = socket.create_server(address)
    peers = [server.accept()[0] for _ in range(count - 1)]
    print("sum", sum(int(peer.recv(10)) for peer in peers))
else:
    for _ in range(100):
        try:
            socket.create_connection(address).sendall(str(index * 10).encode())
            break
        except ConnectionRefusedError:
            time.sleep(0.1)
`

describe('a first job, end to end', () => {
  let data: string
  let server: ServerProcess
  let session: Session
  let engineId: string
  let work: string

  before(async () => {
    data = await makeDataDirectory('local: { cpus: 4 }\nlimits: { stop_grace_seconds: 1 }\n')
    work = await mkdtemp(join(tmpdir(), 'trainyard-work-'))
    server = await ServerProcess.start(data)
    session = server.session()
    const engines = await Estimator.getEngines({ session })
    engineId = engines.find(({ engine_name: name }) => name === 'Python')?.engine_id ?? ''
    await session.obs.put('obs://lab/code/train.py', SCRIPT)
    await session.obs.put('obs://lab/code/rendezvous.py', RENDEZVOUS)
    await session.obs.put('obs://lab/data/numbers.txt', '1 2 3 4')
  })

  after(async () => {
    await server.end()
    await removeDirectory(data)
    await removeDirectory(work)
  })

  const submit = (name: string, bootFile: string, more: object = {}): Promise<TrainingJob> =>
    new Estimator({
      session,
      engineId,
      trainingFiles: { codeDir: 'obs://lab/code/', bootFile },
      trainInstanceType: 'yard.cpu.1',
      ...more,
    }).fit({ jobName: name })

  const command = (name: string, line: string): Promise<TrainingJob> =>
    TrainingJob.create(session, {
      metadata: { name },
      algorithm: { command: line, engine: { engine_id: 'command' } },
      spec: { resource: { flavor_id: 'yard.cpu.1' } },
    })

  it('trains with its data, uploads what it made, and is listed whole', async () => {
    const job = await submit('sum', 'train.py', {
      parameters: [{ name: 'epochs', value: 3 }],
      inputs: [{ name: 'data_url', obsPath: '/lab/data/' }],
      outputs: [{ name: 'train_url', obsPath: '/lab/out/' }],
      envVariables: { COLOUR: 'blue' },
    })

    const done = await job.waitForCompletion({ timeoutMs: 60_000 })

    assert.ok(ajv.validate(JobSchema, done), JSON.stringify(ajv.errors))
    assert.equal(done.status.phase, 'Completed')
    const page = await Estimator.getJobList({
      session,
      filters: [{ key: 'name', operator: 'like', value: ['SU'] }],
    })
    assert.ok(ajv.validate(SearchResponse, page), JSON.stringify(ajv.errors))
    assert.deepEqual(page.items, [done])
    await session.obs.downloadFile('obs://lab/out/sum.txt', `${work}/`)
    assert.equal(await readFile(join(work, 'sum.txt'), 'utf8'), '10')
    const { content } = await job.getJobLog()
    const read = (what: string) => JSON.parse(new RegExp(`^${what} (.*)$`, 'm').exec(content)?.[1] ?? '{}')
    assert.equal(read('arguments').epochs, '3')
    const variables = read('variables')
    assert.equal(variables.COLOUR, 'blue')
    assert.equal(variables.MA_NUM_HOSTS, '1')
    assert.equal(variables.TRAINYARD_JOB_ID, job.jobId)
    const { secret_key: secret } = await server.credentials()
    assert.ok(!content.includes(secret) && !('TRAINYARD_DATA' in variables))
    const { events } = await job.getJobEvents({ order: 'asc' })
    const texts = events.map(({ message }) => message)
    for (const text of [
      'Job created.',
      'Queued, waiting for resources.',
      'Job is running.',
      '[worker-0] Program started.',
      '[worker-0] Program ended. Exit code 0.',
      'Job completed.',
    ]) {
      assert.ok(texts.includes(text), `${text} in ${texts.join(' | ')}`)
    }
  })

  it('brings the tasks of several nodes together', async () => {
    const job = await submit('together', 'rendezvous.py', { trainInstanceCount: 3 })

    const done = await job.waitForCompletion({ timeoutMs: 60_000 })

    assert.deepEqual(done.status.tasks, ['worker-0', 'worker-1', 'worker-2'])
    assert.match((await job.getJobLog('worker-0')).content, /^sum 30$/m)
    assert.deepEqual(
      done.status.node_count_metrics?.map(([, nodes]) => nodes),
      [3, 0],
    )
  })

  it('lets jobs wait as Pending while the machine is full, and stops them', async () => {
    const running = await Promise.all([0, 1, 2, 3].map((index) => command(`full-${index}`, 'sleep 60')))
    await until(
      'four run',
      async () =>
        (await Estimator.getJobList({ session, filters: [{ key: 'phase', value: ['Running'] }] })).count ===
        4,
    )
    const waiting = await command('waits', 'true')
    await until('it is queued', async () => (await waiting.getJobInfo()).status.phase === 'Pending')

    const phases = await Promise.all(
      [waiting, ...running].map(async (job) => (await job.stop()).status.phase),
    )
    const ends = await Promise.all(
      [waiting, ...running].map((job) => job.waitForCompletion({ timeoutMs: 30_000 })),
    )

    assert.deepEqual(new Set(phases), new Set(['Terminating']))
    assert.deepEqual(new Set(ends.map(({ status }) => status.phase)), new Set(['Terminated']))
    assert.equal(ends[0]?.status.start_time, '0')
    assert.equal(ends[1]?.status.task_statuses?.[0]?.exit_code, 143)
  })

  it('kills a program that does not listen, after the grace time', async () => {
    const job = await command('stubborn', "trap '' TERM; echo ready; while :; do sleep 1; done")
    await until('it runs', async () =>
      (await job.getJobLog().catch(() => undefined))?.content.includes('ready'),
    )

    await job.stop()
    const end = await job.waitForCompletion({ timeoutMs: 30_000 })

    assert.equal(end.status.phase, 'Terminated')
    assert.equal(end.status.task_statuses?.[0]?.exit_code, 137)
  })

  it('tells a signal, a missing input and a bad start apart', async () => {
    const killed = await command('killed', 'kill -9 $$')
    const hungry = await submit('hungry', 'train.py', {
      inputs: [{ name: 'data_url', obsPath: '/lab/nothing/' }],
    })

    const ends = await Promise.all(
      [killed, hungry].map((job) =>
        until('it ended', async () => {
          const info = await job.getJobInfo()
          return info.status.phase === 'Failed' && info
        }),
      ),
    )

    assert.equal(ends[0]?.status.task_statuses?.[0]?.exit_code, 137)
    assert.equal(ends[1]?.status.task_statuses?.[0]?.exit_code, 255)
    assert.equal(ends[1]?.trainyard?.reason, 'preparation_failed')
  })

  it('follows a log line by line, and links to the whole of it', async () => {
    const job = await command('talks', 'for i in 1 2 3 4 5; do echo line $i; sleep 0.3; done')

    let seen = ''
    for await (const text of job.followLog('worker-0')) seen += text
    const link = await job.getJobLogUrl('worker-0')
    const whole = await plainFetch(link)

    assert.equal(seen, whole.text)
    assert.match(seen, /line 1\nline 2\nline 3\nline 4\nline 5\n/)
    assert.equal((await plainFetch(link.replace(/signature=../, 'signature=zz'))).status, 403)
  })

  it('deletes a running job with everything of it', async () => {
    const job = await command('gone', 'echo here; sleep 60')
    await until('it runs', async () =>
      (await job.getJobLog().catch(() => undefined))?.content.includes('here'),
    )

    await job.delete()

    await assert.rejects(job.getJobInfo(), { code: 'ModelArts.2775' })
    const isGone = async (path: string) =>
      stat(path).then(
        () => false,
        () => true,
      )
    await until(
      'its files are gone',
      async () =>
        (await isGone(join(data, 'runs', job.jobId))) && (await isGone(join(data, 'logs', job.jobId))),
    )
  })
})
