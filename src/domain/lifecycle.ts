import { type EndReason, isFinal } from '../contract/phases.ts'
import type { EventRecord, JobRecord, Move, Run, RunFailure } from './job-record.ts'
import { endWith, moveTo } from './moves.ts'
import type { TaskObservation } from './observation.ts'
import { event, firstFailure, noteTasks, type Seen } from './run-progress.ts'

const MS_PER_HOUR = 3_600_000

/** What shall become of a job: written in one transaction, then acted upon. */
export interface Decision {
  readonly record: JobRecord
  readonly move?: Move
  readonly events: readonly EventRecord[]
  /** What to ask of the executor afterwards. Asking again is harmless. */
  readonly action?: 'start' | 'stop'
  /** False when nothing differs from what is stored: then only the action counts. */
  readonly changed: boolean
}

const toSeconds = (timeMs: number): number => Math.floor(timeMs / 1000)

/** Takes a created job into the queue. */
export const admit = (record: JobRecord, now: number): Decision => {
  const { record: queued, move } = moveTo(record, 'Pending', 'Queuing', null, now)
  return {
    record: queued,
    move,
    events: [event(record, 'Job', 'Info', 'Queued, waiting for resources.', now)],
    changed: true,
  }
}

/** Gives a queued job its place. From here on it counts as running. */
export const place = (record: JobRecord, run: Run, now: number): Decision => {
  const startTime = record.startTime ?? now
  const { status } = record.job
  const placed: JobRecord = {
    ...record,
    run,
    startTime,
    job: {
      ...record.job,
      status: {
        ...status,
        start_time: String(startTime),
        node_count_metrics: [...(status.node_count_metrics ?? []), [now, run.tasks.length]],
        running_records: [
          ...(status.running_records ?? []),
          { start_at: toSeconds(now), start_type: 'init_or_rescheduled' },
        ],
      },
    },
  }
  const { record: running, move } = moveTo(placed, 'Running', 'Running', null, now)
  return {
    record: running,
    move,
    events: [event(record, 'Job', 'Info', 'Job is running.', now)],
    action: 'start',
    changed: true,
  }
}

/** Ends a job that could not be placed, or whose placement made no sense. */
export const giveUp = (record: JobRecord, reason: EndReason, message: string, now: number): Decision => {
  const { record: ended, move } = endWith(record, reason, now)
  return { record: ended, move, events: [event(record, 'Job', 'Error', message, now)], changed: true }
}

/** Begins to stop a job: by request, or because its time is up. */
export const beginStop = (record: JobRecord, reason: EndReason, now: number): Decision => {
  const stopping: JobRecord = record.run
    ? { ...record, run: { ...record.run, ending: { reason, at: now } } }
    : record
  const { record: moved, move } = moveTo(stopping, 'Terminating', 'Terminating', reason, now)
  return {
    record: moved,
    move,
    events: [],
    changed: true,
    ...(record.run ? { action: 'stop' as const } : {}),
  }
}

/**
 * What shall become of a placed or stopping job, given what its executor sees. `overdue` says that its run was asked to
 * end for longer than any program and last upload may take: then the platform is to blame.
 */
export const decide = (
  record: JobRecord,
  observations: readonly TaskObservation[],
  now: number,
  overdue = false,
): Decision => {
  const { phase, secondary_phase: secondaryPhase } = record.job.status
  if (isFinal(phase, secondaryPhase)) return { record, events: [], changed: false }
  const run = record.run
  if (!run)
    return phase === 'Terminating' ? finishStop(record, [], now) : { record, events: [], changed: false }
  const seen = noteTasks(record, run, observations, now)
  if (phase === 'Terminating') return decideStopping(seen, observations, now, overdue)
  return decideRunning(seen, observations, now, overdue)
}

const isOver = (observation: TaskObservation): boolean =>
  observation.state === 'ended' || observation.state === 'lost'

const isProgramOver = (observation: TaskObservation): boolean =>
  observation.state === 'finishing' || isOver(observation)

const decideRunning = (
  seen: Seen,
  observations: readonly TaskObservation[],
  now: number,
  overdue: boolean,
): Decision => {
  const { record, run, events, changed } = seen
  const lost = observations.find((observation) => observation.state === 'lost')
  if (observations.length === run.tasks.length && observations.every(isOver)) {
    const endedAt = Math.max(...observations.map((task) => task.finishedAt ?? task.endedAt ?? 0)) || now
    return finishRun(seen, lost?.task, Math.max(record.startTime ?? 0, Math.min(endedAt, now)))
  }
  // Where all programs have ended, there is nothing to stop: only last uploads are left, and those are to be whole.
  const programsOver = observations.length === run.tasks.length && observations.every(isProgramOver)
  if (!run.ending && !programsOver) {
    const limit = timeLimitMs(record)
    if (limit !== undefined && record.startTime !== null && now - record.startTime >= limit) {
      const stopping = beginStop(record, 'time_limit', now)
      const text = `Time limit of ${limit / MS_PER_HOUR} h reached.`
      return { ...stopping, events: [...events, event(record, 'Job', 'Info', text, now)] }
    }
    if (run.failure || lost) {
      const ending = { reason: run.failure?.reason ?? ('executor_lost' as const), at: now }
      return { record: { ...record, run: { ...run, ending } }, events, action: 'stop', changed: true }
    }
  }
  if (run.ending && overdue) {
    return withEvents(
      events,
      giveUp(
        closeRun(record, 'could not be stopped', undefined, now),
        'executor_lost',
        'Other tasks could not be stopped.',
        now,
      ),
    )
  }
  if (run.ending) return { record, events, action: 'stop', changed }
  return startIfAbsent(seen, observations, now)
}

