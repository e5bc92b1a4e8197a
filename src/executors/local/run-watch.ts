import type { TaskObservation } from '../../domain/observation.ts'
import { reservedVariables } from '../../domain/task-environment.ts'
import type { RunSpec } from '../../domain/task-spec.ts'
import { readBootId } from './processes.ts'
import { describeError, type RunContext, tellTask } from './run-context.ts'
import type { RunDirectory } from './run-directory.ts'
import { removeTemporary } from './short-temporary.ts'
import { TaskWatch } from './task-watch.ts'

/** Pause before starting is tried again after trouble with this machine, such as a full disk. */
const BEGIN_RETRY_MS = 5_000

/** Watches over one run: prepares all its tasks, starts all programs together, and follows them. */
export class RunWatch {
  readonly tasks: readonly TaskWatch[]
  readonly #context: RunContext
  readonly #directory: RunDirectory
  readonly #spec: RunSpec
  readonly #preparing = new AbortController()
  #beginning: Promise<void> | undefined
  #begun = false
  #removed = false
  #delay = ''
  /** On the steady clock of this process: the time of day may be set back. */
  #beginAgainAt = 0

  constructor(context: RunContext, directory: RunDirectory, spec: RunSpec) {
    this.#context = context
    this.#directory = directory
    this.#spec = spec
    this.tasks = spec.tasks.map((task) => new TaskWatch(context, task, directory.task(task.task)))
  }

  /** Begins, or goes on where an earlier server was. Returns at once. */
  begin(): void {
    if (this.#begun || this.#beginning || this.#removed || this.#context.closed.aborted) return
    if (performance.now() < this.#beginAgainAt) return
    this.#beginning = this.#goOn()
      .then(
        () => {
          this.#begun = true
        },
        (error: unknown) => this.#beginLater(describeError(error)),
      )
      .finally(() => {
        this.#beginning = undefined
        this.#context.wake()
      })
  }

  observe(): Promise<TaskObservation[]> {
    return Promise.all(this.tasks.map((task) => task.look()))
  }

  async tick(): Promise<void> {
    this.begin()
    await Promise.all(this.tasks.map((task) => task.tick()))
  }

  /** Asks every task to end. Safe to repeat; the first request counts. */
  async stop(): Promise<void> {
    // On a full disk the mark cannot be written. The programs must end all the same: they may be what fills it.
    const [marked] = await Promise.allSettled([this.#markStopping()])
    this.#preparing.abort()
    await Promise.all(this.tasks.map((task) => task.stop()))
    if (marked.status === 'rejected') throw marked.reason
  }

  async #markStopping(): Promise<void> {
    if ((await this.#directory.readStopping()) === undefined)
      await this.#directory.writeStopping(this.#context.clock())
  }

  /** Ends whatever is left, so that the directory of the run can be removed. */
  async giveUp(): Promise<void> {
    this.#removed = true
    this.#preparing.abort()
    await Promise.all(this.tasks.map((task) => task.kill()))
    await this.close()
    for (const { task } of this.#spec.tasks) await removeTemporary(this.#directory.task(task))
  }

  /** Stops watching. Programs go on. */
  async close(): Promise<void> {
    await this.#beginning
    await Promise.all(this.tasks.map((task) => task.close()))
  }

  async #goOn(): Promise<void> {
    if ((await this.#directory.readStopping()) !== undefined) return this.stop()
    const claimed = await Promise.all(this.tasks.map((task) => task.isClaimed()))
    const bootId = await readBootId()
    const isPrepared = (await this.#directory.readPrepared()) === bootId
    if (!isPrepared) {
      // Somebody ended before all were prepared, or the machine was started again meanwhile: no program may join now.
      if (claimed.includes(true)) return
      if (!(await this.#prepareAll())) return
      await this.#directory.writePrepared(bootId)
    }
    for (const [index, task] of this.tasks.entries()) {
      if (this.#preparing.signal.aborted || this.#context.closed.aborted) return
      if (!claimed[index]) await task.launch()
    }
  }

  #beginLater(why: string): void {
    const { clock, tell } = this.#context
    this.#beginAgainAt = performance.now() + BEGIN_RETRY_MS
    if (this.#delay === why) return
    this.#delay = why
    const { jobId, jobName } = this.#spec
    tell({
      jobId,
      source: 'K8S',
      level: 'Warning',
      message: `[Job: ${jobName}] Start delayed: ${why}`,
      time: clock(),
    })
  }

  /** Prepares all tasks; false when one of them could not be, or when nobody wants it any more. */
  async #prepareAll(): Promise<boolean> {
    const failed = new AbortController()
    const signal = AbortSignal.any([this.#preparing.signal, this.#context.closed, failed.signal])
    const prepared = await Promise.all(
      this.tasks.map(async (task) => {
        this.#tellReserved(task)
        try {
          await task.prepare(signal)
          return true
        } catch (error) {
          if (signal.aborted) return false
          failed.abort()
          await task.refuse(describeError(error))
          return false
        }
      }),
    )
    return !signal.aborted && prepared.every(Boolean)
  }

  #tellReserved({ spec }: TaskWatch): void {
    for (const name of reservedVariables(spec.environments))
      tellTask(this.#context, spec, 'Warning', `Variable ${name} is reserved.`)
  }
}
