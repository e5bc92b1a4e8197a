import { setTimeout as sleep } from 'node:timers/promises'
import { refusal } from '../../contract/trainyard-error.ts'
import { logFileName } from '../../domain/task-names.ts'
import type { TaskSpec } from '../../domain/task-spec.ts'
import { ChangedFiles } from './changed-files.ts'
import { systemCode } from './durable-file.ts'
import { describeBytes, describeError, type RunContext, tellTask, timeUsed } from './run-context.ts'
import type { TaskPaths } from './run-directory.ts'
import { OutputUpload } from './uploads.ts'

/** Pauses before the last pass is tried again. */
const RETRY_AFTER_MS = [200, 1_000, 3_000]

/** What a task sends to the object store: outputs and its log, every period and once at the end. */
export class TaskUploads {
  readonly #context: RunContext
  readonly #spec: TaskSpec
  readonly #paths: TaskPaths
  readonly #outputs: readonly OutputUpload[]
  readonly #log: ChangedFiles
  #periodic: Promise<void> | undefined
  /** On the steady clock of this process: the time of day may be set back. */
  #lastBegun: number

  constructor(context: RunContext, spec: TaskSpec, paths: TaskPaths) {
    this.#context = context
    this.#spec = spec
    this.#paths = paths
    this.#outputs = spec.outputs.map((channel) => new OutputUpload(context, spec, paths, channel))
    this.#log = new ChangedFiles(context.objects)
    this.#lastBegun = performance.now()
  }

  /** Counts as sent what an attempt before had put out. */
  async remember(): Promise<void> {
    for (const output of this.#outputs) await output.remember()
  }

  /** Begins a pass when the period is over and none runs. What fails is tried again in the next. */
  beginPeriodic(): void {
    const now = performance.now()
    if (this.#periodic || now - this.#lastBegun < this.#context.uploadPeriodMs) return
    this.#lastBegun = now
    this.#periodic = this.#pass().finally(() => {
      this.#periodic = undefined
    })
  }

  /** Waits until no periodic pass runs. */
  async settle(): Promise<void> {
    await this.#periodic
  }

  /** The last pass over the outputs. Throws, in words for people, what could not be sent in several tries. */
  async last(signal: AbortSignal): Promise<void> {
    await this.settle()
    const failures: string[] = []
    for (const output of this.#outputs) {
      const failure = await this.#lastOf(output, signal)
      if (failure !== undefined) failures.push(failure)
    }
    if (failures.length > 0) throw refusal('ModelArts.2950', failures.join(' '))
  }

  /** Sends the log where the job wants it, when it has changed. A missing copy does not fail the task. */
  async exportLog(): Promise<void> {
    const { logExport, jobId, task, projectId } = this.#spec
    if (!logExport) return
    const ref = { projectId, bucket: logExport.bucket, key: logExport.key + logFileName(jobId, task) }
    try {
      await this.#context.slots.use(() => this.#log.send(this.#paths.log, ref))
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return
      throw error
    }
  }

  async #pass(): Promise<void> {
    for (const output of this.#outputs) await output.pass(this.#context.closed).catch(() => undefined)
    await this.exportLog().catch(() => undefined)
  }

  async #lastOf(output: OutputUpload, signal: AbortSignal): Promise<string | undefined> {
    const what = `Output (parameter name: ${output.channel.name})`
    const begun = this.#context.clock()
    tellTask(this.#context, this.#spec, 'Info', `${what} is being uploaded.`)
    for (let tries = 0; ; tries += 1) {
      try {
        const { files, bytes } = await output.pass(signal)
        const text = `${what} uploaded: ${files} files, ${describeBytes(bytes)}.`
        tellTask(this.#context, this.#spec, 'Info', `${text} ${timeUsed(this.#context.clock() - begun)}`)
        return undefined
      } catch (error) {
        this.#context.closed.throwIfAborted()
        const pauseMs = RETRY_AFTER_MS[tries]
        if (pauseMs === undefined || signal.aborted) {
          const why = signal.aborted ? 'it took too long after the stop.' : describeError(error)
          const text = `${what} upload failed: ${why}`
          tellTask(this.#context, this.#spec, 'Error', text)
          return text
        }
        await sleep(pauseMs)
      }
    }
  }
}
