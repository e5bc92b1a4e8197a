import { type EndReason, isFinal, type Phase, type SecondaryPhase } from '../contract/phases.ts'
import type { JobRecord, Move } from './job-record.ts'

/** Where a job may go from each phase (contract: job model, section 4.1). */
export const LEGAL_MOVES: Readonly<Record<Phase, readonly Phase[]>> = {
  Creating: ['Pending', 'Terminating', 'Abnormal'],
  Pending: ['Running', 'Terminating', 'Abnormal'],
  Running: ['Pending', 'Completed', 'Failed', 'Terminating', 'Abnormal'],
  Completed: [],
  Failed: [],
  Terminating: ['Terminated', 'Abnormal'],
  Terminated: [],
  Abnormal: ['Running', 'Terminating', 'Abnormal'],
}

/** The state a reason ends a job in. Total: every reason has exactly one. */
export const FINAL_STATE: Readonly<Record<EndReason, readonly [Phase, SecondaryPhase]>> = {
  completed: ['Completed', 'Completed'],
  command_failed: ['Failed', 'Failed'],
  preparation_failed: ['Failed', 'Failed'],
  upload_failed: ['Failed', 'Failed'],
  stopped_by_user: ['Terminated', 'Terminated'],
  time_limit: ['Terminated', 'Terminated'],
  create_failed: ['Abnormal', 'CreateFailed'],
  stop_failed: ['Abnormal', 'TerminatedFailed'],
  executor_lost: ['Abnormal', 'Lost'],
}

/** Whether a move is one the lifecycle allows. A final job goes nowhere. */
export const isLegalMove = (from: Phase, fromSecondary: SecondaryPhase, to: Phase): boolean =>
  !isFinal(from, fromSecondary) && LEGAL_MOVES[from].includes(to)

/** A job on its way, with the move that takes it there. */
export interface Moved {
  readonly record: JobRecord
  readonly move: Move
}

/**
 * Moves a job. Reaching a final state freezes the duration and closes the run.
 * A move the lifecycle does not allow is a bug and throws.
 */
export const moveTo = (
  record: JobRecord,
  to: Phase,
  secondaryPhase: SecondaryPhase,
  reason: EndReason | null,
  time: number,
): Moved => {
  const { phase: from, secondary_phase: fromSecondary } = record.job.status
  if (!isLegalMove(from, fromSecondary, to)) {
    throw new Error(`Illegal move of job ${record.id}: ${from}/${fromSecondary} to ${to}`)
  }
  const final = isFinal(to, secondaryPhase)
  const moved: JobRecord = {
    ...record,
    // A clock that was set back must not let a job end before it began.
    endTime: final ? Math.max(record.startTime ?? 0, time) : record.endTime,
    job: {
      ...record.job,
      status: { ...record.job.status, phase: to, secondary_phase: secondaryPhase },
      ...(record.job.trainyard && final && reason ? { trainyard: { ...record.job.trainyard, reason } } : {}),
    },
  }
  const move: Move = { jobId: record.id, version: record.version + 1, from, to, secondaryPhase, reason, time }
  return { record: final ? freeze(moved, time) : moved, move }
}

/** Moves a job to the final state of a reason. */
export const endWith = (record: JobRecord, reason: EndReason, time: number): Moved => {
  const [phase, secondaryPhase] = FINAL_STATE[reason]
  return moveTo(record, phase, secondaryPhase, reason, time)
}

/** Fixes the duration and notes that no node runs any more. */
const freeze = (record: JobRecord, time: number): JobRecord => {
  const started = record.startTime
  if (started === null) return record
  const { status } = record.job
  const nodes = status.node_count_metrics ?? []
  const running = nodes.at(-1)?.[1] ?? 0
  return {
    ...record,
    job: {
      ...record.job,
      status: {
        ...status,
        duration: Math.max(0, time - started),
        node_count_metrics: running === 0 ? nodes : [...nodes, [time, 0]],
      },
    },
  }
}
