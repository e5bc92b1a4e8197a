import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { JobQuery } from '../../src/domain/job-query.ts'
import type { EventRecord, JobRecord, Move } from '../../src/domain/job-record.ts'
import type { EventQuery, MinuteSample, Store, TokenRow, User } from '../../src/store/store.ts'
import { aJobRecord, BUILDER_TIME, type JobOverrides } from '../support/job-builder.ts'

const PROJECT = 'project-1'

const aQuery = (overrides: Partial<JobQuery> = {}): JobQuery => ({
  visible: { projectId: PROJECT, workspaceId: '0' },
  conditions: [],
  tags: [],
  hostIps: [],
  nothing: false,
  sortBy: 'create_time',
  order: 'desc',
  groupBy: '',
  offset: 0,
  limit: 50,
  now: BUILDER_TIME + 1_000_000,
  ...overrides,
})

const aMove = (jobId: string, overrides: Partial<Move> = {}): Move => ({
  jobId,
  version: 1,
  from: null,
  to: 'Creating',
  secondaryPhase: 'Creating',
  reason: null,
  time: BUILDER_TIME,
  ...overrides,
})

const anEvent = (jobId: string, overrides: Partial<EventRecord> = {}): EventRecord => ({
  jobId,
  source: 'Job',
  level: 'Info',
  message: 'Job created.',
  time: BUILDER_TIME,
  ...overrides,
})

const ALL_EVENTS: EventQuery = { offset: 0, limit: 100, order: 'asc' }

