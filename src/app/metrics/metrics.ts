import type { RequestObserver } from '../../api/watch-answer.ts'
import { PHASES, type Phase } from '../../contract/phases.ts'
import type { JobRecord } from '../../domain/job-record.ts'
import type { Executor } from '../../executors/executor.ts'
import type { ObjectStore } from '../../objects/object-store.ts'
import { usedBy } from '../../scheduler/queue.ts'
import type { Store } from '../../store/store.ts'
import type { DiskGuard } from '../disk-guard.ts'
import type { Swept } from '../retention.ts'
import { type Figures, makeFigures } from './figures.ts'
import { SlowFigure } from './slow-figure.ts'
import { watchCalls } from './watch-calls.ts'

/** What figures are read from when they are asked for. */
export interface MetricSources {
  readonly store: Store
  readonly executor: Executor
  readonly objects: ObjectStore
  readonly guard: DiskGuard
}

export interface MetricsOptions {
  readonly version: string
  /** Epoch ms. */
  readonly clock?: () => number
}

/** All figures of the server. Rooms know nothing of it: it watches them through their faces. */
export class Metrics implements RequestObserver {
  readonly #figures: Figures = makeFigures()
  readonly #clock: () => number
  #wokenAt: number | undefined
  #lookedAt: number | undefined
  #rendering: Promise<string> | undefined
  #phases: SlowFigure<ReadonlyMap<Phase, number>> | undefined
  #usage: SlowFigure<{ objects: number; bytes: number }> | undefined

  constructor({ version, clock = Date.now }: MetricsOptions) {
    this.#clock = clock
    this.#figures.build.set({ version, node: process.versions.node }, 1)
  }

  began(): void {
    this.#figures.requestsInFlight.inc()
  }

  ended({ operation, status, code = '', durationMs }: Parameters<RequestObserver['ended']>[0]): void {
    this.#figures.requestsInFlight.dec()
    this.#figures.requests.inc({ operation, status: String(status), code })
    this.#figures.requestSeconds.observe({ operation }, durationMs / 1000)
  }

  /** The store, with each operation timed. */
  watchStore(store: Store): Store {
    const listener = (operation: string, seconds: number, failed: boolean): void => {
      this.#figures.storeSeconds.observe({ operation }, seconds)
      if (failed) this.#figures.storeErrors.inc({ operation })
    }
    const watch = <Part extends object>(name: string, part: Part): Part =>
      watchCalls(part, (method) => `${name}.${method}`, listener)
    return {
      jobs: watch('jobs', store.jobs),
      events: watch('events', store.events),
      metrics: watch('metrics', store.metrics),
      accounts: watch('accounts', store.accounts),
      upkeep: watch('upkeep', store.upkeep),
      close: () => store.close(),
    }
  }

  /** The executor, with its failures counted. */
  watchExecutor(executor: Executor): Executor {
    return watchCalls(
      executor,
      (method) => method,
      (operation, _seconds, failed) => {
        if (failed) this.#figures.executorErrors.inc({ executor: executor.name, operation })
      },
    )
  }

  /** Something changed that the scheduler shall look at. */
  woke(): void {
    this.#wokenAt ??= performance.now()
  }

  /** The scheduler has looked. */
  looked(durationMs: number, failed: boolean): void {
    const now = performance.now()
    const begun = now - durationMs
    this.#figures.lookSeconds.observe(durationMs / 1000)
    if (this.#wokenAt !== undefined && this.#wokenAt <= begun) {
      this.#figures.lagSeconds.observe((begun - this.#wokenAt) / 1000)
      this.#wokenAt = undefined
    }
    if (failed) this.#figures.failedLooks.inc()
    else this.#lookedAt = now
  }

  /** Time since the last look that succeeded; undefined before the first. */
  get lookAgeMs(): number | undefined {
    return this.#lookedAt === undefined ? undefined : performance.now() - this.#lookedAt
  }

  swept(swept: Swept): void {
    for (const [kind, count] of Object.entries(swept)) this.#figures.removed.inc({ kind }, count)
  }

  /** The figures as Prometheus reads them. Several who ask at once share one answer. */
  async render(sources: MetricSources): Promise<{ contentType: string; text: string }> {
    this.#rendering ??= this.#render(sources).finally(() => {
      this.#rendering = undefined
    })
    return { contentType: this.#figures.registry.contentType, text: await this.#rendering }
  }

  async #render(sources: MetricSources): Promise<string> {
    // What cannot be read keeps its last value; that it failed shows in the errors of the store.
    await Promise.allSettled([this.#readJobs(sources), this.#readStorage(sources)])
    this.#figures.lookAge.set((this.lookAgeMs ?? 0) / 1000)
    return this.#figures.registry.metrics()
  }

  async #readJobs({ store, executor }: MetricSources): Promise<void> {
    const figures = this.#figures
    this.#phases ??= new SlowFigure(() => store.upkeep.countPhases())
    const [counted, all] = [await this.#phases.read(), await store.jobs.listActive()]
    const active = all.filter(({ deletedAt }) => deletedAt === null)
    const inPhase = (phase: Phase): JobRecord[] => active.filter(({ job }) => job.status.phase === phase)
    // What moves is counted now; jobs that rest are many, and their count may be a little old.
    for (const phase of PHASES) {
      const count = MOVING.includes(phase) ? inPhase(phase).length : (counted.get(phase) ?? 0)
      figures.jobs.set({ phase }, count)
    }
    const waiting = inPhase('Pending')
    figures.queueLength.set(waiting.length)
    const oldest = Math.min(...waiting.map(({ job }) => job.metadata.create_time), this.#clock())
    figures.queueOldest.set(Math.max(0, this.#clock() - oldest) / 1000)
    const placed = all.filter(
      ({ run, job }) => run !== null && ['Running', 'Terminating'].includes(job.status.phase),
    )
    const tasks = placed.flatMap(({ run }) => run?.tasks ?? [])
    figures.runningTasks.set(tasks.filter(({ state }) => state === 'running').length)
    const used = usedBy(placed)
    const capacity = executor.capacity()
    figures.coresUsed.set(used.cores)
    figures.cores.set(capacity.cores)
    figures.memoryUsed.set(used.memoryBytes)
    figures.memory.set(capacity.memoryBytes)
    for (const [kind, key] of [
      ['gpu', 'gpus'],
      ['npu', 'npus'],
    ] as const) {
      figures.cardsUsed.set({ kind }, used[key])
      figures.cards.set({ kind }, capacity[key])
    }
  }

  async #readStorage({ objects, guard }: MetricSources): Promise<void> {
    this.#usage ??= new SlowFigure(() => objects.usage())
    const { space } = guard
    if (space) {
      this.#figures.diskFree.set(space.freeBytes)
      this.#figures.diskSize.set(space.sizeBytes)
    }
    this.#figures.diskLow.set(guard.isLow ? 1 : 0)
    const usage = await this.#usage.read()
    this.#figures.objects.set(usage.objects)
    this.#figures.objectBytes.set(usage.bytes)
  }
}

const MOVING: readonly Phase[] = ['Creating', 'Pending', 'Running', 'Terminating']
