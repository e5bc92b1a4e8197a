import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { aJobRecord } from '../../test/support/job-builder.ts'
import { ScriptedExecutor } from '../../test/support/scripted-executor.ts'
import type { JobRecord } from '../domain/job-record.ts'
import { beginStop } from '../domain/lifecycle.ts'
import { openSqliteStore } from '../store/sqlite/open-store.ts'
import type { Store } from '../store/store.ts'
import { Scheduler, STOP_LIMIT_MS } from './scheduler.ts'

const START = 1_900_000_000_000
const silent = { error: () => undefined, info: () => undefined }

describe('Scheduler', () => {
  let store: Store
  let executor: ScriptedExecutor
  let scheduler: Scheduler
  let now: number
  let steady: number
  let interpreter: string | undefined

  beforeEach(() => {
    store = openSqliteStore({ file: ':memory:' })
    executor = new ScriptedExecutor(2)
    now = START
    steady = 0
    interpreter = '/usr/bin/python3'
    scheduler = new Scheduler({
      store,
      executor,
      interpreterOf: () => interpreter,
      log: silent,
      clock: () => now,
      steadyClock: () => steady,
      periodMs: 60_000,
    })
  })

  afterEach(async () => {
    await scheduler.stop()
    await store.close()
  })

  const add = async (overrides: Parameters<typeof aJobRecord>[0] = {}): Promise<JobRecord> => {
    now += 1
    const record = aJobRecord({
      phase: 'Creating',
      ...overrides,
      metadata: { create_time: now, ...overrides.metadata },
    })
    const { phase, secondary_phase: secondaryPhase } = record.job.status
    const move = {
      jobId: record.id,
      version: 1,
      from: null,
      to: phase,
      secondaryPhase,
      reason: null,
      time: now,
    }
    assert.equal(await store.jobs.create(record, { move, events: [] }), 'created')
    return record
  }

  const phaseOf = async ({ projectId, id }: JobRecord): Promise<string | undefined> =>
    (await store.jobs.find(projectId, id))?.job.status.phase

  const finish = (record: JobRecord, exitCode = 0): void =>
    executor.show(record.id, [{ task: 'worker-0', state: 'ended', startedAt: now, endedAt: now, exitCode }])

  it('runs jobs first come, first served, and keeps the rest waiting for a place', async () => {
    const jobs = [await add(), await add(), await add()]

    await scheduler.start()

    assert.deepEqual(await Promise.all(jobs.map(phaseOf)), ['Running', 'Running', 'Pending'])
    assert.deepEqual(
      executor.started.map(({ jobId }) => jobId),
      jobs.slice(0, 2).map(({ id }) => id),
    )

    finish(jobs[0] as JobRecord)
    await scheduler.tick()

    assert.deepEqual(await Promise.all(jobs.map(phaseOf)), ['Completed', 'Running', 'Running'])
    assert.deepEqual(executor.released, [jobs[0]?.id])
  })

  it('prefers a higher priority, and lets no small job overtake a large one that waits', async () => {
    await scheduler.start()
    const small = await add()
    await scheduler.tick()
    const large = await add({
      status: { tasks: ['worker-0', 'worker-1'] },
      spec: { schedule_policy: { priority: 3 } },
    })
    const late = await add()
    await scheduler.tick()

    assert.deepEqual([await phaseOf(large), await phaseOf(late)], ['Pending', 'Pending'])

    finish(small)
    await scheduler.tick()

    assert.deepEqual([await phaseOf(large), await phaseOf(late)], ['Running', 'Pending'])
  })

  it('passes over a job that no machine of this size can hold', async () => {
    const tooLarge = await add({ status: { tasks: ['worker-0', 'worker-1', 'worker-2'] } })
    const job = await add()

    await scheduler.start()

    assert.deepEqual([await phaseOf(tooLarge), await phaseOf(job)], ['Pending', 'Running'])
  })

  it('records every move, with its event, in order', async () => {
    const job = await add()
    await scheduler.start()
    finish(job, 3)
    await scheduler.tick()

    const moves = await store.jobs.listMoves(job.id)
    const { events } = await store.events.list(job.id, { offset: 0, limit: 50, order: 'asc' })

    assert.deepEqual(
      moves.map(({ from, to }) => [from, to]),
      [
        [null, 'Creating'],
        ['Creating', 'Pending'],
        ['Pending', 'Running'],
        ['Running', 'Failed'],
      ],
    )
    assert.deepEqual(
      moves.map(({ version }) => version),
      [1, 2, 3, 4],
    )
    assert.equal(moves.at(-1)?.reason, 'command_failed')
    assert.deepEqual(
      events.map(({ message }) => message),
      [
        'Queued, waiting for resources.',
        'Job is running.',
        '[worker-0] Program started.',
        '[worker-0] Program ended. Exit code 3.',
        'Job failed.',
      ],
    )
  })

  it('starts again what was placed and never started, under the same attempt', async () => {
    const job = await add()
    await scheduler.start()
    await scheduler.stop()
    const forgetful = new ScriptedExecutor(2)
    const next = new Scheduler({
      store,
      executor: forgetful,
      interpreterOf: () => interpreter,
      log: silent,
      clock: () => now,
    })

    await next.start()

    assert.deepEqual(
      forgetful.started.map(({ jobId, attempt }) => [jobId, attempt]),
      [[job.id, 1]],
    )
    assert.deepEqual(forgetful.swept, [[job.id]])
    await next.stop()
  })

  it('removes a deleted job once it is over, and all that is left of it', async () => {
    const job = await add()
    await scheduler.start()
    const running = await store.jobs.find(job.projectId, job.id)
    assert.ok(running)
    const status = {
      ...running.job.status,
      phase: 'Terminating' as const,
      secondary_phase: 'Terminating' as const,
    }
    await store.jobs.change({ ...running, deletedAt: now, job: { ...running.job, status } }, {})

    await scheduler.tick()
    assert.deepEqual(executor.stopped, [job.id])
    assert.deepEqual(executor.removed, [])

    finish(job, 143)
    await scheduler.tick()
    await scheduler.tick()

    assert.deepEqual(executor.removed, [job.id])
    assert.deepEqual(await store.jobs.listActive(), [])
    assert.deepEqual(await store.jobs.listMoves(job.id), [])
  })

  it('gives up a job whose engine is gone', async () => {
    interpreter = undefined
    const job = await add()

    await scheduler.start()

    assert.equal(await phaseOf(job), 'Abnormal')
    assert.deepEqual(executor.started, [])
  })

  it('hands each job cards of its own, and a port of its own', async () => {
    executor.setCapacity({ gpus: 4, cores: 8 })
    const flavor_detail = { flavor_type: 'GPU', flavor_info: { cpu: { core_num: 1 }, gpu: { unit_num: 2 } } }
    await add({ spec: { resource: { flavor_detail } } })
    await add({ spec: { resource: { flavor_detail } } })

    await scheduler.start()

    assert.deepEqual(
      executor.started.map(({ tasks }) => tasks[0]?.devices),
      [
        [0, 1],
        [2, 3],
      ],
    )
    assert.equal(new Set(executor.started.map(({ tasks }) => tasks[0]?.masterPort)).size, 2)
  })

  it('hands out GPUs and NPUs apart', async () => {
    executor.setCapacity({ gpus: 2, npus: 4, cores: 8 })
    const cpu = { core_num: 1 }
    const gpu = { flavor_type: 'GPU', flavor_info: { cpu, gpu: { unit_num: 2 } } }
    const npu = { flavor_type: 'Ascend', flavor_info: { cpu, npu: { unit_num: '4' } } }
    await add({ spec: { resource: { flavor_detail: gpu } } })
    await add({ spec: { resource: { flavor_detail: npu } } })

    await scheduler.start()

    assert.deepEqual(
      executor.started.map(({ tasks }) => tasks[0]?.devices),
      [
        [0, 1],
        [0, 1, 2, 3],
      ],
    )
  })

  const stop = async ({ projectId, id }: JobRecord): Promise<void> => {
    const record = await store.jobs.find(projectId, id)
    assert.ok(record)
    const { record: stopping, move } = beginStop(record, 'stopped_by_user', now)
    assert.ok(await store.jobs.change(stopping, move ? { move } : {}))
  }

  it('gives a stop its time from when this server asks, however long there was none', async () => {
    const job = await add()
    await scheduler.start()
    executor.show(job.id, [{ task: 'worker-0', state: 'running', startedAt: now }])
    await stop(job)
    now += 86_400_000
    await scheduler.tick()
    assert.equal(await phaseOf(job), 'Terminating')
    assert.deepEqual(executor.stopped, [job.id])

    steady += STOP_LIMIT_MS
    await scheduler.tick()
    assert.equal(await phaseOf(job), 'Terminating', 'the grace time comes on top')

    steady += 30_001
    await scheduler.tick()
    assert.equal(await phaseOf(job), 'Abnormal')
    assert.deepEqual(executor.released, [job.id])
  })

  it('places and ends jobs also while no run can be observed', async () => {
    const running = await add()
    await scheduler.start()
    executor.goBlind()
    const next = await add()
    const unwanted = await add({ phase: 'Pending' })
    await stop(unwanted)
    await scheduler.tick()

    assert.equal(await phaseOf(running), 'Running')
    assert.equal(await phaseOf(next), 'Running')
    assert.equal(await phaseOf(unwanted), 'Terminated')
  })

  it('gives up a job that was placed, never started, and can be started no longer', async () => {
    const job = await add()
    await scheduler.start()
    await scheduler.stop()
    interpreter = undefined
    const next = new Scheduler({
      store,
      executor: new ScriptedExecutor(2),
      interpreterOf: () => interpreter,
      log: silent,
      clock: () => now,
    })
    await next.start()
    await next.stop()

    assert.equal(await phaseOf(job), 'Abnormal')
  })

  it('lets others have their turn between two jobs', async () => {
    for (let count = 0; count < 5; count += 1) await add()
    let turns = 0
    const count = (): void => {
      turns += 1
      again = setImmediate(count)
    }
    let again = setImmediate(count)
    try {
      await scheduler.tick()
    } finally {
      clearImmediate(again)
    }

    assert.ok(turns >= 5, `${turns} turns`)
  })

  it('places nothing while it may not, ends what runs, and tells of each look', async () => {
    const looks: boolean[] = []
    let mayPlace = true
    const guarded = new Scheduler({
      store,
      executor,
      interpreterOf: () => interpreter,
      log: silent,
      clock: () => now,
      periodMs: 60_000,
      mayPlace: () => mayPlace,
      onLook: (_durationMs, failed) => looks.push(failed),
    })
    const first = await add()
    await guarded.start()
    mayPlace = false
    const second = await add()
    finish(first)
    await guarded.tick()
    await guarded.tick()

    assert.deepEqual([await phaseOf(first), await phaseOf(second)], ['Completed', 'Pending'])
    mayPlace = true
    await guarded.tick()
    assert.equal(await phaseOf(second), 'Running')

    store.jobs.listActive = async () => {
      throw new Error('no database')
    }
    await guarded.tick()
    assert.deepEqual([looks.includes(true), looks.at(0), looks.at(-1)], [true, false, true])
    await guarded.stop()
  })

  it('keeps the mean usage of each minute', async () => {
    const job = await add()
    await scheduler.start()
    const usage = {
      jobId: job.id,
      task: 'worker-0',
      memory: 10,
      gpu: -1,
      gpuMemory: -1,
      npu: -1,
      npuMemory: -1,
    }
    for (const cpu of [20, 40]) {
      executor.showUsage([{ ...usage, cpu }])
      now += 10_000
      await scheduler.tick()
    }
    now += 60_000
    await scheduler.tick()

    const minutes = await store.metrics.list(job.id, 'worker-0')

    assert.deepEqual(minutes, [
      { minute: 0, sample: [30, 10, -1, -1, -1, -1] },
      { minute: 1, sample: [40, 10, -1, -1, -1, -1] },
    ])
  })
})
