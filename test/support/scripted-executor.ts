import type { EventRecord } from '../../src/domain/job-record.ts'
import type { TaskObservation } from '../../src/domain/observation.ts'
import type { RunSpec } from '../../src/domain/task-spec.ts'
import type { Capacity, Executor, RunRef, TaskLog, TaskUsage } from '../../src/executors/executor.ts'

const GIB = 1024 ** 3

/**
 * An executor that runs nothing: the test says what is observed. It keeps the promises of the interface, so that the
 * scheduler can be tried against every course of events.
 */
export class ScriptedExecutor implements Executor {
  readonly name = 'local'
  readonly started: RunSpec[] = []
  readonly stopped: string[] = []
  readonly released: string[] = []
  readonly removed: string[] = []
  readonly cleared: string[] = []
  readonly swept: string[][] = []
  readonly #seen = new Map<string, TaskObservation[]>()
  readonly #files = new Map<string, string>()
  #capacity: Capacity
  #usages: TaskUsage[] = []
  #wake: () => void = () => undefined
  #blind = false

  constructor(cores: number) {
    this.#capacity = { cores, memoryBytes: 1024 * GIB, gpus: 0, npus: 0 }
  }

  /** What `observe` shall answer for a job from now on. */
  show(jobId: string, observations: readonly TaskObservation[]): void {
    this.#seen.set(jobId, [...observations])
  }

  /** Where the log of a task shall be. */
  showLog(jobId: string, task: string, file: string): void {
    this.#files.set(`${jobId}/${task}`, file)
  }

  showUsage(usages: readonly TaskUsage[]): void {
    this.#usages = [...usages]
  }

  setCapacity(capacity: Partial<Capacity>): void {
    this.#capacity = { ...this.#capacity, ...capacity }
  }

  /** From now on `observe` throws. */
  goBlind(): void {
    this.#blind = true
  }

  wakeUp(): void {
    this.#wake()
  }

  capacity(): Capacity {
    return this.#capacity
  }

  async start(run: RunSpec): Promise<void> {
    if (this.started.some(({ jobId, attempt }) => jobId === run.jobId && attempt === run.attempt)) return
    this.started.push(run)
    this.#seen.set(
      run.jobId,
      run.tasks.map(({ task }) => ({ task, state: 'preparing' })),
    )
  }

  async observe(runs: readonly RunRef[]): Promise<Map<string, TaskObservation[]>> {
    if (this.#blind) throw new Error('cannot look')
    return new Map(
      runs.map(({ jobId, tasks }) => [
        jobId,
        this.#seen.get(jobId) ?? tasks.map((task) => ({ task, state: 'absent' as const })),
      ]),
    )
  }

  async stop(run: RunRef): Promise<void> {
    this.stopped.push(run.jobId)
  }

  async release(run: RunRef): Promise<void> {
    this.released.push(run.jobId)
  }

  async sweep(activeJobIds: ReadonlySet<string>): Promise<void> {
    this.swept.push([...activeJobIds])
  }

  async remove(jobId: string): Promise<void> {
    this.removed.push(jobId)
  }

  async clearLogs(jobId: string): Promise<void> {
    this.cleared.push(jobId)
  }

  async log(jobId: string, task: string): Promise<TaskLog> {
    return { file: this.#files.get(`${jobId}/${task}`) ?? null }
  }

  async measure(): Promise<TaskUsage[]> {
    return this.#usages
  }

  onWake(listener: () => void): void {
    this.#wake = listener
  }

  onEvent(_listener: (event: EventRecord) => void): void {}

  async close(): Promise<void> {}
}
