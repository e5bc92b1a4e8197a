import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { TaskObservation } from '../../domain/observation.ts'
import { platformLine } from '../../domain/platform-line.ts'
import { PREPARATION_EXIT_CODE, STOPPED_EXIT_CODE } from '../../domain/task-script.ts'
import type { TaskSpec } from '../../domain/task-spec.ts'
import {
  type ControlState,
  claim,
  readControl,
  writeAbandoned,
  writeEnd,
  writeFinished,
  writeTerminated,
  writeUploadTrouble,
} from './control-state.ts'
import { ControlWatcher } from './control-watcher.ts'
import { limitLog } from './log-limit.ts'
import { writeScript } from './make-script.ts'
import { isAlive, type ProcessId, sendSignal } from './processes.ts'
import { describeError, type RunContext, tellTask, timeUsed } from './run-context.ts'
import type { TaskPaths } from './run-directory.ts'
import { stageTask } from './staging.ts'
import { endLeftovers, killTask } from './task-processes.ts'
import { TaskUploads } from './task-uploads.ts'
import { toObservation } from './to-observation.ts'

/** How long a script may take from its claim to its process id. Far more than it needs, even on a busy machine. */
const CLAIM_LIMIT_MS = 10_000
/** How long after the others the shell that records the exit code is killed too. */
const LEADER_GRACE_MS = 5_000
/** How long the last upload may take once the run was asked to stop. */
const STOP_UPLOAD_LIMIT_MS = 60_000
/** Pause before finishing is tried again after trouble with this machine, such as a full disk. */
const FINISH_RETRY_MS = 5_000

/** Watches over one task from its sandbox to its last upload. What it knows is on disk: any server can go on. */
export class TaskWatch {
  readonly spec: TaskSpec
  readonly #paths: TaskPaths
  readonly #context: RunContext
  readonly #uploads: TaskUploads
  readonly #watcher: ControlWatcher
  readonly #uploadLimit = new AbortController()
  #lastLook: Promise<unknown> = Promise.resolve()
  #ended: TaskObservation | undefined
  #running: { process: ProcessId; startedAt: number } | undefined
  #sessionKnown = false
  #finishing: Promise<void> | undefined
  #finished = false
  /** This and the next on the steady clock of this process: the time of day may be set back. */
  #finishAgainAt = 0
  #terminatedAt: number | undefined
  #stopping = false
  #uploadLimited = false
  #closed = false
  #logLimited = false
  #packagesTold: 'nothing' | 'begun' | 'done' = 'nothing'

  constructor(context: RunContext, spec: TaskSpec, paths: TaskPaths) {
    this.spec = spec
    this.#paths = paths
    this.#context = context
    this.#uploads = new TaskUploads(context, spec, paths)
    this.#watcher = new ControlWatcher(paths.control, context.wake)
  }

  /** The process and start time of the program as last seen; undefined when it does not run. */
  get running(): { process: ProcessId; startedAt: number } | undefined {
    return this.#running
  }

  /** Whether somebody took the right to start the task, or it has ended without. */
  async isClaimed(): Promise<boolean> {
    const { claimedAt, exit } = await this.#read()
    return claimedAt !== undefined || exit !== undefined
  }

