import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { aJobRecord } from '../../test/support/job-builder.ts'
import { END_REASONS, isFinal, PHASES } from '../contract/phases.ts'
import type { JobRecord, Run } from './job-record.ts'
import { admit, beginStop, type Decision, decide, place } from './lifecycle.ts'
import { FINAL_STATE, isLegalMove, LEGAL_MOVES } from './moves.ts'
import type { TaskObservation } from './observation.ts'

const START = 1_900_000_000_000

const aRun = (tasks: readonly string[]): Run => ({
  attempt: 1,
  executor: 'local',
  placedAt: START,
  masterPort: 20_000,
  tasks: tasks.map((task) => ({
    task,
    state: 'preparing',
    devices: [],
    ip: '127.0.0.1',
    hostIp: '127.0.0.1',
  })),
})

/** A job placed at START with this many tasks. */
const placedJob = (nodes = 1, overrides: Parameters<typeof aJobRecord>[0] = {}): JobRecord => {
  const tasks = Array.from({ length: nodes }, (_, index) => `worker-${index}`)
  const pending = aJobRecord({ phase: 'Pending', status: { tasks }, ...overrides })
  return place(pending, aRun(tasks), START).record
}

const texts = ({ events }: Decision): string[] => events.map(({ message }) => message)

const ended = (task: string, exitCode: number, endedAt: number): TaskObservation => ({
  task,
  state: 'ended',
  startedAt: START + 10,
  endedAt,
  exitCode,
})

