import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, it } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import {
  FakeObjects,
  fakeAccounts,
  fakeCatalog,
  fakeJobs,
  fakeSignIn,
  PROJECT,
} from '../../test/support/fake-services.ts'
import type { AnsweredRequest } from './request-notes.ts'
import type { ReadinessCheck } from './routes/operator.ts'
import { createApi } from './server.ts'

const JOB = `/v2/${PROJECT}/training-jobs/job-1`

let apis: FastifyInstance[] = []

const openApi = (options: { open?: boolean; checks?: ReadinessCheck[] } = {}) => {
  const lines: Record<string, unknown>[] = []
  const ended: AnsweredRequest[] = []
  let inFlight = 0
  const objects = new FakeObjects([])
  const app = createApi({
    jobs: fakeJobs([], () => '/nonexistent'),
    catalog: fakeCatalog,
    accounts: fakeAccounts([]),
    signIn: fakeSignIn([]),
    objects,
    linkKey: Buffer.alloc(32, 7),
    version: '1.2.3',
    logger: pino({ level: 'debug' }, { write: (line) => lines.push(JSON.parse(line)) }),
    publicUrl: () => 'http://yard.example',
    operator: {
      areMetricsOpen: options.open ?? false,
      checkReadiness: async () => options.checks ?? [{ name: 'store', ok: true, detail: 'answers' }],
      renderMetrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'trainyard_jobs 1\n' }),
    },
    observer: {
      began: () => {
        inFlight += 1
      },
      ended: (answered) => {
        inFlight -= 1
        ended.push(answered)
      },
    },
  })
  apis.push(app)
  return { app, objects, lines, ended, inFlight: () => inFlight }
}

afterEach(async () => {
  for (const app of apis) await app.close()
  apis = []
})

const admin = { 'x-auth-token': 'admin' }

describe('GET /metrics', () => {
  it('takes any valid credentials, and refuses without', async () => {
    const { app } = openApi()

    const refused = await app.inject('/metrics')
    const wrong = await app.inject({ url: '/metrics', headers: { 'x-auth-token': 'no such' } })
    const shown = await app.inject({ url: '/metrics', headers: { 'x-auth-token': 'viewer' } })

    assert.deepEqual([refused.statusCode, wrong.statusCode, shown.statusCode], [401, 401, 200])
    assert.deepEqual(
      [shown.headers['content-type'], shown.payload],
      ['text/plain; version=0.0.4', 'trainyard_jobs 1\n'],
    )
  })

  it('is open when the operator says so', async () => {
    const { app } = openApi({ open: true })

    assert.equal((await app.inject('/metrics')).statusCode, 200)
    assert.equal((await app.inject({ method: 'POST', url: '/metrics' })).statusCode, 405)
  })
})

describe('GET /readyz', () => {
  it('says that all is well, without sign-in', async () => {
    const answer = await openApi().app.inject('/readyz')

    assert.deepEqual([answer.statusCode, answer.json().status], [200, 'ready'])
  })

  it('answers 503 and which check failed', async () => {
    const disk = { name: 'disk', ok: false, detail: 'nearly full' }
    const answer = await openApi({
      checks: [{ name: 'store', ok: true, detail: 'answers' }, disk],
    }).app.inject('/readyz')

    assert.equal(answer.statusCode, 503)
    assert.deepEqual(answer.json().status, 'not ready')
    assert.deepEqual(answer.json().checks[1], disk)
  })
})

describe('the log of requests', () => {
  it('has one line for each, with who asked what, and how it ended', async () => {
    const { app, lines } = openApi()

    await app.inject({ url: JOB, headers: { ...admin, 'x-request-id': 'r-1' } })

    assert.equal(lines.length, 1)
    const { time: _time, durationMs, hostname: _host, pid: _pid, ...line } = lines[0] ?? {}
    assert.equal(typeof durationMs, 'number')
    assert.deepEqual(line, {
      level: 30,
      reqId: 'r-1',
      method: 'GET',
      path: JOB,
      operation: 'ShowTrainingJobDetails',
      status: 200,
      project: PROJECT,
      user: 'u-1',
      msg: 'answered',
    })
  })

  it('has a level by how it ended', async () => {
    const { app, objects, lines } = openApi()
    objects.listBuckets = async () => {
      throw new Error('disk on fire')
    }

    await app.inject('/healthz')
    await app.inject({ url: JOB })
    await app.inject({ url: `/v2/${PROJECT}/objects`, headers: admin })
    await app.inject('/v2/%zz')

    assert.deepEqual(
      lines.map(({ level, operation, status, code }) => [level, operation, status, code]),
      [
        [20, '/healthz', 200, undefined],
        [40, 'ShowTrainingJobDetails', 401, 'APIGW.0301'],
        [50, 'ListBuckets', 500, 'ModelArts.2950'],
        [40, 'unknown', 400, 'ModelArts.2788'],
      ],
    )
    assert.match(JSON.stringify(lines[2]?.['err']), /disk on fire/)
    assert.equal(lines[1]?.['err'], undefined)
  })

  it('hides headers that open something, wherever they are logged', () => {
    const { app, lines } = openApi()
    const headers = {
      authorization: 's3cret',
      'x-auth-token': 's3cret',
      'x-subject-token': 's3cret',
      'x-security-token': 's3cret',
      cookie: 's3cret',
      'set-cookie': 's3cret',
      accept: 'text/plain',
    }

    app.log.info({ headers, req: { method: 'GET', url: '/x?signature=s3cret', headers } }, 'leak')

    const text = JSON.stringify(lines)
    assert.ok(!text.includes('s3cret'), text)
    assert.ok(text.includes('text/plain'))
    assert.ok(text.includes('[redacted]'))
  })
})

describe('the observer of requests', () => {
  it('is told of each once, also of those without a route', async () => {
    const { app, ended, inFlight } = openApi()

    await app.inject({ url: JOB, headers: admin })
    await app.inject('/nowhere')
    await app.inject('/v2/%zz')

    assert.deepEqual(
      ended.map(({ operation, status, code }) => [operation, status, code]),
      [
        ['ShowTrainingJobDetails', 200, undefined],
        ['unknown', 404, 'ModelArts.2836'],
        ['unknown', 400, 'ModelArts.2788'],
      ],
    )
    assert.equal(inFlight(), 0)
  })

  it('is told when a caller went away before the answer', async () => {
    const { app, objects, ended, inFlight } = openApi()
    let asked: () => void = () => undefined
    const wasAsked = new Promise<void>((resolve) => {
      asked = resolve
    })
    objects.listBuckets = () => {
      asked()
      return new Promise(() => undefined)
    }
    await app.listen({ port: 0, host: '127.0.0.1' })
    const address = app.server.address()
    const socket = connect(typeof address === 'object' && address ? address.port : 0, '127.0.0.1')
    socket.write(`GET /v2/${PROJECT}/objects HTTP/1.1\r\nHost: x\r\nX-Auth-Token: admin\r\n\r\n`)
    await wasAsked
    assert.equal(inFlight(), 1)

    socket.destroy()
    const deadline = Date.now() + 10_000
    while (inFlight() > 0 && Date.now() < deadline)
      await once(app.server, 'connection', { signal: AbortSignal.timeout(20) }).catch(() => undefined)

    assert.deepEqual(
      ended.map(({ operation, status }) => [operation, status]),
      [['ListBuckets', 'aborted']],
    )
    assert.equal(inFlight(), 0)
  })
})