  /** Makes the sandbox and the start script. */
  async prepare(signal: AbortSignal): Promise<void> {
    await stageTask(this.#context, this.spec, this.#paths, signal)
    if (this.spec.attempt > 1) await this.#uploads.remember()
    await mkdir(dirname(this.#paths.log), { recursive: true, mode: 0o700 })
    await writeScript(this.#context, this.spec, this.#paths)
  }

  /** Ends the task before its start: something of the preparation failed. */
  async refuse(message: string): Promise<void> {
    await writeEnd(this.#paths.control, PREPARATION_EXIT_CODE, message)
    await claim(this.#paths.control)
    this.#context.wake()
  }

  /** Starts the script, apart from this process, so that it survives it. Safe to repeat: the script claims its start. */
  async launch(): Promise<void> {
    if (this.spec.attempt > 1)
      await this.#log('INFO', `Attempt ${this.spec.attempt} of ${this.spec.task} begins.`)
    this.#watcher.begin()
    const { control, script } = this.#paths
    try {
      const child = spawn('/bin/sh', [script], { cwd: control, env: {}, detached: true, stdio: 'ignore' })
      child.unref()
      child.once('exit', () => this.#afterScript())
      await once(child, 'spawn')
    } catch (error) {
      await this.refuse(`The program could not be started: ${describeError(error)}`)
    }
  }

  /** Asks the task to end; one that has not begun never will. Safe to repeat. */
  async stop(): Promise<void> {
    if (this.#ended) return
    this.#stopping = true
    const isNew = await claim(this.#paths.control)
    if (isNew && !(await this.#read()).exit) await writeEnd(this.#paths.control, STOPPED_EXIT_CODE)
    if (this.#finishing) this.#limitUpload()
    await this.look()
  }

  /** Looks how the task goes, and does what is due. One look at a time, so that nothing is done twice. */
  look(): Promise<TaskObservation> {
    const look = this.#lastLook.then(() => this.#look())
    this.#lastLook = look.catch(() => undefined)
    return look
  }

  /** What is due from time to time: the limit of the log, and uploads while the program runs. */
  async tick(): Promise<void> {
    if (this.#ended) return
    await this.look()
    await this.#limitLog()
    if (this.#running && !this.#finishing) this.#uploads.beginPeriodic()
  }

  /** Kills whatever is left of the task, without further questions. */
  async kill(): Promise<void> {
    this.#uploadLimit.abort()
    const { process } = await this.#read()
    if (process) await killTask(this.spec, process, this.#sessionKnown, true)
  }

  /** Stops watching. The task goes on. */
  async close(): Promise<void> {
    this.#closed = true
    this.#watcher.end()
    await this.#uploads.settle()
    await this.#finishing
  }

  async #look(): Promise<TaskObservation> {
    if (this.#ended) return this.#ended
    const state = await this.#read()
    this.#tellPackages(state)
    const observed = await this.#observe(state)
    this.#running =
      observed.state === 'running' && state.process && state.startedAt !== undefined
        ? { process: state.process, startedAt: state.startedAt }
        : undefined
    if (this.#stopping && state.process && (observed.state === 'running' || observed.state === 'preparing'))
      await this.#pursue(state, state.process)
    if (observed.state === 'ended' || observed.state === 'lost') this.#ended = observed
    return observed
  }

  #read(): Promise<ControlState> {
    return readControl(this.#paths.control)
  }

  async #observe(state: ControlState): Promise<TaskObservation> {
    if (state.exit || state.finishedAt !== undefined) return this.#over(state)
    if (state.claimedAt === undefined) return { task: this.spec.task, state: 'preparing' }
    this.#watcher.begin()
    if (!state.process) return this.#withoutProcess(state.claimedAt)
    if (await isAlive(state.process)) {
      this.#sessionKnown = true
      return this.#seen(state, state.startedAt === undefined ? 'preparing' : 'running')
    }
    // It may have recorded its exit code after we had read the directory and before we looked for it.
    return this.#over(await this.#read())
  }

  async #withoutProcess(claimedAt: number): Promise<TaskObservation> {
    if (this.#context.clock() - claimedAt > CLAIM_LIMIT_MS) {
      // The script looks for this mark after writing its id, and we for the id after the mark: one sees the other.
      await writeAbandoned(this.#paths.control)
      const state = await this.#read()
      if (!state.process) return this.#over(state)
    }
    return { task: this.spec.task, state: 'preparing' }
  }

  /** The program is over; the task is when nothing is left to be done for it. */
  #over(state: ControlState): TaskObservation {
    if (state.finishedAt !== undefined) return this.#seen(state, state.exit ? 'ended' : 'lost')
    const isDue = !this.#context.closed.aborted && performance.now() >= this.#finishAgainAt
    // The state may have been read before a finish that is over by now.
    if (!this.#finishing && !this.#finished && isDue) this.#finishing = this.#finish(state)
    return this.#seen(state, 'finishing')
  }

  #seen(state: ControlState, seen: TaskObservation['state']): TaskObservation {
    return toObservation(this.spec.task, state, seen)
  }

  async #finish(state: ControlState): Promise<void> {
    try {
      if (state.process) await endLeftovers(this.spec, state.process, this.#sessionKnown)
      if (state.trouble !== undefined) await this.#log('ERROR', state.trouble)
      await this.#limitLog()
      if (state.startedAt !== undefined) await this.#lastUpload()
      await this.#uploads.exportLog().catch((error: unknown) => {
        tellTask(this.#context, this.spec, 'Warning', `Log export failed: ${describeError(error)}`)
      })
      if (this.#context.closed.aborted) return
      await writeFinished(this.#paths.control)
      this.#finished = true
      this.#watcher.end()
    } catch (error) {
      if (this.#finishAgainAt === 0)
        tellTask(this.#context, this.spec, 'Warning', `The end is delayed: ${describeError(error)}`)
      this.#finishAgainAt = performance.now() + FINISH_RETRY_MS
    } finally {
      this.#finishing = undefined
      this.#context.wake()
    }
  }

  async #lastUpload(): Promise<void> {
    if (this.#stopping) this.#limitUpload()
    const signal = AbortSignal.any([this.#context.closed, this.#uploadLimit.signal])
    try {
      await this.#uploads.last(signal)
    } catch (error) {
      this.#context.closed.throwIfAborted()
      await writeUploadTrouble(this.#paths.control, describeError(error))
    }
  }

  #limitUpload(): void {
    if (this.#uploadLimited) return
    this.#uploadLimited = true
    setTimeout(() => this.#uploadLimit.abort(), STOP_UPLOAD_LIMIT_MS).unref()
  }

  /** Carries on with a stop: SIGTERM once, SIGKILL after the grace time, at last also to the shell that waits. */
  async #pursue(state: ControlState, leader: ProcessId): Promise<void> {
    const { graceMs, clock, wake } = this.#context
    const steadyNow = performance.now()
    if (this.#terminatedAt === undefined) {
      this.#terminatedAt = steadyNow
      setTimeout(wake, graceMs + 1).unref()
      if (state.terminatedAt === undefined) {
        sendSignal(-leader.pid, 'SIGTERM')
        // Only a later server needs it, and a full disk must not keep this one from going on.
        await writeTerminated(this.#paths.control, clock()).catch(() => undefined)
        return
      }
    }
    const waitedMs = Math.max(clock() - (state.terminatedAt ?? clock()), steadyNow - this.#terminatedAt)
    if (waitedMs < graceMs) return
    await killTask(this.spec, leader, this.#sessionKnown, waitedMs > graceMs + LEADER_GRACE_MS)
  }

  /** The script of our own child is over: look at once what it left. */
  #afterScript(): void {
    const check = async (): Promise<void> => {
      if (!this.#closed && !(await this.isClaimed()))
        await this.refuse('The program could not be started: the start script failed.')
    }
    check().then(this.#context.wake, this.#context.wake)
  }

  async #limitLog(): Promise<void> {
    const cut = await limitLog(this.#paths.log, this.#context.logLimitBytes, this.#context.clock())
    if (!cut || this.#logLimited) return
    this.#logLimited = true
    tellTask(this.#context, this.spec, 'Warning', 'Log limit reached, further lines dropped.')
  }

  async #log(level: 'INFO' | 'ERROR', text: string): Promise<void> {
    await mkdir(dirname(this.#paths.log), { recursive: true, mode: 0o700 })
    await appendFile(this.#paths.log, platformLine(level, text, this.#context.clock()), { mode: 0o600 })
  }

  #tellPackages({ packagesBegunAt: begunAt, packagesDoneAt: doneAt, trouble }: ControlState): void {
    if (begunAt === undefined || this.#packagesTold === 'done') return
    if (this.#packagesTold === 'nothing')
      tellTask(this.#context, this.spec, 'Info', 'Packages are being installed.')
    this.#packagesTold = 'begun'
    if (doneAt === undefined && trouble === undefined) return
    this.#packagesTold = 'done'
    if (doneAt === undefined) tellTask(this.#context, this.spec, 'Error', `Packages failed: ${trouble}`)
    else tellTask(this.#context, this.spec, 'Info', `Packages installed. ${timeUsed(doneAt - begunAt)}`)
  }
}