describe('a job on its way', () => {
  it('is queued, placed, started', () => {
    const queued = admit(aJobRecord({ phase: 'Creating' }), START)
    const placed = place(queued.record, aRun(['worker-0']), START + 5)

    assert.equal(queued.record.job.status.secondary_phase, 'Queuing')
    assert.deepEqual(texts(queued), ['Queued, waiting for resources.'])
    assert.equal(placed.record.job.status.phase, 'Running')
    assert.equal(placed.record.job.status.start_time, String(START + 5))
    assert.deepEqual(placed.record.job.status.node_count_metrics, [[START + 5, 1]])
    assert.equal(placed.action, 'start')
    assert.deepEqual(placed.move?.from, 'Pending')
  })

  it('is started again when the executor knows nothing of it', () => {
    const decision = decide(placedJob(), [{ task: 'worker-0', state: 'absent' }], START + 1)

    assert.equal(decision.action, 'start')
    assert.equal(decision.changed, false)
  })

  it('is never started again once a program was seen, and counts as lost', () => {
    const seen = decide(
      placedJob(),
      [{ task: 'worker-0', state: 'running', startedAt: START + 1 }],
      START + 2,
    )

    const decision = decide(seen.record, [{ task: 'worker-0', state: 'absent' }], START + 3)

    assert.equal(decision.action, undefined)
    assert.equal(decision.record.job.status.secondary_phase, 'Lost')
  })

  it('tells once that a program started and ended, at the times it did', () => {
    const running = decide(
      placedJob(),
      [{ task: 'worker-0', state: 'running', startedAt: START + 7 }],
      START + 50,
    )
    const again = decide(
      running.record,
      [{ task: 'worker-0', state: 'running', startedAt: START + 7 }],
      START + 60,
    )
    const done = decide(running.record, [ended('worker-0', 0, START + 70)], START + 99)

    assert.deepEqual(
      running.events.map(({ message, time }) => [message, time]),
      [['[worker-0] Program started.', START + 7]],
    )
    assert.equal(again.changed, false)
    assert.deepEqual(texts(done), ['[worker-0] Program ended. Exit code 0.', 'Job completed.'])
  })

  it('completes when all tasks ended with 0, with the duration frozen at the last end', () => {
    const decision = decide(
      placedJob(2),
      [ended('worker-0', 0, START + 40), ended('worker-1', 0, START + 90)],
      START + 500,
    )

    const { status, trainyard } = decision.record.job
    assert.equal(status.phase, 'Completed')
    assert.equal(status.duration, 90)
    assert.equal(decision.record.endTime, START + 90)
    assert.equal(trainyard?.reason, 'completed')
    assert.deepEqual(status.node_count_metrics, [
      [START, 2],
      [START + 90, 0],
    ])
    assert.equal(status.running_records?.[0]?.end_reason, 'job completed')
    assert.equal(status.task_statuses, undefined)
  })

  it('stops the others when one task fails, then fails naming the first', () => {
    const first = decide(
      placedJob(2),
      [ended('worker-0', 7, START + 40), { task: 'worker-1', state: 'running', startedAt: START + 10 }],
      START + 50,
    )
    const second = decide(
      first.record,
      [ended('worker-0', 7, START + 40), ended('worker-1', 143, START + 60)],
      START + 70,
    )

    assert.equal(first.action, 'stop')
    assert.equal(first.record.job.status.phase, 'Running')
    assert.equal(second.record.job.status.phase, 'Failed')
    assert.deepEqual(second.record.job.status.task_statuses, [
      { task: 'worker-0', exit_code: 7, message: 'exit with 7' },
    ])
    assert.equal(second.record.job.status.running_records?.[0]?.end_related_task, 'worker-0')
  })

  it('fails with 255 and the message when preparation failed', () => {
    const trouble = { reason: 'preparation_failed' as const, message: 'Input data_url: nothing found.' }

    const decision = decide(placedJob(), [{ task: 'worker-0', state: 'ended', trouble }], START + 9)

    assert.equal(decision.record.job.trainyard?.reason, 'preparation_failed')
    assert.deepEqual(decision.record.job.status.task_statuses, [
      { task: 'worker-0', exit_code: 255, message: trouble.message },
    ])
  })

  it('keeps exit code 0 when only the last upload failed', () => {
    const trouble = { reason: 'upload_failed' as const, message: 'Output train_url: disk full.' }

    const decision = decide(placedJob(), [{ ...ended('worker-0', 0, START + 9), trouble }], START + 9)

    assert.equal(decision.record.job.status.phase, 'Failed')
    assert.equal(decision.record.job.status.task_statuses?.[0]?.exit_code, 0)
  })

  it('is lost, not failed, when a task vanished without an exit code', () => {
    const decision = decide(placedJob(), [{ task: 'worker-0', state: 'lost' }], START + 9)

    assert.equal(decision.record.job.status.phase, 'Abnormal')
    assert.equal(decision.record.job.status.secondary_phase, 'Lost')
    assert.equal(decision.record.job.trainyard?.reason, 'executor_lost')
  })

  it('is lost when one task vanished, whatever the others end with once they are stopped', () => {
    const lost: TaskObservation = { task: 'worker-0', state: 'lost' }
    const first = decide(
      placedJob(2),
      [lost, { task: 'worker-1', state: 'running', startedAt: START + 10 }],
      START + 50,
    )
    const second = decide(first.record, [lost, ended('worker-1', 143, START + 60)], START + 70)

    assert.equal(first.action, 'stop')
    assert.equal(second.record.job.status.secondary_phase, 'Lost')
    assert.equal(second.record.job.status.task_statuses, undefined)
  })

  it('is not stopped while it only uploads: neither after a failure nor at its time limit', () => {
    const job = placedJob(1, { spec: { auto_stop: { time_unit: 'HOURS', duration: 1 } } })
    const late = START + 2 * 3_600_000
    for (const exitCode of [0, 7]) {
      const uploading = { ...ended('worker-0', exitCode, START + 40), state: 'finishing' as const }
      const first = decide(job, [uploading], late)
      const over = decide(first.record, [{ ...uploading, state: 'ended', finishedAt: late + 5 }], late + 9)

      assert.equal(first.action, undefined)
      assert.equal(first.record.job.status.phase, 'Running')
      assert.equal(over.record.job.status.phase, exitCode === 0 ? 'Completed' : 'Failed')
      assert.equal(over.record.endTime, late + 5)
    }
  })

  it('never ends before it began, also when the clock was set back', () => {
    const decision = decide(
      beginStop(placedJob(), 'stopped_by_user', START - 5_000).record,
      [{ task: 'worker-0', state: 'absent' }],
      START - 4_000,
    )
    const [run] = decision.record.job.status.running_records ?? []

    assert.equal(decision.record.endTime, START)
    assert.equal(decision.record.job.status.duration, 0)
    assert.ok(run?.start_at !== undefined && run.end_at === run.start_at)
  })

  it('reaches its time limit and is Terminated', () => {
    const job = placedJob(1, { spec: { auto_stop: { time_unit: 'HOURS', duration: 2 } } })
    const running: TaskObservation[] = [{ task: 'worker-0', state: 'running', startedAt: START }]

    const before = decide(job, running, START + 2 * 3_600_000 - 1)
    const stopping = decide(before.record, running, START + 2 * 3_600_000)
    const over = decide(stopping.record, [ended('worker-0', 143, START + 7_300_000)], START + 7_300_001)

    assert.equal(before.record.job.status.phase, 'Running')
    assert.equal(stopping.record.job.status.phase, 'Terminating')
    assert.equal(stopping.action, 'stop')
    assert.equal(over.record.job.status.phase, 'Terminated')
    assert.equal(over.record.job.trainyard?.reason, 'time_limit')
    assert.deepEqual(texts(over), [
      '[worker-0] Program ended. Exit code 143.',
      'Job stopped after its limit of 2 h.',
    ])
  })
})

