import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { aWireJob, startWireServer, type WireServer } from '../../test/support/wire-server.ts'
import type { JobEvent } from '../contract/events.ts'
import { Session, TrainingJob } from './index.ts'

const START = Date.parse('2030-03-01T08:00:00Z')
const anEvent = (message: string, second = 0): JobEvent => ({
  message,
  level: 'Info',
  time: new Date(START + second * 1000).toISOString().replace('.000Z', '+00:00'),
  source: 'Job',
})

describe('iterating over events', () => {
  let server: WireServer
  let job: TrainingJob
  /** What the server has, in any order. */
  let events: JobEvent[]
  /** What happens, one after another, when somebody asks for the job. */
  let steps: (() => void)[]
  let asked: URLSearchParams[]

  before(async () => {
    server = await startWireServer()
  })
  after(() => server.close())
  beforeEach(() => {
    const wire = aWireJob()
    server.jobs.splice(0, 1, wire)
    const { endpoint, projectId, accessKey, secretKey } = server
    const session = new Session({ endpoint, projectId, accessKey, secretKey, retry: { maxRetries: 0 } })
    job = new TrainingJob({ session, jobId: wire.metadata.id })
    events = []
    steps = []
    asked = []
    server.intercept = ({ path, query }) => {
      if (path.endsWith(job.jobId)) steps.shift()?.()
      if (!path.endsWith('/events')) return undefined
      asked.push(query)
      return { status: 200, body: answer(query) }
    }
  })

  /** The events call as the server has it: sorted by time, filtered by the window, paged. */
  const answer = (query: URLSearchParams) => {
    const number = (name: string, otherwise: number) => Number(query.get(name) ?? otherwise)
    const [from, to] = [number('start_time', 0), number('end_time', Number.MAX_SAFE_INTEGER)]
    const [offset, limit, order] = [number('offset', 0), number('limit', 50), query.get('order') ?? 'desc']
    const within = events
      .filter(({ time }) => Date.parse(time) >= from && Date.parse(time) <= to)
      .sort((a, b) => Date.parse(a.time) - Date.parse(b.time))
    if (order === 'desc') within.reverse()
    return { total: within.length, offset, limit, order, events: within.slice(offset, offset + limit) }
  }
  const collect = async (query = {}, options = {}): Promise<string[]> => {
    const messages = []
    for await (const { message } of job.iterateEvents(query, options)) messages.push(message)
    return messages
  }
  const FOLLOW = { follow: true, intervalMs: 1 }
  const end = (): void => server.setPhase(job.jobId, 'Completed')

  it('gives all pages, oldest first or as asked', async () => {
    events = Array.from({ length: 25 }, (_, index) => anEvent(`${index}`, index))
    const all = events.map(({ message }) => message)

    assert.deepEqual(await collect({ limit: 10 }), all)
    assert.equal(asked.length, 3)
    assert.deepEqual(await collect({ limit: 10, order: 'desc', level: 'info' }), all.toReversed())
    assert.ok(asked.slice(3).every((query) => query.get('level') === 'info'))
    assert.deepEqual(await collect({ offset: 20 }), all.slice(20))
  })

  it('gives equal events as often as they happened', async () => {
    events = [anEvent('again'), anEvent('again'), anEvent('done', 1)]

    assert.deepEqual(await collect({ limit: 1 }), ['again', 'again', 'done'])
  })

  it('follows to the end of the job, each event once', async () => {
    events = [anEvent('created')]
    steps = [
      () => {},
      () => events.push(anEvent('queued', 1), anEvent('queued', 1)),
      () => events.push(anEvent('queued', 1)),
      () => {},
      () => {
        events.push(anEvent('ended', 9))
        end()
      },
    ]

    assert.deepEqual(await collect({}, FOLLOW), ['created', 'queued', 'queued', 'queued', 'ended'])
  })

  it('finds an event written later with an earlier time, and stands the loss of old ones', async () => {
    const hour = 3600
    events = [anEvent('first'), anEvent('second', 1), anEvent('third', 2 * hour)]
    steps = [
      () => {},
      () => events.push(anEvent('late', 2 * hour - 1)),
      () => events.splice(0, 2),
      () => {
        events.push(anEvent('ended', 2 * hour + 1))
        end()
      },
    ]

    assert.deepEqual(await collect({ offset: 1, limit: 2 }, FOLLOW), ['second', 'third', 'late', 'ended'])
    assert.ok(asked.at(-1)?.has('start_time'), 'a long life is not read anew at each look')
  })

  it('outlives a server that does not answer for a while', async () => {
    events = [anEvent('one'), anEvent('two', 1)]
    const answering = server.intercept
    const trouble = ['cut', undefined, 'cut', 'cut', undefined, undefined, 'cut'] as const
    let at = 0
    server.intercept = (request) => trouble[at++] ?? answering(request)
    steps = [() => {}, () => events.push(anEvent('three', 2)), end]

    assert.deepEqual(await collect({ limit: 1 }, FOLLOW), ['one', 'two', 'three'])
    assert.ok(at > trouble.length)
  })

  it('tells of trouble at once when it does not follow', async () => {
    server.intercept = () => 'cut'

    await assert.rejects(collect(), { code: 'connection_failed' })
  })

  it('ends when the caller wants, and refuses to follow backwards', async () => {
    const controller = new AbortController()
    steps = [() => {}, () => controller.abort()]

    await assert.rejects(collect({}, { ...FOLLOW, signal: controller.signal }), { code: 'request_aborted' })
    await assert.rejects(collect({ order: 'desc' }, FOLLOW), { code: 'invalid_argument' })
  })
})
