import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EventRecord } from '../../domain/job-record.ts'
import type { TaskObservation } from '../../domain/observation.ts'
import { STOPPED_EXIT_CODE } from '../../domain/task-script.ts'
import type { RunSpec } from '../../domain/task-spec.ts'
import type { ObjectStore } from '../../objects/object-store.ts'
import type { Capacity, Executor, RunRef, TaskLog, TaskUsage } from '../executor.ts'
import { CopySlots } from './copy-slots.ts'
import { makeDurableDirectory, removeTree, systemCode } from './durable-file.ts'
import type { RunContext } from './run-context.ts'
import {
  isRemoved,
  isSafeName,
  jobDirectory,
  jobLogDirectory,
  putAside,
  RunDirectory,
  taskLog,
} from './run-directory.ts'
import { RunWatch } from './run-watch.ts'
import { removeStaleTemporaries } from './short-temporary.ts'
import { UsageMeter } from './usage.ts'

export interface LocalExecutorOptions {
  /** Directory of sandboxes and of what is known of runs. Private to this account; one server at a time. */
  readonly root: string
  /** Directory of the logs of tasks, by job. */
  readonly logRoot: string
  readonly objects: ObjectStore
  readonly capacity: Capacity
  /** Time between SIGTERM and SIGKILL. Default 30,000. */
  readonly graceMs?: number
  /** Time between two passes over outputs and logs. Default 30,000. */
  readonly uploadPeriodMs?: number
  /** Longest log of a task. Default 1 GiB. */
  readonly logLimitBytes?: number
  /** Base URL of the API as tasks reach it, once it is known. */
  readonly apiEndpoint?: () => string | undefined
  /** Epoch ms. */
  readonly clock?: () => number
}

const PARALLEL_COPIES = 8
const TICK_MS = 1_000
/** How long a close waits for removals; the next server ends what is left of them. */
const REMOVAL_WAIT_MS = 2_000

/** Runs tasks as processes of this machine. They survive the server: the next one finds them again. */
export class LocalExecutor implements Executor {
  readonly name = 'local'
  readonly #options: LocalExecutorOptions
  readonly #context: RunContext
  readonly #usage: UsageMeter
  readonly #closed = new AbortController()
  readonly #runs = new Map<string, RunWatch>()
  readonly #removals = new Set<Promise<void>>()
  readonly #turns = new Map<string, Promise<unknown>>()
  readonly #wakeListeners: (() => void)[] = []
  readonly #eventListeners: ((event: EventRecord) => void)[] = []
  readonly #timer: NodeJS.Timeout
  #ticking: Promise<void> | undefined
  #tickAgain = false