describe('a stop', () => {
  it('of a job without a place ends at the next look', () => {
    const stopping = beginStop(aJobRecord({ phase: 'Pending' }), 'stopped_by_user', START)

    const decision = decide(stopping.record, [], START + 1)

    assert.equal(stopping.record.job.status.phase, 'Terminating')
    assert.equal(decision.record.job.status.phase, 'Terminated')
    assert.equal(decision.record.job.status.duration, 0)
  })

  it('waits for the programs, asking again, and keeps the code of the killed one', () => {
    const stopping = beginStop(placedJob(), 'stopped_by_user', START + 5)

    const asked = decide(
      stopping.record,
      [{ task: 'worker-0', state: 'running', startedAt: START }],
      START + 6,
    )
    const over = decide(asked.record, [ended('worker-0', 137, START + 30_000)], START + 30_001)

    assert.equal(asked.action, 'stop')
    assert.equal(over.record.job.status.phase, 'Terminated')
    assert.equal(over.record.job.status.task_statuses?.[0]?.exit_code, 137)
  })

  it('that never succeeds becomes Abnormal', () => {
    const stopping = beginStop(placedJob(), 'stopped_by_user', START)
    const running: TaskObservation[] = [{ task: 'worker-0', state: 'running', startedAt: START }]

    const late = decide(stopping.record, running, START + 86_400_000)
    const decision = decide(stopping.record, running, START + 86_400_001, true)

    assert.equal(late.action, 'stop', 'a server that was away for a day has not tried yet')
    assert.equal(decision.record.job.status.secondary_phase, 'TerminatedFailed')
  })
})

describe('the moves', () => {
  it('have a final state for every reason', () => {
    for (const reason of END_REASONS) assert.ok(isFinal(...FINAL_STATE[reason]))
  })

  it('let nothing leave a final state', () => {
    for (const to of PHASES) {
      assert.equal(isLegalMove('Completed', 'Completed', to), false)
      assert.equal(isLegalMove('Abnormal', 'Lost', to), false)
    }
  })

  const anObservation = (task: string): fc.Arbitrary<TaskObservation> =>
    fc.record(
      {
        task: fc.constant(task),
        state: fc.constantFrom('absent', 'preparing', 'running', 'finishing', 'ended', 'lost'),
        startedAt: fc.integer({ min: START, max: START + 1_000 }),
        endedAt: fc.integer({ min: START, max: START + 10_000 }),
        exitCode: fc.constantFrom(0, 0, 0, 1, 137),
      },
      { requiredKeys: ['task', 'state'] },
    )

  it('stay legal, and versions of a job never go back, whatever is observed and asked', () => {
    const step = fc.record({
      observations: fc.tuple(anObservation('worker-0'), anObservation('worker-1')),
      stop: fc.boolean(),
      after: fc.integer({ min: 0, max: 400_000 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        let record = placedJob(2)
        let now = START
        let programEnds = 0
        for (const { observations, stop, after } of steps) {
          now += after
          const { phase, secondary_phase: secondary } = record.job.status
          if (stop && phase === 'Running') record = beginStop(record, 'stopped_by_user', now).record
          const before = record.job.status
          const decision = decide(record, observations, now)
          programEnds += texts(decision).filter((text) => text.includes('Program ended')).length
          record = decision.record
          const after_ = record.job.status
          if (isFinal(phase, secondary)) assert.deepEqual(after_, before)
          if (before.phase !== after_.phase) assert.ok(LEGAL_MOVES[before.phase].includes(after_.phase))
          if (decision.move) assert.equal(decision.move.to, after_.phase)
          if (isFinal(after_.phase, after_.secondary_phase)) {
            assert.ok(record.endTime !== null && record.job.trainyard?.reason)
            assert.ok(after_.duration >= 0)
            assert.equal(after_.node_count_metrics?.at(-1)?.[1], 0)
          }
        }
        assert.ok(programEnds <= 2, 'each program ends once')
      }),
      { numRuns: 500 },
    )
  })
})
