import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { aWireJob, startWireServer, type WireServer } from '../../test/support/wire-server.ts'
import { Session, TrainingJob } from './index.ts'
import { Patience } from './patience.ts'

let server: WireServer
let session: Session

before(async () => {
  server = await startWireServer()
  session = new Session({
    endpoint: server.endpoint,
    projectId: server.projectId,
    accessKey: server.accessKey,
    secretKey: server.secretKey,
    retry: { maxRetries: 0 },
  })
})
after(() => server.close())
afterEach(() => {
  server.intercept = () => undefined
  server.requests.length = 0
  server.jobs.length = 0
  server.logs.clear()
})

const aJob = (phase: 'Running' | 'Completed' | 'Failed' = 'Running'): TrainingJob => {
  const job = aWireJob({ status: { phase } })
  server.jobs.push(job)
  return new TrainingJob({ session, jobId: job.metadata.id })
}

const FAST = { intervalMs: 1 }

describe('following a log', () => {
  const collect = async (job: TrainingJob, options = {}): Promise<string> => {
    let text = ''
    for await (const piece of job.followLog('worker-0', { ...FAST, ...options })) text += piece
    return text
  }

  /** Does one thing per look at the job, in turn. */
  const step = (job: TrainingJob, ...steps: (() => void)[]) => {
    server.intercept = ({ path }) => {
      if (path.endsWith(`/training-jobs/${job.jobId}`)) steps.shift()?.()
      return undefined
    }
  }
  const write = (job: TrainingJob, bytes: Buffer | string) => () => {
    const name = `${job.jobId}/worker-0`
    server.logs.set(name, Buffer.concat([server.logs.get(name) ?? Buffer.alloc(0), Buffer.from(bytes)]))
  }

  it('gives everything once, from before the first output to after the end', async () => {
    const job = aJob()
    step(
      job,
      () => {},
      write(job, 'one\n'),
      () => {},
      write(job, 'two\n'),
      () => {
        write(job, 'last words')()
        server.setPhase(job.jobId, 'Completed')
      },
    )

    assert.equal(await collect(job), 'one\ntwo\nlast words')
  })

  it('keeps characters whole that arrive in two halves', async () => {
    const job = aJob()
    const bytes = Buffer.from('ä😀\n')
    step(
      job,
      write(job, bytes.subarray(0, 1)),
      write(job, bytes.subarray(1, 4)),
      write(job, bytes.subarray(4)),
      () => server.setPhase(job.jobId, 'Completed'),
    )

    assert.equal(await collect(job), 'ä😀\n')
  })

  it('fetches a new link when the old one has expired', async () => {
    const job = aJob()
    step(
      job,
      write(job, 'one\n'),
      // The server honours only its newest link.
      () => {
        server.linksIssued += 1
        write(job, 'two\n')()
      },
      () => server.setPhase(job.jobId, 'Completed'),
    )

    assert.equal(await collect(job), 'one\ntwo\n')
    assert.equal(server.sent('GET', '/logs/url').length, 2)
  })

  it('resumes at the byte reached when the server goes away in between', async () => {
    const job = aJob()
    let reads = 0
    server.logs.set(`${job.jobId}/worker-0`, Buffer.from('one\ntwo\n'))
    server.setPhase(job.jobId, 'Completed')
    server.intercept = ({ path }) => {
      if (!path.startsWith('/files/')) return undefined
      reads += 1
      if (reads === 1)
        return { status: 206, headers: { 'content-length': '8' }, body: 'one\n', isCutShort: true }
      return reads === 2 ? 'cut' : undefined
    }

    assert.equal(await collect(job, { follow: true }), 'one\ntwo\n')
  })

  it('skips what it has when a server ignores Range', async () => {
    const job = aJob('Completed')
    server.logs.set(`${job.jobId}/worker-0`, Buffer.from('one\ntwo\n'))
    server.intercept = ({ path }) =>
      path.startsWith('/files/') ? { status: 200, body: 'one\ntwo\n' } : undefined

    assert.equal(await collect(job, { offset: 4 }), 'two\n')
  })

  it('ends when the job wrote nothing', async () => {
    assert.equal(await collect(aJob('Completed')), '')
    assert.equal(await collect(aJob(), { follow: false }), '')
  })

  it('gives up when the server refuses its own fresh link', async () => {
    const job = aJob()
    server.logs.set(`${job.jobId}/worker-0`, Buffer.from('x'))
    server.intercept = ({ path }) => (path.startsWith('/files/') ? { status: 403 } : undefined)

    await assert.rejects(collect(job), { code: 'unexpected_answer', status: 403 })
  })

  it('ends at once when the caller wants', async () => {
    const controller = new AbortController()
    const job = aJob()
    step(job, () => controller.abort())

    await assert.rejects(collect(job, { signal: controller.signal }), { code: 'request_aborted' })
  })

  it('does not sign in at the link', async () => {
    const job = aJob('Completed')
    server.logs.set(`${job.jobId}/worker-0`, Buffer.from('x'))

    await collect(job)

    const [fetched] = server.sent('GET', '/files/')
    assert.equal(fetched?.headers['authorization'], undefined)
    assert.equal(fetched?.headers['x-auth-token'], undefined)
  })
})

