import type { EventLevel, EventSource } from '../contract/events.ts'
import type { EndReason, Phase, SecondaryPhase } from '../contract/phases.ts'
import type { TrainingJob } from '../contract/training-job.ts'

/**
 * One task of a run, as last observed.
 * `preparing`: staging and setting up; `running`: the program runs; `finishing`: the program ended, its outputs are
 * being uploaded; `ended`: nothing more will happen.
 */
export interface RunTask {
  readonly task: string
  readonly state: 'preparing' | 'running' | 'finishing' | 'ended'
  /** Exit code of the program, once known. 128 + n when killed by signal n. */
  readonly exitCode?: number
  /** Devices of the machine the task may use, by index. */
  readonly devices: readonly number[]
  /** Address other tasks can reach. */
  readonly ip: string
  /** Address of the node. */
  readonly hostIp: string
}

/** Why a run is being ended before its programs end by themselves. */
export interface RunEnding {
  readonly reason: EndReason
  readonly at: number
}

/** The first failure of a run: what `task_statuses` names. */
export interface RunFailure {
  readonly task: string
  readonly exitCode: number
  readonly message: string
  readonly reason: EndReason
}

/** One attempt to run a job: written before anything is started, so that a restarted server finds it again. */
export interface Run {
  /** Counts from 1; `MA_SCHEDULE_CNT`. */
  readonly attempt: number
  readonly executor: string
  /** When it was placed, epoch ms. */
  readonly placedAt: number
  /** Port kept for the job where tasks share one address. */
  readonly masterPort: number
  readonly tasks: readonly RunTask[]
  readonly failure?: RunFailure
  readonly ending?: RunEnding
}

/** A job as it is kept: the answer of the API beside what only the service knows. */
export interface JobRecord {
  readonly id: string
  readonly projectId: string
  readonly ownerId: string
  /** Grows by one with every change; guards against lost updates. */
  readonly version: number
  /** The job as answered. Sensitive values are masked, `status.duration` is as of the last change. */
  readonly job: TrainingJob
  /** Values of sensitive parameters by name: never answered, never logged. */
  readonly secrets: Readonly<Record<string, string>>
  readonly run: Run | null
  /** When the job began to run, epoch ms. */
  readonly startTime: number | null
  /** When the job became final, epoch ms. */
  readonly endTime: number | null
  /** When it was deleted: invisible to callers, until everything of it is gone. */
  readonly deletedAt: number | null
}

/** A state change, machine-readable and never altered. `from` is null for the first. */
export interface Move {
  readonly jobId: string
  readonly version: number
  readonly from: Phase | null
  readonly to: Phase
  readonly secondaryPhase: SecondaryPhase
  readonly reason: EndReason | null
  /** Epoch ms. */
  readonly time: number
}

/** Text for people about a job. */
export interface EventRecord {
  readonly jobId: string
  readonly source: EventSource
  readonly level: EventLevel
  readonly message: string
  /** Epoch ms. */
  readonly time: number
}