/** Every promise of `store.ts`, for any implementation. `open` answers an empty store. */
export const describeStore = (name: string, open: () => Promise<Store>): void => {
  describe(name, () => {
    let store: Store

    beforeEach(async () => {
      store = await open()
    })
    afterEach(() => store.close())

    const keep = async (overrides: JobOverrides = {}): Promise<JobRecord> => {
      const record = aJobRecord(overrides)
      assert.equal(await store.jobs.create(record, {}), 'created')
      return record
    }
    const namesOf = async (query: JobQuery): Promise<string[]> => {
      const { rows } = await store.jobs.search(query)
      return rows.map(({ text }) => JSON.parse(text).metadata.name)
    }

    describe('jobs', () => {
      it('reads back what was created', async () => {
        const record = await keep({
          secrets: { password: 'hunter2', __proto__x: '' },
          run: {
            attempt: 1,
            executor: 'local',
            placedAt: BUILDER_TIME,
            masterPort: 6_000,
            tasks: [
              { task: 'worker-0', state: 'ended', exitCode: 3, devices: [0, 2], ip: '::1', hostIp: '::1' },
            ],
            failure: { task: 'worker-0', exitCode: 3, message: 'Grüße 🚂', reason: 'command_failed' },
          },
          phase: 'Running',
          metadata: {
            description: 'quotes \' " and \n lines',
            tags: [{ key: 'a', value: 'b' }, { key: 'c' }],
          },
        })

        assert.deepEqual(await store.jobs.find(PROJECT, record.id), record)
      })

      it('finds no job of another project, and no unknown one', async () => {
        const { id } = await keep()

        assert.equal(await store.jobs.find('project-2', id), undefined)
        assert.equal(await store.jobs.find(PROJECT, 'nobody'), undefined)
      })

      it('keeps names unique in a project and workspace', async () => {
        await keep({ metadata: { name: 'same' } })
        const twin = aJobRecord({ metadata: { name: 'same' } })

        const answer = await store.jobs.create(twin, { move: aMove(twin.id), events: [anEvent(twin.id)] })

        assert.equal(answer, 'name_taken')
        assert.equal(await store.jobs.find(PROJECT, twin.id), undefined)
        assert.deepEqual(await store.jobs.listMoves(twin.id), [])
        await keep({ metadata: { name: 'same', workspace_id: 'w'.repeat(32) } })
        await keep({ metadata: { name: 'same' }, projectId: 'project-2' })
        await keep({ metadata: { name: 'Same' } })
      })

      it('frees the name of a deleted job at once', async () => {
        const record = await keep({ metadata: { name: 'again' } })

        assert.equal(await store.jobs.change({ ...record, deletedAt: BUILDER_TIME }, {}), true)

        await keep({ metadata: { name: 'again' } })
      })

      it('keeps the first move and event with the job', async () => {
        const record = aJobRecord()
        const move = aMove(record.id)
        const event = anEvent(record.id)

        await store.jobs.create(record, { move, events: [event] })

        assert.deepEqual(await store.jobs.listMoves(record.id), [move])
        assert.deepEqual(await store.events.list(record.id, ALL_EVENTS), { total: 1, events: [event] })
      })

      it('refuses an id it has, and keeps the first', async () => {
        const record = await keep()
        const other = aJobRecord({ id: record.id })

        await assert.rejects(store.jobs.create(other, {}), { code: 'ModelArts.2952' })

        assert.deepEqual(await store.jobs.find(PROJECT, record.id), record)
      })
    })

    describe('changes', () => {
      it('replaces the job and raises the version', async () => {
        const record = await keep()
        const changed = aJobRecord({ id: record.id, phase: 'Running', secrets: { a: 'b' } })

        assert.equal(await store.jobs.change(changed, {}), true)

        assert.deepEqual(await store.jobs.find(PROJECT, record.id), { ...changed, version: 2 })
      })

      it('is searched by its new values at once', async () => {
        const record = await keep({ metadata: { name: 'old', tags: [{ key: 'a', value: '1' }] } })
        const changed = aJobRecord({
          id: record.id,
          phase: 'Running',
          metadata: { name: 'new', tags: [{ key: 'a', value: '2' }] },
        })

        await store.jobs.change(changed, {})

        const running = { operator: 'in', key: 'phase', values: ['Running'] } as const
        assert.deepEqual(await namesOf(aQuery({ conditions: [running] })), ['new'])
        assert.deepEqual(await namesOf(aQuery({ tags: [{ key: 'a', values: ['1'] }] })), [])
        assert.deepEqual(await namesOf(aQuery({ tags: [{ key: 'a', values: ['2'] }] })), ['new'])
      })

      it('changes nothing when somebody was faster', async () => {
        const record = await keep()
        await store.jobs.change(aJobRecord({ id: record.id, phase: 'Running' }), {})
        const before = await store.jobs.find(PROJECT, record.id)
        const late = aJobRecord({ id: record.id, phase: 'Failed', metadata: { tags: [{ key: 'late' }] } })

        const answer = await store.jobs.change(late, {
          move: aMove(record.id),
          events: [anEvent(record.id)],
          placements: [{ task: 'worker-0', ip: '10.0.0.1', host_ip: '10.0.0.1', schedule_count: 1 }],
        })

        assert.equal(answer, false)
        assert.deepEqual(await store.jobs.find(PROJECT, record.id), before)
        assert.deepEqual(await store.jobs.listMoves(record.id), [])
        assert.equal((await store.events.list(record.id, ALL_EVENTS)).total, 0)
        assert.deepEqual(await namesOf(aQuery({ tags: [{ key: 'late', values: [] }] })), [])
        assert.deepEqual(await namesOf(aQuery({ hostIps: ['10.0.0.1'] })), [])
      })

      it('lets one of many writers win', async () => {
        const record = await keep()

        const answers = await Promise.all(
          Array.from({ length: 10 }, (_, index) =>
            store.jobs.change({ ...record, startTime: index }, { move: aMove(record.id, { time: index }) }),
          ),
        )

        assert.equal(answers.filter(Boolean).length, 1)
        assert.equal((await store.jobs.listMoves(record.id)).length, 1)
        assert.equal((await store.jobs.find(PROJECT, record.id))?.version, 2)
      })

      it('answers false for a job that is gone', async () => {
        assert.equal(await store.jobs.change(aJobRecord(), {}), false)
      })

      it('keeps moves in the order they were made, whatever their times', async () => {
        const record = aJobRecord()
        const moves = [
          aMove(record.id, { time: 300 }),
          aMove(record.id, {
            version: 2,
            from: 'Creating',
            to: 'Pending',
            secondaryPhase: 'Queuing',
            time: 200,
          }),
          aMove(record.id, {
            version: 3,
            from: 'Pending',
            to: 'Terminated',
            secondaryPhase: 'Terminated',
            reason: 'stopped_by_user',
            time: 200,
          }),
        ] as const
        await store.jobs.create(record, { move: moves[0] })
        await store.jobs.change(record, { move: moves[1] })
        await store.jobs.change({ ...record, version: 2 }, { move: moves[2] })

        assert.deepEqual(await store.jobs.listMoves(record.id), moves)
      })
    })

    describe('deleting', () => {
      it('hides deleted jobs from callers, and keeps them active', async () => {
        const record = await keep({ phase: 'Completed' })

        await store.jobs.change({ ...record, deletedAt: BUILDER_TIME }, {})

        assert.equal(await store.jobs.find(PROJECT, record.id), undefined)
        assert.deepEqual(await store.jobs.search(aQuery()), { total: 0, count: 0, rows: [] })
        assert.deepEqual(await store.jobs.listActive(), [{ ...record, deletedAt: BUILDER_TIME, version: 2 }])
      })

      it('lists active jobs, oldest first', async () => {
        const at = (create_time: number, overrides: JobOverrides = {}): JobOverrides => ({
          ...overrides,
          metadata: { create_time },
        })
        const newest = await keep(at(3_000, { phase: 'Running', projectId: 'project-2' }))
        const oldest = await keep(at(1_000, { phase: 'Creating' }))
        const unknown = await keep(at(2_000, { phase: 'Abnormal', status: { secondary_phase: 'Unknown' } }))
        for (const phase of ['Completed', 'Failed', 'Terminated', 'Abnormal'] as const) await keep({ phase })

        assert.deepEqual(await store.jobs.listActive(), [oldest, unknown, newest])
      })

      it('purges everything of a deleted job, and nothing of others', async () => {
        const sample: MinuteSample = [1, 2, 3, 4, 5, 6]
        const records = [aJobRecord(), aJobRecord()] as const
        for (const record of records) {
          await store.jobs.create(record, {
            move: aMove(record.id),
            events: [anEvent(record.id)],
            placements: [{ task: 'worker-0', ip: '10.0.0.1', host_ip: '10.0.0.1', schedule_count: 1 }],
          })
          await store.metrics.put(record.id, 'worker-0', 0, sample)
        }
        const [gone, stays] = records
        await store.jobs.change({ ...gone, deletedAt: BUILDER_TIME }, {})

        await store.jobs.purge(gone.id)
        await store.jobs.purge(gone.id)

        assert.deepEqual(await store.jobs.listActive(), [stays])
        for (const { id } of records) {
          const left = id === stays.id ? 1 : 0
          assert.equal((await store.jobs.listMoves(id)).length, left)
          assert.equal((await store.events.list(id, ALL_EVENTS)).total, left)
          assert.equal((await store.metrics.list(id, 'worker-0')).length, left)
        }
        assert.equal((await store.jobs.search(aQuery({ hostIps: ['10.0.0.1'] }))).count, 1)
      })

      it('purges no job that is not deleted', async () => {
        const record = await keep()

        await store.jobs.purge(record.id)

        assert.deepEqual(await store.jobs.find(PROJECT, record.id), record)
      })

      it('drops events and metrics that come after the purge', async () => {
        const record = await keep({ deletedAt: BUILDER_TIME })
        await store.jobs.purge(record.id)

        await store.events.add([anEvent(record.id)])
        await store.metrics.put(record.id, 'worker-0', 0, [1, 2, 3, 4, 5, 6])

        assert.equal((await store.events.list(record.id, ALL_EVENTS)).total, 0)
        assert.deepEqual(await store.metrics.list(record.id, 'worker-0'), [])
      })
    })

    describe('search', () => {
      it('counts apart what is visible and what matches', async () => {
        for (const name of ['resnet-1', 'resnet-2', 'resnet-3', 'bert']) await keep({ metadata: { name } })
        await keep({ metadata: { name: 'resnet-other' }, ownerId: 'user-2' })
        await keep({ metadata: { name: 'resnet-away', workspace_id: 'w' } })
        await keep({ metadata: { name: 'resnet-far' }, projectId: 'project-2' })
        const like = { operator: 'like', key: 'name', values: ['RESNET'] } as const
        const visible = { projectId: PROJECT, workspaceId: '0', ownerId: 'user-1' }

        const page = await store.jobs.search(aQuery({ visible, conditions: [like], limit: 2 }))

        assert.deepEqual([page.total, page.count, page.rows.length], [4, 3, 2])
        const everybody = await store.jobs.search(aQuery({ conditions: [like], limit: 2 }))
        assert.deepEqual([everybody.total, everybody.count], [5, 4])
      })

      it('answers the text of the job, and whether it is complete', async () => {
        const running = await keep({ phase: 'Running', metadata: { create_time: 2 } })
        const done = await keep({ phase: 'Completed', metadata: { create_time: 1 } })

        const { rows } = await store.jobs.search(aQuery())

        assert.deepEqual(
          rows.map(({ text, ...row }) => ({ ...row, job: JSON.parse(text) })),
          [
            { final: false, startTime: running.startTime, job: running.job },
            { final: true, startTime: done.startTime, job: done.job },
          ],
        )
      })

      it('takes % and _ for ordinary characters', async () => {
        for (const description of ['100% sure', '100 percent', 'a_b', 'aXb'])
          await keep({ metadata: { description } })
        const count = async (value: string): Promise<number> => {
          const like = { operator: 'like', key: 'description', values: [value] } as const
          return (await store.jobs.search(aQuery({ conditions: [like] }))).count
        }

        assert.equal(await count('0%'), 1)
        assert.equal(await count('A_B'), 1)
        assert.equal(await count('%'), 1)
      })

      it('sees beyond ASCII when case does not count', async () => {
        await keep({ metadata: { description: 'ÄRGER mit ÉCOLE' } })
        const like = { operator: 'like', key: 'description', values: ['ärger', 'zzz'] } as const

        assert.equal((await store.jobs.search(aQuery({ conditions: [like] }))).count, 1)
      })

      it('lets jobs without the property pass `not`', async () => {
        await keep({ metadata: { name: 'none' } })
        await keep({ metadata: { name: 'pool' }, spec: { resource: { pool_id: 'p1' } } })
        await keep({ metadata: { name: 'other' }, spec: { resource: { pool_id: 'p2' } } })
        const not = { operator: 'not', key: 'pool_id', values: ['p1'] } as const

        assert.deepEqual((await namesOf(aQuery({ conditions: [not], sortBy: 'name' }))).toSorted(), [
          'none',
          'other',
        ])
      })

      it('sorts missing values last in both directions, ties by id', async () => {
        const priority = async (id: string, value?: number): Promise<JobRecord> =>
          keep({
            id,
            metadata: { name: id },
            spec: value === undefined ? {} : { schedule_policy: { priority: value } },
          })
        await priority('d', 2)
        await priority('b')
        await priority('c', 2)
        await priority('a')
        await priority('e', 3)

        assert.deepEqual(await namesOf(aQuery({ sortBy: 'priority', order: 'asc' })), [
          'c',
          'd',
          'e',
          'a',
          'b',
        ])
        assert.deepEqual(await namesOf(aQuery({ sortBy: 'priority', order: 'desc' })), [
          'e',
          'c',
          'd',
          'a',
          'b',
        ])
      })

      it('counts the duration of running jobs up to now', async () => {
        const now = BUILDER_TIME + 100_000
        await keep({ phase: 'Completed', metadata: { name: 'middle' }, status: { duration: 50_000 } })
        await keep({ phase: 'Running', startTime: now - 90_000, metadata: { name: 'long' } })
        await keep({ phase: 'Running', startTime: now - 10_000, metadata: { name: 'short' } })
        await keep({ phase: 'Pending', metadata: { name: 'waiting' } })

        const order = await namesOf(aQuery({ sortBy: 'duration', order: 'desc', now }))
        const later = await namesOf(aQuery({ sortBy: 'duration', order: 'desc', now: now + 60_000 }))

        assert.deepEqual(order, ['long', 'middle', 'short', 'waiting'])
        assert.deepEqual(later, ['long', 'short', 'middle', 'waiting'])
      })

      it('keeps groups together, in ascending order, missing last', async () => {
        const pool = async (name: string, pool_id?: string): Promise<JobRecord> =>
          keep({ metadata: { name }, spec: pool_id === undefined ? {} : { resource: { pool_id } } })
        await pool('a')
        await pool('b', 'p2')
        await pool('c', 'p1')
        await pool('d', 'p2')

        const names = await namesOf(aQuery({ groupBy: 'pool_id', sortBy: 'name', order: 'desc' }))

        assert.deepEqual(names, ['c', 'd', 'b', 'a'])
      })

      it('pages by records, without overlap, and ends empty', async () => {
        for (let index = 0; index < 7; index += 1) await keep({ metadata: { create_time: 5 } })
        const all = await namesOf(aQuery({ limit: 50 }))
        const paged: string[] = []
        for (let offset = 0; offset < 9; offset += 3)
          paged.push(...(await namesOf(aQuery({ offset, limit: 3 }))))

        assert.deepEqual(paged, all)
        assert.deepEqual(await store.jobs.search(aQuery({ offset: Number.MAX_SAFE_INTEGER })), {
          total: 7,
          count: 7,
          rows: [],
        })
      })

      it('finds nothing when nothing is asked for, and still counts the visible', async () => {
        await keep()

        assert.deepEqual(await store.jobs.search(aQuery({ nothing: true })), { total: 1, count: 0, rows: [] })
      })

      it('joins tags by AND and their values by OR', async () => {
        const tags = (...pairs: [string, string][]): JobOverrides => ({
          metadata: { name: pairs.flat().join('-'), tags: pairs.map(([key, value]) => ({ key, value })) },
        })
        await keep(tags(['team', 'a'], ['env', 'prod']))
        await keep(tags(['team', 'b'], ['env', 'test']))
        await keep(tags(['team', 'c']))

        const both = [
          { key: 'team', values: ['a', 'b'] },
          { key: 'env', values: [] },
        ]
        assert.equal((await store.jobs.search(aQuery({ tags: both }))).count, 2)
        assert.deepEqual(await namesOf(aQuery({ tags: [...both, { key: 'none', values: [] }] })), [])
        assert.deepEqual(await namesOf(aQuery({ tags: [{ key: 'team', values: ['c'] }] })), ['team-c'])
        assert.deepEqual(await namesOf(aQuery({ tags: [{ key: 'env', values: ['a'] }] })), [])
      })

      it('finds jobs by host, and answers the placements there', async () => {
        const record = await keep()
        await keep()
        const place = (task: string, host_ip: string, schedule_count: number) => ({
          task,
          ip: '172.16.0.1',
          host_ip,
          schedule_count,
        })
        await store.jobs.change(record, {
          placements: [place('worker-0', '10.0.0.1', 1), place('worker-1', 'FE80::1', 1)],
        })
        await store.jobs.change({ ...record, version: 2 }, { placements: [place('worker-0', '10.0.0.2', 2)] })

        const page = await store.jobs.search(aQuery({ hostIps: ['10.0.0.2', 'fe80::1'] }))

        assert.deepEqual([page.total, page.count], [2, 1])
        assert.deepEqual(page.rows[0]?.taskIps, [
          place('worker-1', 'FE80::1', 1),
          place('worker-0', '10.0.0.2', 2),
        ])
        assert.equal((await store.jobs.search(aQuery({ hostIps: ['10.0.0.9'] }))).count, 0)
        assert.equal('taskIps' in ((await store.jobs.search(aQuery())).rows[0] ?? {}), false)
        const taken = (attempt?: number) =>
          store.jobs
            .listPlacements(record.id, attempt)
            .then((places) => places.map(({ task, schedule_count: count }) => `${count} ${task}`))
        assert.deepEqual(await taken(), ['1 worker-0', '1 worker-1', '2 worker-0'])
        assert.deepEqual(await taken(2), ['2 worker-0'])
        assert.deepEqual(await taken(3), [])
      })
    })

    describe('events', () => {
      it('lists a window, in either direction', async () => {
        const { id } = await keep()
        const events = [1_000, 2_000, 2_000, 3_000].map((time, index) =>
          anEvent(id, { time, message: `event ${index}` }),
        )
        await store.events.add(events)
        await store.events.add([])

        const messages = async (query: Partial<EventQuery>): Promise<string[]> =>
          (await store.events.list(id, { ...ALL_EVENTS, ...query })).events.map(({ message }) => message)
        assert.deepEqual(await messages({}), ['event 0', 'event 1', 'event 2', 'event 3'])
        assert.deepEqual(await messages({ order: 'desc' }), ['event 3', 'event 2', 'event 1', 'event 0'])
        assert.deepEqual(await messages({ from: 2_000, to: 2_000 }), ['event 1', 'event 2'])
        assert.deepEqual(await messages({ offset: 1, limit: 2 }), ['event 1', 'event 2'])
        assert.deepEqual(await store.events.list(id, { ...ALL_EVENTS, offset: 3, limit: 2 }), {
          total: 4,
          events: events.slice(3),
        })
      })

      it('filters by level, source and pattern', async () => {
        const { id } = await keep()
        const other = await keep()
        await store.events.add([
          anEvent(id, { level: 'Error', message: '[worker-0] 100% BROKEN' }),
          anEvent(id, { level: 'Warning', source: 'Task', message: 'slow' }),
          anEvent(id, { source: 'K8S', message: 'ÜBER' }),
          anEvent(other.id, { level: 'Error', message: 'broken too' }),
        ])

        const total = async (query: Partial<EventQuery>): Promise<number> =>
          (await store.events.list(id, { ...ALL_EVENTS, ...query })).total
        assert.equal(await total({ levels: ['Error', 'Warning'] }), 2)
        assert.equal(await total({ source: 'K8S' }), 1)
        assert.equal(await total({ pattern: '0% broken' }), 1)
        assert.equal(await total({ pattern: '_' }), 0)
        assert.equal(await total({ pattern: 'über' }), 1)
        assert.equal(await total({ levels: ['Error'], source: 'Task' }), 0)
      })

      it('keeps ten thousand, and drops old ones of the backend first', async () => {
        const { id } = await keep()
        const backend = Array.from({ length: 3 }, (_, index) =>
          anEvent(id, { source: 'K8S', message: `backend ${index}`, time: 5_000 + index }),
        )
        const tasks = Array.from({ length: 9_997 }, (_, index) =>
          anEvent(id, { source: 'Task', message: `task ${index}`, time: 1_000 + index }),
        )
        await store.events.add([...tasks, ...backend])
        const list = (query: Partial<EventQuery>) => store.events.list(id, { ...ALL_EVENTS, ...query })
        assert.equal((await list({})).total, 10_000)

        await store.events.add([anEvent(id, { message: 'one more', time: 1 })])

        assert.equal((await list({})).total, 10_000)
        const left = await list({ source: 'K8S' })
        assert.deepEqual(left.events, backend.slice(1))

        await store.events.add([4, 3, 2].map((time) => anEvent(id, { message: 'more', time })))

        assert.equal((await list({})).total, 10_000)
        assert.equal((await list({ source: 'K8S' })).total, 0)
        assert.deepEqual(
          (await list({ limit: 4 })).events.map(({ time }) => time),
          [2, 3, 4, 1_000],
          'the oldest of all went last',
        )
      })
    })

    describe('metrics', () => {
      it('keeps minutes in order, by task, and replaces a minute sent again', async () => {
        const { id } = await keep()
        const sample = (cpu: number): MinuteSample => [cpu, 12.345, -1, -1, 0, 100]

        await store.metrics.put(id, 'worker-0', 3, sample(3))
        await store.metrics.put(id, 'worker-0', 0, sample(0))
        await store.metrics.put(id, 'worker-0', 3, sample(33.333))
        await store.metrics.put(id, 'worker-1', 1, sample(1))

        assert.deepEqual(await store.metrics.list(id, 'worker-0'), [
          { minute: 0, sample: sample(0) },
          { minute: 3, sample: sample(33.333) },
        ])
        assert.deepEqual(await store.metrics.list(id, 'worker-1'), [{ minute: 1, sample: sample(1) }])
        assert.deepEqual(await store.metrics.list(id, 'worker-2'), [])
      })
    })

    describe('accounts', () => {
      const domain = { id: 'd-1', name: 'acme' }
      const project = { id: PROJECT, domainId: 'd-1', name: 'region-a', description: 'first' }
      const user: User = {
        id: 'user-1',
        domainId: 'd-1',
        name: 'trainer',
        passwordHash: 'hash',
        enabled: true,
        role: 'developer',
      }
      const aToken = (overrides: Partial<TokenRow> = {}): TokenRow => ({
        hash: 'h1',
        userId: user.id,
        projectId: PROJECT,
        issuedAt: 1_000,
        expiresAt: 2_000,
        ...overrides,
      })

      beforeEach(async () => {
        await store.accounts.addDomain(domain)
        await store.accounts.addProject(project)
        await store.accounts.addUser(user)
      })

      it('finds domains by id and by name', async () => {
        assert.deepEqual(await store.accounts.findDomain({ id: 'd-1' }), domain)
        assert.deepEqual(await store.accounts.findDomain({ name: 'acme' }), domain)
        assert.equal(await store.accounts.findDomain({ name: 'd-1' }), undefined)
      })

      it('finds and lists projects of a domain', async () => {
        await store.accounts.addDomain({ id: 'd-2', name: 'other' })
        await store.accounts.addProject({ ...project, id: 'project-2', domainId: 'd-2' })

        assert.deepEqual(await store.accounts.findProject(PROJECT), project)
        assert.equal(await store.accounts.findProject('nobody'), undefined)
        assert.deepEqual(await store.accounts.listProjects('d-1'), [project])
      })

      it('finds users by id, and by name in their domain', async () => {
        const disabled: User = { ...user, id: 'user-2', name: 'gone', enabled: false, role: 'viewer' }
        await store.accounts.addUser(disabled)

        assert.deepEqual(await store.accounts.findUser({ id: user.id }), user)
        assert.deepEqual(await store.accounts.findUser({ domainId: 'd-1', name: 'gone' }), disabled)
        assert.equal(await store.accounts.findUser({ domainId: 'd-2', name: 'gone' }), undefined)
        await assert.rejects(store.accounts.addUser({ ...user, id: 'user-3' }), { code: 'ModelArts.2952' })
      })

      it('finds access keys', async () => {
        const key = { accessKey: 'AK', userId: user.id, projectId: PROJECT, sealedSecret: 'sealed' }
        await store.accounts.addAccessKey(key)

        assert.deepEqual(await store.accounts.findAccessKey('AK'), key)
        assert.equal(await store.accounts.findAccessKey('ak'), undefined)
      })

      it('forgets expired tokens when one is added', async () => {
        const fresh = aToken({ hash: 'h2', projectId: null, expiresAt: 3_000 })
        await store.accounts.addToken(aToken(), 1_000)
        assert.deepEqual(await store.accounts.findToken('h1'), aToken())

        await store.accounts.addToken(fresh, 2_000)

        assert.equal(await store.accounts.findToken('h1'), undefined)
        assert.deepEqual(await store.accounts.findToken('h2'), fresh)
      })

      it('finds workspaces of a project', async () => {
        const workspace = {
          id: 'w-1',
          projectId: PROJECT,
          name: 'shared',
          ownerId: user.id,
          memberIds: ['user-8', 'user-2'],
        }
        await store.accounts.addWorkspace(workspace)

        assert.deepEqual(await store.accounts.findWorkspace(PROJECT, 'w-1'), workspace)
        assert.equal(await store.accounts.findWorkspace('project-2', 'w-1'), undefined)
      })
    })

    it('can be closed twice, and then refuses', async () => {
      await store.close()
      await store.close()

      await assert.rejects(store.jobs.listActive(), { code: 'ModelArts.2952' })
    })
  })
}