it('says where its tasks ran, and takes nothing but an array for it', async () => {
  const job = aJob()

  const places = [{ task: 'worker-0', ip: '10.8.0.1', host_ip: '192.0.2.1', schedule_count: 1 }]
  assert.deepEqual(await job.tasks(), places)
  assert.deepEqual(await job.getJobTasks({ schedule_count: 2 }), places)
  assert.equal(server.requests.at(-1)?.query.get('schedule_count'), '2')
  server.intercept = () => ({ status: 200, body: { tasks: [] } })
  await assert.rejects(job.tasks(), { code: 'unexpected_answer' })
})

describe('waiting', () => {
  const phases = (
    job: TrainingJob,
    ...steps: ('Pending' | 'Running' | 'Completed' | 'Failed' | 'Terminated' | 'busy')[]
  ) => {
    server.intercept = ({ path }) => {
      if (!path.endsWith(job.jobId)) return undefined
      const phase = steps.shift()
      if (phase === 'busy') return { status: 503 }
      if (phase) server.setPhase(job.jobId, phase)
      return undefined
    }
  }

  it('tells each change once and resolves with the job', async () => {
    const job = aJob()
    const seen: string[] = []
    phases(job, 'Pending', 'Pending', 'Running', 'Running', 'Completed')

    const ended = await job.waitForCompletion({ ...FAST, onChange: ({ status }) => seen.push(status.phase) })

    assert.equal(ended.status.phase, 'Completed')
    assert.deepEqual(seen, ['Pending', 'Running', 'Completed'])
  })

  it('resolves when the job was stopped', async () => {
    const job = aJob()
    phases(job, 'Running', 'Terminated')

    assert.equal((await job.waitForCompletion(FAST)).status.phase, 'Terminated')
  })

  it('rejects with reason, exit code and job when it failed', async () => {
    const failed = aWireJob({
      status: {
        phase: 'Failed',
        task_statuses: [{ task: 'worker-0', exit_code: 7, message: 'exit with 7' }],
      },
      trainyard: { owner: 'u', executor: 'local', reason: 'command_failed' },
    })
    server.jobs.push(failed)
    const waiting = new TrainingJob({ session, jobId: failed.metadata.id }).waitForCompletion(FAST)

    await assert.rejects(waiting, (error: Error & { code: string }) => {
      assert.equal(error.code, 'job_not_successful')
      assert.match(error.message, /command_failed.*exit code 7/)
      assert.deepEqual(error.cause, failed)
      return true
    })
  })

  it('goes on while Abnormal may still turn', async () => {
    const unknown = aWireJob({ status: { phase: 'Abnormal', secondary_phase: 'Unknown' } })
    server.jobs.push(unknown)
    const job = new TrainingJob({ session, jobId: unknown.metadata.id })
    const waiting = job.waitForCompletion({
      ...FAST,
      onChange: () => server.setPhase(job.jobId, 'Completed'),
    })

    assert.equal((await waiting).status.phase, 'Completed')
  })

  it('outlives a server that does not answer for a while', async () => {
    const job = aJob()
    phases(job, 'busy', 'Running', 'busy', 'busy', 'Completed')

    assert.equal((await job.waitForCompletion(FAST)).status.phase, 'Completed')
  })

  it('ends when its time is over, and when the job is gone', async () => {
    const job = aJob()

    await assert.rejects(job.waitForCompletion({ ...FAST, timeoutMs: 20 }), {
      code: 'request_timeout',
      message: /still Running/,
    })
    await job.delete()
    await assert.rejects(job.waitForCompletion(FAST), { code: 'ModelArts.2775' })
  })

  it('hands failures back where a ported program wants that', async () => {
    const { jobId } = aJob('Failed')
    const ended = await new TrainingJob({ session, jobId, onError: 'return' }).waitForCompletion(FAST)

    assert.ok('error_msg' in ended && ended.error_code === 'job_not_successful')
  })
})

it('loses patience with trouble that lasts', async () => {
  const patience = new Patience(0)
  const trouble = Object.assign(new Error('x'), { name: 'TrainyardError', code: 'connection_failed' })

  await assert.rejects(
    patience.attempt(() => Promise.reject(trouble)),
    { code: 'connection_failed' },
  )
})
