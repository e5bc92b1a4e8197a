import type { EventRecord } from '../domain/job-record.ts'
import type { TaskObservation } from '../domain/observation.ts'
import type { RunSpec } from '../domain/task-spec.ts'

/** Names one run. */
export interface RunRef {
  readonly jobId: string
  readonly projectId: string
  readonly attempt: number
  readonly tasks: readonly string[]
}

/** What an executor can hold at one time. */
export interface Capacity {
  readonly cores: number
  readonly memoryBytes: number
  readonly gpus: number
  readonly npus: number
}

/** Momentary use of one task in percent of what it was given; -1 where nothing can be measured. */
export interface TaskUsage {
  readonly jobId: string
  readonly task: string
  readonly cpu: number
  readonly memory: number
  readonly gpu: number
  readonly gpuMemory: number
  readonly npu: number
  readonly npuMemory: number
}

/** Log of a task. */
export interface TaskLog {
  /** Absolute path of the file; `null` when nothing has been written yet. */
  readonly file: string | null
}

/**
 * Runs the tasks of jobs on one kind of compute.
 *
 * The scheduler repeats calls after a crash, so every method must be safe to repeat for the same run. A method throws
 * only when it could not look or act; that something is gone already is success.
 */
export interface Executor {
  /** Short name, such as `local`; wire: `trainyard.executor`. */
  readonly name: string
  capacity(): Capacity
  /**
   * Begins to run: stages code and inputs of all tasks, then starts every program (gang start). Returns once the
   * request is written down; `observe` tells what becomes of it. A program is started at most once per attempt.
   */
  start(run: RunSpec): Promise<void>
  /** What is there of each run right now, by job id. Also takes up runs that an earlier server process had started. */
  observe(runs: readonly RunRef[]): Promise<Map<string, TaskObservation[]>>
  /** Asks a run to end: SIGTERM to its programs, SIGKILL after the grace time. `observe` tells when it has. */
  stop(run: RunRef): Promise<void>
  /** Removes the sandboxes of a run that ended. Logs stay. */
  release(run: RunRef): Promise<void>
  /**
   * Removes the sandboxes of every job that is not among the active ones: a server that died after writing a job's end
   * could not release it. Called once, before anything is started.
   */
  sweep(activeJobIds: ReadonlySet<string>): Promise<void>
  /** Removes everything of a job, logs too. The run must have ended. */
  remove(jobId: string): Promise<void>
  /** Removes the logs of a job that ended, and nothing else. Gone already is success. */
  clearLogs(jobId: string): Promise<void>
  /** Where the log of a task is. */
  log(jobId: string, task: string): Promise<TaskLog>
  /** Momentary use of the running tasks of these runs. */
  measure(runs: readonly RunRef[]): Promise<TaskUsage[]>
  /** Calls back when something may have changed: only a hint to look now. */
  onWake(listener: () => void): void
  /** Calls back with what people should know of the run (staging, uploads). */
  onEvent(listener: (event: EventRecord) => void): void
  /** Stops watching. Programs go on. */
  close(): Promise<void>
}