  constructor(options: LocalExecutorOptions) {
    const clock = options.clock ?? Date.now
    this.#options = options
    this.#usage = new UsageMeter(clock)
    this.#context = {
      objects: options.objects,
      slots: new CopySlots(PARALLEL_COPIES),
      clock,
      graceMs: options.graceMs ?? 30_000,
      uploadPeriodMs: options.uploadPeriodMs ?? 30_000,
      logLimitBytes: options.logLimitBytes ?? 1024 ** 3,
      apiEndpoint: options.apiEndpoint ?? (() => undefined),
      closed: this.#closed.signal,
      tell: (event) => this.#tell(event),
      wake: () => this.#wake(),
    }
    this.#timer = setInterval(() => this.#tick(), Math.min(TICK_MS, this.#context.uploadPeriodMs))
    this.#timer.unref()
  }

  capacity(): Capacity {
    return this.#options.capacity
  }

  start(run: RunSpec): Promise<void> {
    return this.#inTurn(run.jobId, async () => {
      if (this.#runs.has(keyOf(run))) return
      const directory = this.#directory(run)
      const earlier = await directory.readRun()
      if (!earlier) {
        if ((await directory.readStopping()) !== undefined) return
        await directory.writeRun(run)
      }
      this.#watch(directory, earlier ?? run).begin()
    })
  }

  async observe(runs: readonly RunRef[]): Promise<Map<string, TaskObservation[]>> {
    const seen = await Promise.allSettled(runs.map((run) => this.#observe(run)))
    const failed = seen.find((result) => result.status === 'rejected')
    // Trouble with one run must not hide the others; with all of them it is trouble of the executor.
    if (failed && seen.every(({ status }) => status === 'rejected')) throw failed.reason
    const found = new Map<string, TaskObservation[]>()
    for (const [index, result] of seen.entries()) {
      const run = runs[index]
      if (run && result.status === 'fulfilled') found.set(run.jobId, result.value)
    }
    return found
  }

  stop(run: RunRef): Promise<void> {
    return this.#inTurn(run.jobId, async () => {
      const directory = this.#directory(run)
      const known = this.#runs.get(keyOf(run))
      const spec = known ? undefined : await directory.readRun()
      // Without a run the mark alone stays: it keeps the attempt from ever being started.
      if (!known && (await directory.readStopping()) === undefined)
        await directory.writeStopping(this.#context.clock())
      const watch = known ?? (spec ? this.#watch(directory, spec) : undefined)
      await watch?.stop()
    })
  }

  release(run: RunRef): Promise<void> {
    return this.#inTurn(run.jobId, () => this.#release(run.jobId, run.attempt))
  }

  async sweep(activeJobIds: ReadonlySet<string>): Promise<void> {
    await removeStaleTemporaries()
    await makeDurableDirectory(this.#options.root)
    for (const name of await readdir(this.#options.root)) {
      if (isRemoved(name)) this.#removeLater(join(this.#options.root, name))
      // What cannot be read or removed waits for the next sweep: it must not keep the server from starting.
      else if (isSafeName(name) && !activeJobIds.has(name))
        await this.#inTurn(name, () => this.#releaseAll(name)).catch(() => undefined)
    }
  }

  remove(jobId: string): Promise<void> {
    return this.#inTurn(jobId, async () => {
      await this.#releaseAll(jobId)
      await removeTree(jobLogDirectory(this.#options.logRoot, jobId))
    })
  }

  clearLogs(jobId: string): Promise<void> {
    return this.#inTurn(jobId, () => removeTree(jobLogDirectory(this.#options.logRoot, jobId)))
  }

  async log(jobId: string, task: string): Promise<TaskLog> {
    if (!isSafeName(jobId) || !isSafeName(task)) return { file: null }
    const file = taskLog(this.#options.logRoot, jobId, task)
    try {
      return { file: (await stat(file)).size > 0 ? file : null }
    } catch (error) {
      if (['ENOENT', 'ENAMETOOLONG'].includes(systemCode(error))) return { file: null }
      throw error
    }
  }

  measure(runs: readonly RunRef[]): Promise<TaskUsage[]> {
    const tasks = runs
      .flatMap((run) => this.#runs.get(keyOf(run))?.tasks ?? [])
      .flatMap(({ spec, running }) =>
        running ? [{ spec, leader: running.process.pid, startedAt: running.startedAt }] : [],
      )
    return this.#usage.measure(tasks)
  }

  onWake(listener: () => void): void {
    this.#wakeListeners.push(listener)
  }

  onEvent(listener: (event: EventRecord) => void): void {
    this.#eventListeners.push(listener)
  }

  async close(): Promise<void> {
    this.#closed.abort()
    clearInterval(this.#timer)
    await Promise.allSettled(this.#turns.values())
    await this.#ticking
    await Promise.race([Promise.all(this.#removals), sleep(REMOVAL_WAIT_MS, undefined, { ref: false })])
    await Promise.all([...this.#runs.values()].map((run) => run.close()))
    this.#runs.clear()
  }

  #directory({ jobId, attempt }: { jobId: string; attempt: number }): RunDirectory {
    return new RunDirectory(this.#options.root, this.#options.logRoot, jobId, attempt)
  }

  #watch(directory: RunDirectory, spec: RunSpec): RunWatch {
    const watch = new RunWatch(this.#context, directory, spec)
    this.#runs.set(keyOf(spec), watch)
    return watch
  }

  async #observe(run: RunRef): Promise<TaskObservation[]> {
    const known = this.#runs.get(keyOf(run))
    if (known) return known.observe()
    return this.#inTurn(run.jobId, async () => {
      const watch = this.#runs.get(keyOf(run)) ?? (await this.#takeUp(run))
      if (watch) return watch.observe()
      const stopped = await this.#directory(run).readStopping()
      if (stopped === undefined) return run.tasks.map((task) => ({ task, state: 'absent' as const }))
      const end = { state: 'ended' as const, exitCode: STOPPED_EXIT_CODE, endedAt: stopped }
      return run.tasks.map((task) => ({ task, ...end }))
    })
  }

  /** Goes on with a run that an earlier server had begun; undefined when there is none. */
  async #takeUp(run: RunRef): Promise<RunWatch | undefined> {
    const directory = this.#directory(run)
    const spec = await directory.readRun()
    if (!spec) return undefined
    const watch = this.#watch(directory, spec)
    watch.begin()
    return watch
  }

  async #release(jobId: string, attempt: number): Promise<void> {
    const directory = this.#directory({ jobId, attempt })
    const spec = await directory.readRun()
    const key = keyOf({ jobId, attempt })
    const watch = this.#runs.get(key) ?? (spec ? new RunWatch(this.#context, directory, spec) : undefined)
    await watch?.giveUp()
    this.#removeLater(await putAside(this.#options.root, directory.path))
    this.#runs.delete(key)
  }

  /** Releases every run of a job, and the directory they are in. */
  async #releaseAll(jobId: string): Promise<void> {
    const path = jobDirectory(this.#options.root, jobId)
    const names = await readdir(path).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return []
      throw error
    })
    for (const name of names) if (/^\d+$/.test(name)) await this.#release(jobId, Number(name))
    this.#removeLater(await putAside(this.#options.root, path))
  }

  /** Removes in the background: a sandbox may hold millions of files. What fails is tried again by the next sweep. */
  #removeLater(path: string | undefined): void {
    if (path === undefined) return
    const removal = removeTree(path)
      .catch(() => undefined)
      .finally(() => this.#removals.delete(removal))
    this.#removals.add(removal)
  }

  /** One change of a job at a time. */
  #inTurn<T>(jobId: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(jobId) ?? Promise.resolve()).then(work, work)
    const settled = turn
      .catch(() => undefined)
      .then(() => {
        if (this.#turns.get(jobId) === settled) this.#turns.delete(jobId)
      })
    this.#turns.set(jobId, settled)
    return turn
  }

  #tell(event: EventRecord): void {
    if (this.#closed.signal.aborted) return
    for (const listener of this.#eventListeners) listener(event)
  }

  #wake(): void {
    if (this.#closed.signal.aborted) return
    this.#tick()
    for (const listener of this.#wakeListeners) listener()
  }

  /** Looks after all runs; a call while it looks leads to one more look. */
  #tick(): void {
    this.#tickAgain = true
    if (this.#ticking || this.#closed.signal.aborted) return
    this.#ticking = this.#tickUntilQuiet().finally(() => {
      this.#ticking = undefined
    })
  }

  async #tickUntilQuiet(): Promise<void> {
    while (this.#tickAgain && !this.#closed.signal.aborted) {
      this.#tickAgain = false
      // What fails is tried again with the next tick, and whoever observes the run is told.
      await Promise.allSettled([...this.#runs.values()].map((run) => run.tick()))
    }
  }
}

const keyOf = ({ jobId, attempt }: { jobId: string; attempt: number }): string => `${jobId}/${attempt}`