/**
 * Starts a run its executor knows nothing of: the server died between writing the place and starting. Where a program
 * was seen before, nothing may be started again: its traces were removed, and it is lost.
 */
const startIfAbsent = (seen: Seen, observations: readonly TaskObservation[], now: number): Decision => {
  const { record, run, events, changed } = seen
  const absent = new Set(observations.filter(({ state }) => state === 'absent').map(({ task }) => task))
  if (absent.size === 0) return { record, events, changed }
  if (run.tasks.every(({ state }) => state === 'preparing'))
    return { record, events, changed, action: 'start' }
  const closed = closeRun(record, 'task lost', undefined, now)
  return withEvents(events, giveUp(closed, 'executor_lost', 'The traces of a started task are gone.', now))
}

/** Ends a run whose tasks have all ended, at the time the last of them did, its last upload included. */
const finishRun = (seen: Seen, lostTask: string | undefined, endedAt: number): Decision => {
  const { record, run, events } = seen
  const { failure } = run
  if (lostTask !== undefined && !failure) {
    const closed = closeRun(record, 'task lost', lostTask, endedAt)
    const text = `[${lostTask}] ended without leaving an exit code.`
    return withEvents(events, giveUp(closed, 'executor_lost', text, endedAt))
  }
  if (failure) {
    const closed = closeRun(failedRecord(record, failure), failure.message, failure.task, endedAt)
    return withEvents(events, giveUp(closed, failure.reason, 'Job failed.', endedAt))
  }
  const closed = closeRun(record, 'job completed', undefined, endedAt)
  const { record: ended, move } = endWith(closed, 'completed', endedAt)
  const completed = event(record, 'Job', 'Info', 'Job completed.', endedAt)
  return { record: ended, move, events: [...events, completed], changed: true }
}

const withEvents = (events: readonly EventRecord[], decision: Decision): Decision => ({
  ...decision,
  events: [...events, ...decision.events],
})

const failedRecord = (record: JobRecord, failure: RunFailure): JobRecord => ({
  ...record,
  job: {
    ...record.job,
    status: {
      ...record.job.status,
      task_statuses: [{ task: failure.task, exit_code: failure.exitCode, message: failure.message }],
    },
  },
})

/** Closes the last entry of `running_records`. */
const closeRun = (
  record: JobRecord,
  endReason: string,
  relatedTask: string | undefined,
  endedAt: number,
): JobRecord => {
  const records = record.job.status.running_records ?? []
  const last = records.at(-1)
  if (!last || last.end_at !== undefined) return record
  const closed = {
    ...last,
    // A clock that was set back must not let a run end before it began.
    end_at: Math.max(last.start_at ?? 0, toSeconds(endedAt)),
    end_reason: endReason,
    ...(relatedTask === undefined ? {} : { end_related_task: relatedTask }),
  }
  const running_records = [...records.slice(0, -1), closed]
  return { ...record, job: { ...record.job, status: { ...record.job.status, running_records } } }
}

/** How long the job may run, from `spec.auto_stop`. */
const timeLimitMs = (record: JobRecord): number | undefined => {
  const hours = record.job.spec?.auto_stop?.duration
  return hours === undefined ? undefined : hours * MS_PER_HOUR
}

const decideStopping = (
  seen: Seen,
  observations: readonly TaskObservation[],
  now: number,
  overdue: boolean,
): Decision => {
  const { record, run, events, changed } = seen
  const nothingStarted = observations.every(
    (observation) => observation.state === 'absent' || isOver(observation),
  )
  if (observations.length === run.tasks.length && nothingStarted) {
    return withEvents(events, finishStop(record, observations, now))
  }
  if (overdue) {
    const closed = closeRun(record, 'could not be stopped', undefined, now)
    return withEvents(events, giveUp(closed, 'stop_failed', 'The job could not be stopped.', now))
  }
  return { record, events, action: 'stop', changed }
}

/** Ends a stop: the code of a program that was killed is kept. */
const finishStop = (record: JobRecord, observations: readonly TaskObservation[], now: number): Decision => {
  const reason = record.run?.ending?.reason === 'time_limit' ? 'time_limit' : 'stopped_by_user'
  const killed = firstFailure(observations)
  const noted = killed ? failedRecord(record, { ...killed, message: 'stopped' }) : record
  const { record: ended, move } = endWith(closeRun(noted, 'stopped', undefined, now), reason, now)
  const hours = record.job.spec?.auto_stop?.duration
  const text =
    reason === 'time_limit' ? `Job stopped after its limit of ${hours} h.` : 'Job stopped by request.'
  return { record: ended, move, events: [event(record, 'Job', 'Info', text, now)], changed: true }
}
