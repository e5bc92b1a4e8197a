import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { JobRecord } from '../../src/domain/job-record.ts'
import type { Store } from '../../src/store/store.ts'
import { AGING } from '../../src/store/upkeep.ts'
import { aJobRecord, BUILDER_TIME, type JobOverrides } from '../support/job-builder.ts'

/** Every promise of `upkeep.ts`, for any implementation. `open` answers an empty store. */
export const describeUpkeep = (name: string, open: () => Promise<Store>): void => {
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
    const anEvent = (jobId: string) =>
      ({ jobId, source: 'Job', level: 'Info', message: 'Job created.', time: BUILDER_TIME }) as const
    const countEvents = async (jobId: string): Promise<number> =>
      (await store.events.list(jobId, { offset: 0, limit: 10, order: 'asc' })).total

    it('counts jobs of all projects by phase, without deleted ones', async () => {
      await keep({ phase: 'Running' })
      await keep({ phase: 'Completed' })
      await keep({ phase: 'Completed', projectId: 'project-2' })
      await keep({ phase: 'Completed', deletedAt: BUILDER_TIME })

      assert.deepEqual([...(await store.upkeep.countPhases())].sort(), [
        ['Completed', 2],
        ['Running', 1],
      ])
    })

    it('lists finished jobs that ended before a time, the longest ended first', async () => {
      const late = await keep({ phase: 'Failed', endTime: 300 })
      const early = await keep({ phase: 'Completed', endTime: 100, projectId: 'project-2' })
      await keep({ phase: 'Terminated', endTime: 400 })

      for (const aging of AGING) {
        assert.deepEqual(await store.upkeep.listDue(aging, 400, 10), [
          { id: early.id, projectId: 'project-2' },
          { id: late.id, projectId: 'project-1' },
        ])
        assert.equal((await store.upkeep.listDue(aging, 400, 1)).length, 1)
        assert.deepEqual(await store.upkeep.listDue(aging, 100, 10), [])
      }
    })

    it('never lists a job that is not final, or is deleted', async () => {
      for (const phase of ['Creating', 'Pending', 'Running', 'Terminating'] as const) await keep({ phase })
      await keep({ phase: 'Abnormal', status: { secondary_phase: 'Unknown' }, endTime: null })
      await keep({ phase: 'Completed', endTime: 100, deletedAt: 200 })

      for (const aging of AGING) {
        assert.deepEqual(await store.upkeep.listDue(aging, Number.MAX_SAFE_INTEGER, 10), [])
      }
    })

    it('lists what was cleared no more, and remembers that logs were', async () => {
      const job = await keep({ phase: 'Completed', endTime: 100 })
      await store.events.add([anEvent(job.id)])
      assert.equal(await store.upkeep.areLogsCleared(job.id), false)

      await store.upkeep.noteLogsCleared(job.id, 500)
      assert.deepEqual(await store.upkeep.listDue('logs', 400, 10), [])
      assert.equal((await store.upkeep.listDue('events', 400, 10)).length, 1)
      assert.equal(await store.upkeep.areLogsCleared(job.id), true)

      await store.upkeep.clearEvents(job.id, 500)
      assert.deepEqual(await store.upkeep.listDue('events', 400, 10), [])
      assert.equal(await countEvents(job.id), 0)
      assert.equal((await store.upkeep.listDue('jobs', 400, 10)).length, 1)
    })

    it('keeps counting events right after they were cleared', async () => {
      const job = await keep({ phase: 'Completed', endTime: 100 })
      await store.events.add([anEvent(job.id), anEvent(job.id)])

      await store.upkeep.clearEvents(job.id, 500)
      await store.events.add([anEvent(job.id)])

      assert.equal(await countEvents(job.id), 1)
    })

    it('takes a job that is gone for done', async () => {
      await store.upkeep.noteLogsCleared('gone', 1)
      await store.upkeep.clearEvents('gone', 1)

      assert.equal(await store.upkeep.areLogsCleared('gone'), false)
    })
  })
}
