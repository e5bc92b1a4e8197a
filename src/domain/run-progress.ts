import type { EventRecord, JobRecord, Run, RunFailure, RunTask } from './job-record.ts'
import type { TaskObservation } from './observation.ts'

/** Exit code of a task that failed before its program ran (contract: runtime, section 1). */
const PREPARATION_EXIT_CODE = 255

/** An event of a job. */
export const event = (
  record: JobRecord,
  source: EventRecord['source'],
  level: EventRecord['level'],
  message: string,
  time: number,
): EventRecord => ({ jobId: record.id, source, level, message, time })

/** A job whose tasks are brought up to date, with the events that tells of. */
export interface Seen {
  readonly record: JobRecord
  readonly run: Run
  readonly events: readonly EventRecord[]
  readonly changed: boolean
}

/** Writes down how far each task has come; each step makes its event once. */
export const noteTasks = (
  record: JobRecord,
  run: Run,
  observations: readonly TaskObservation[],
  now: number,
): Seen => {
  const events: EventRecord[] = []
  const byTask = new Map(observations.map((observation) => [observation.task, observation]))
  const tasks = run.tasks.map((task) => noteTask(record, task, byTask.get(task.task), events, now))
  // Once a run is being ended, programs fail because they are told to: that is a consequence, not the cause.
  const failure = run.failure ?? (run.ending ? undefined : firstFailure(observations))
  const changed = failure !== run.failure || tasks.some((task, index) => task !== run.tasks[index])
  const next: Run = changed ? { ...run, tasks, ...(failure ? { failure } : {}) } : run
  return { record: changed ? { ...record, run: next } : record, run: next, events, changed }
}

const STATE_ORDER: Readonly<Record<RunTask['state'], number>> = {
  preparing: 0,
  running: 1,
  finishing: 2,
  ended: 3,
}

const noteTask = (
  record: JobRecord,
  task: RunTask,
  observation: TaskObservation | undefined,
  events: EventRecord[],
  now: number,
): RunTask => {
  if (!observation || observation.state === 'absent') return task
  const state = observation.state === 'lost' ? 'ended' : observation.state
  const known = STATE_ORDER[task.state]
  // A step back is a fault of observation, not of the task: what was seen to have ended stays ended.
  if (STATE_ORDER[state] <= known) return task
  if (known < STATE_ORDER.running && observation.startedAt !== undefined) {
    events.push(event(record, 'Task', 'Info', `[${task.task}] Program started.`, observation.startedAt))
  }
  if (
    known < STATE_ORDER.finishing &&
    STATE_ORDER[state] >= STATE_ORDER.finishing &&
    observation.startedAt !== undefined &&
    observation.exitCode !== undefined
  ) {
    const text = `[${task.task}] Program ended. Exit code ${observation.exitCode}.`
    events.push(event(record, 'Task', 'Info', text, observation.endedAt ?? now))
  }
  const exitCode = observation.exitCode ?? task.exitCode
  return { ...task, state, ...(exitCode === undefined ? {} : { exitCode }) }
}

/** The failed task that ended first. */
export const firstFailure = (observations: readonly TaskObservation[]): RunFailure | undefined => {
  const failed = observations
    .filter((seen) => seen.trouble !== undefined || (seen.exitCode !== undefined && seen.exitCode !== 0))
    .sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0))
  const first = failed[0]
  if (!first) return undefined
  const exitCode = first.exitCode ?? PREPARATION_EXIT_CODE
  return {
    task: first.task,
    exitCode,
    message: first.trouble?.message ?? `exit with ${exitCode}`,
    reason: first.trouble?.reason ?? 'command_failed',
  }
}
