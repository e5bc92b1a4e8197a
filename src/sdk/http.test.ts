import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { after, afterEach, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { aWireJob, startWireServer, type WireServer } from '../../test/support/wire-server.ts'
import { isTrainyardError, type TrainyardError } from '../contract/trainyard-error.ts'
import { OPERATIONS } from './operations.ts'
import { fillPath, parseEndpoint } from './request.ts'
import { parseRetryAfter } from './retry.ts'
import { Session, type SessionOptions } from './session.ts'
import { SDK_VERSION } from './version.ts'

let server: WireServer

const open = (options: Partial<SessionOptions> = {}): Session =>
  new Session({
    endpoint: server.endpoint,
    projectId: server.projectId,
    accessKey: server.accessKey,
    secretKey: server.secretKey,
    retry: { baseDelayMs: 1 },
    ...options,
  })

const failure = async (work: Promise<unknown>): Promise<TrainyardError> => {
  const error = await work.then(
    () => assert.fail('it should have been refused'),
    (thrown: unknown) => thrown,
  )
  assert.ok(isTrainyardError(error), String(error))
  return error
}

const busy = (headers: Record<string, string> = {}) => ({
  status: 503,
  headers,
  body: { error_msg: 'Busy.', error_code: 'ModelArts.2950', error_solution: '' },
})

before(async () => {
  server = await startWireServer()
})
after(() => server.close())
afterEach(() => {
  server.intercept = () => undefined
  server.requests.length = 0
  server.jobs.length = 0
})

describe('sending an operation', () => {
  it('signs so that a server following the contract accepts it, and names the client', async () => {
    const answer = await open().send(OPERATIONS.listTrainingJobs, { body: { limit: 2 } })

    assert.equal(answer.count, 0)
    assert.equal(server.requests[0]?.headers['x-trainyard-client'], `sdk/${SDK_VERSION}`)
    assert.equal(server.requests[0]?.headers['x-project-id'], server.projectId)
  })

  it('signs any path and query', async () => {
    const session = open()
    await fc.assert(
      fc.asyncProperty(
        fc.stringMatching(/^[^/]{1,20}$/).filter((text) => text.isWellFormed() && !/^\.{1,2}$/.test(text)),
        fc.string({ unit: 'grapheme', maxLength: 20 }),
        async (id, pattern) => {
          const refused = await failure(
            session.send(OPERATIONS.listEvents, { params: { training_job_id: id }, query: { pattern } }),
          )
          assert.equal(refused.code, 'ModelArts.2775')
          assert.equal(server.requests.at(-1)?.query.get('pattern'), pattern)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('hands on what a refusal says', async () => {
    const refused = await failure(
      open().send(OPERATIONS.showTrainingJob, { params: { training_job_id: 'gone' } }),
    )

    assert.equal(refused.code, 'ModelArts.2775')
    assert.equal(refused.status, 400)
    assert.equal(refused.solution, 'Solve ModelArts.2775.')
    assert.match(refused.requestId ?? '', /^req-/)
    assert.match(refused.message, /gone/)
  })

  it('tells a wrong key, and keeps the secret out of the error', async () => {
    const refused = await failure(open({ secretKey: 'not-the-secret' }).send(OPERATIONS.listEngines))

    assert.equal(refused.code, 'APIGW.0301')
    assert.doesNotMatch(JSON.stringify(refused) + String(refused.stack), /not-the-secret/)
  })

  for (const [what, answer] of [
    ['HTML instead of JSON', { status: 200, body: '<html>' }],
    ['null instead of an object', { status: 200, body: 'null' }],
    ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }],
    ['a refusal without body', { status: 404 }],
  ] as const) {
    it(`calls ${what} an unexpected answer`, async () => {
      server.intercept = () => answer

      const refused = await failure(open().send(OPERATIONS.listEngines))

      assert.equal(refused.code, 'unexpected_answer')
    })
  }

  it('refuses path parameters that would reach another path', () => {
    for (const id of ['', '.', '..'])
      assert.throws(() => fillPath('/jobs/{id}', { id }), { code: 'invalid_argument' })
    assert.equal(fillPath('/o/{key*}', { key: 'a b/ä/' }), '/o/a%20b/%C3%A4/')
    assert.throws(() => fillPath('/o/{key*}', { key: 'a/../b' }), { code: 'invalid_argument' })
    assert.equal(fillPath('/jobs/{id}', { id: 'a/b' }), '/jobs/a%2Fb')
  })

  it('refuses addresses that are none, or carry credentials', () => {
    for (const bad of ['', 'localhost:8080', 'ftp://a', 'http://user:secret@host', 'http://host?x=1']) {
      assert.throws(() => parseEndpoint(bad), { code: 'invalid_argument' }, bad)
    }
    assert.equal(parseEndpoint('https://host/base//'), 'https://host/base')
  })
})

describe('repeating', () => {
  it('repeats a search until it works', async () => {
    let tries = 0
    server.intercept = () => (++tries < 4 ? busy() : undefined)

    await open().send(OPERATIONS.listTrainingJobs)

    assert.equal(tries, 4)
  })

  it('gives up after the repetitions allowed', async () => {
    server.intercept = () => busy()

    const refused = await failure(open().send(OPERATIONS.listEngines))

    assert.equal(refused.code, 'ModelArts.2950')
    assert.equal(server.requests.length, 4)
  })

  it('repeats a read whose connection broke', async () => {
    let tries = 0
    server.intercept = () => (++tries === 1 ? 'cut' : undefined)

    assert.equal((await open().send(OPERATIONS.listEngines)).total, 4)
  })

  it('repeats a read whose answer broke off in the middle, whole or not as JSON', async () => {
    let tries = 0
    server.intercept = () =>
      ++tries < 4
        ? {
            status: 200,
            headers: { 'content-length': '4000' },
            body: tries === 1 ? '' : tries === 2 ? '{"total":' : '{"total":0,"items":[]}',
            isCutShort: true,
          }
        : undefined

    assert.equal((await open().send(OPERATIONS.listEngines)).total, 4)
    assert.equal(tries, 4)
  })

  it('never repeats a create, a stop or an update', async () => {
    const session = open()
    const params = { training_job_id: 'x' }
    server.intercept = () => busy()

    await failure(session.send(OPERATIONS.createTrainingJob, { body: { metadata: { name: 'x' } } }))
    await failure(session.send(OPERATIONS.stopTrainingJob, { params, body: { action_type: 'terminate' } }))
    await failure(session.send(OPERATIONS.updateTrainingJob, { params, body: {} }))

    assert.equal(server.requests.length, 3)
  })

  it('never repeats what the caller did wrong', async () => {
    await failure(open().send(OPERATIONS.showTrainingJob, { params: { training_job_id: 'x' } }))

    assert.equal(server.requests.length, 1)
  })

  it('waits as long as the server asks', async () => {
    const times: number[] = []
    server.intercept = () => {
      times.push(performance.now())
      return times.length === 1 ? { ...busy({ 'retry-after': '1' }), status: 429 } : undefined
    }

    await open().send(OPERATIONS.listEngines)

    const [first = 0, second = 0] = times
    assert.ok(second - first >= 990, `${second - first} ms`)
  })

  it('does not wait for ever when the server asks for that', async () => {
    server.intercept = () => busy({ 'retry-after': '86400' })

    assert.equal((await failure(open().send(OPERATIONS.listEngines))).code, 'ModelArts.2950')
    assert.equal(server.requests.length, 1)
  })

  it('reads both forms of Retry-After', () => {
    assert.equal(parseRetryAfter('7', 0), 7000)
    assert.equal(parseRetryAfter('Thu, 01 Jan 1970 00:00:09 GMT', 1000), 8000)
    assert.equal(parseRetryAfter('Thu, 01 Jan 1970 00:00:09 GMT', 60_000), 0)
    assert.equal(parseRetryAfter('soon', 0), undefined)
    assert.equal(parseRetryAfter(null, 0), undefined)
  })

  it('counts a delete as done when only its answer was lost', async () => {
    const job = aWireJob()
    server.jobs.push(job)
    const params = { training_job_id: job.metadata.id }
    server.intercept = () => {
      if (server.jobs.length === 0) return undefined
      server.jobs.length = 0
      return 'cut'
    }

    await open().send(OPERATIONS.deleteTrainingJob, { params, goneCode: 'ModelArts.2775' })

    assert.equal(server.requests.length, 2)
    const again = failure(open().send(OPERATIONS.deleteTrainingJob, { params, goneCode: 'ModelArts.2775' }))
    assert.equal((await again).code, 'ModelArts.2775')
  })
})

describe('bounds', () => {
  it('ends a request that gets no answer in time, once', async () => {
    server.intercept = () => 'hang'

    const refused = await failure(open().send(OPERATIONS.listEngines, { timeoutMs: 50 }))

    assert.equal(refused.code, 'request_timeout')
    assert.equal(server.requests.length, 1)
  })

  it('ends an answer that stops in the middle', async () => {
    const stalled = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"total":')
    })
    await new Promise<void>((resolve) => stalled.listen(0, '127.0.0.1', resolve))
    const { port } = stalled.address() as AddressInfo

    const refused = await failure(
      open({ endpoint: `http://127.0.0.1:${port}` }).send(OPERATIONS.listEngines, { timeoutMs: 100 }),
    )

    assert.equal(refused.code, 'request_timeout')
    stalled.close()
  })

  it('ends a request when the caller wants, also between repetitions', async () => {
    const controller = new AbortController()
    server.intercept = () => {
      controller.abort(new Error('enough'))
      return busy({ 'retry-after': '30' })
    }

    const refused = await failure(open().send(OPERATIONS.listEngines, { signal: controller.signal }))

    assert.equal(refused.code, 'request_aborted')
    const later = await failure(open().send(OPERATIONS.listEngines, { signal: controller.signal }))
    assert.equal(later.code, 'request_aborted')
  })

  it('tells when nobody listens', async () => {
    const port = await new Promise<number>((resolve) => {
      const closed = createServer().listen(0, '127.0.0.1', () => {
        const address = closed.address()
        closed.close(() => resolve(typeof address === 'object' ? (address?.port ?? 1) : 1))
      })
    })

    const refused = await failure(open({ endpoint: `http://127.0.0.1:${port}` }).send(OPERATIONS.listEngines))

    assert.equal(refused.code, 'connection_failed')
    assert.match(refused.message, /ECONNREFUSED/)
  })
})

it('carries the version of the package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  assert.equal(SDK_VERSION, version)
})
