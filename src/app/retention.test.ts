import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { aJobRecord } from '../../test/support/job-builder.ts'
import { ScriptedExecutor } from '../../test/support/scripted-executor.ts'
import type { Phase } from '../contract/phases.ts'
import type { JobRecord } from '../domain/job-record.ts'
import { openSqliteStore } from '../store/sqlite/open-store.ts'
import type { Store } from '../store/store.ts'
import { keepingOf, keepMs } from './durations.ts'
import { type Keeping, Retention, type RetentionOptions } from './retention.ts'

const NOW = 2_000_000_000_000
const DAY = 24 * 60 * 60 * 1000
const FOREVER: Keeping = { logs: undefined, events: undefined, jobs: undefined }

interface Yard {
  readonly store: Store
  readonly executor: ScriptedExecutor
  readonly troubles: unknown[]
  readonly sweep: (
    keeping: Partial<Keeping>,
    more?: Partial<RetentionOptions>,
  ) => ReturnType<Retention['sweep']>
}

const openYard = (): Yard => {
  const store = openSqliteStore({ file: ':memory:' })
  const executor = new ScriptedExecutor(1)
  const troubles: unknown[] = []
  return {
    store,
    executor,
    troubles,
    sweep: (keeping, more = {}) =>
      new Retention({
        store,
        executor,
        keeping: { ...FOREVER, ...keeping },
        onSwept: () => undefined,
        onTrouble: (error) => troubles.push(error),
        clock: () => NOW,
        ...more,
      }).sweep(),
  }
}

const keep = async (store: Store, phase: Phase, endTime: number | null): Promise<JobRecord> => {
  const record = aJobRecord({ phase, endTime })
  await store.jobs.create(record, {
    events: [{ jobId: record.id, source: 'Job', level: 'Info', message: 'Job created.', time: 1 }],
  })
  await store.metrics.put(record.id, 'worker-0', 0, [1, 1, 1, 1, 1, 1])
  return record
}

const isThere = async (store: Store, { projectId, id }: JobRecord): Promise<boolean> =>
  (await store.jobs.find(projectId, id)) !== undefined

const countEvents = async (store: Store, { id }: JobRecord): Promise<number> =>
  (await store.events.list(id, { offset: 0, limit: 1, order: 'asc' })).total

describe('retention', () => {
  it('removes a finished job with all that belongs to it once its time is over', async () => {
    const { store, executor, sweep } = openYard()
    const old = await keep(store, 'Completed', NOW - 2 * DAY)
    const young = await keep(store, 'Failed', NOW - DAY + 1)

    const swept = await sweep({ jobs: DAY })

    assert.deepEqual(swept, { logs: 0, events: 0, jobs: 1 })
    assert.deepEqual([await isThere(store, old), await isThere(store, young)], [false, true])
    assert.deepEqual(executor.removed, [old.id])
    assert.deepEqual([await countEvents(store, old), await countEvents(store, young)], [0, 1])
    assert.deepEqual(await store.metrics.list(old.id, 'worker-0'), [])
    assert.deepEqual(await store.jobs.listActive(), [])
    await store.close()
  })

  it('clears logs and events alone, once', async () => {
    const { store, executor, sweep } = openYard()
    const old = await keep(store, 'Terminated', NOW - 40 * DAY)

    assert.deepEqual(await sweep({ logs: 30 * DAY, events: 35 * DAY }), { logs: 1, events: 1, jobs: 0 })
    assert.deepEqual(await sweep({ logs: 30 * DAY, events: 35 * DAY }), { logs: 0, events: 0, jobs: 0 })

    assert.deepEqual(executor.cleared, [old.id])
    assert.equal(await store.upkeep.areLogsCleared(old.id), true)
    assert.equal(await countEvents(store, old), 0)
    assert.equal(await isThere(store, old), true)
    await store.close()
  })

  it('goes through any number of jobs in batches', async () => {
    const { store, sweep } = openYard()
    for (let index = 0; index < 25; index += 1) await keep(store, 'Completed', index)

    assert.equal((await sweep({ jobs: DAY }, { batchSize: 10 })).jobs, 25)
    await store.close()
  })

  it('goes on when one job cannot be removed, and ends when none can', async () => {
    const { store, executor, troubles, sweep } = openYard()
    const stuck = await keep(store, 'Completed', 1)
    const fine = await keep(store, 'Completed', 2)
    executor.clearLogs = async (id) => {
      if (id === stuck.id) throw new Error('busy')
    }

    assert.equal((await sweep({ logs: DAY }, { batchSize: 1 })).logs, 0)
    assert.equal((await sweep({ logs: DAY })).logs, 1)

    assert.equal(troubles.length, 2)
    assert.deepEqual(
      [await store.upkeep.areLogsCleared(stuck.id), await store.upkeep.areLogsCleared(fine.id)],
      [false, true],
    )
    await store.close()
  })

  it('never touches a job that is not over, nor one that is younger', async () => {
    const phases = [
      'Creating',
      'Pending',
      'Running',
      'Terminating',
      'Completed',
      'Failed',
      'Terminated',
      'Abnormal',
    ] as const
    const isOver = (phase: Phase): boolean => phases.indexOf(phase) >= 4
    const job = fc.record({
      phase: fc.constantFrom(...phases),
      ageMs: fc.integer({ min: -DAY, max: 10 * DAY }),
    })
    const time = fc.option(fc.integer({ min: 0, max: 10 * DAY }), { nil: undefined })
    await fc.assert(
      fc.asyncProperty(
        fc.array(job, { maxLength: 12 }),
        fc.record({ logs: time, events: time, jobs: time }),
        fc.integer({ min: 1, max: 5 }),
        async (jobs, keeping, batchSize) => {
          const { store, executor, sweep } = openYard()
          const kept: { record: JobRecord; phase: Phase; ageMs: number }[] = []
          for (const { phase, ageMs } of jobs) {
            const record = await keep(store, phase, isOver(phase) ? NOW - ageMs : null)
            kept.push({ record, phase, ageMs })
          }

          await sweep(keeping, { batchSize })

          for (const { record, phase, ageMs } of kept) {
            const isDue = (keptMs: number | undefined): boolean =>
              isOver(phase) && keptMs !== undefined && ageMs > keptMs
            assert.equal(await isThere(store, record), !isDue(keeping.jobs))
            assert.equal(executor.removed.includes(record.id), isDue(keeping.jobs))
            if (isDue(keeping.jobs)) continue
            assert.equal(executor.cleared.includes(record.id), isDue(keeping.logs))
            assert.equal(await countEvents(store, record), isDue(keeping.events) ? 0 : 1)
          }
          await store.close()
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('how long things are kept', () => {
  it('is read from days and hours', () => {
    assert.deepEqual([keepMs('30d'), keepMs('12h'), keepMs('forever')], [30 * DAY, DAY / 2, undefined])
  })

  it('is 30 days for logs and for ever else, unless said otherwise', () => {
    assert.deepEqual(keepingOf({}), { logs: 30 * DAY, events: undefined, jobs: undefined })
    assert.deepEqual(keepingOf({ retention: { logs: '1d', events: '2d', jobs: '3d' } }, '4d'), {
      logs: DAY,
      events: 2 * DAY,
      jobs: 4 * DAY,
    })
  })
})
