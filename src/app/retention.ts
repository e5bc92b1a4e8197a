import { setTimeout as sleep } from 'node:timers/promises'
import type { Executor } from '../executors/executor.ts'
import type { Store } from '../store/store.ts'
import { AGING, type Aging, type FinishedJob } from '../store/upkeep.ts'

/** How long each thing is kept after the end of its job, ms; undefined keeps it for ever. */
export type Keeping = Readonly<Record<Aging, number | undefined>>

/** What a sweep removed. */
export type Swept = Readonly<Record<Aging, number>>

export interface RetentionOptions {
  readonly store: Store
  readonly executor: Pick<Executor, 'clearLogs' | 'remove'>
  readonly keeping: Keeping
  /** Told of each sweep that removed something. */
  readonly onSwept: (swept: Swept) => void
  readonly onTrouble: (error: unknown, jobId?: string) => void
  /** Epoch ms. */
  readonly clock?: () => number
  /** Jobs looked at in one go. Default 100. */
  readonly batchSize?: number
}

const BATCH_SIZE = 100
const SWEEP_PERIOD_MS = 60 * 60 * 1000
const FIRST_SWEEP_MS = 60 * 1000
/** A pause between batches: requests come first. */
const PAUSE_MS = 20

/**
 * Removes what has been kept long enough: logs, events, whole jobs. Only finished jobs, and only by their end. Each step
 * can be repeated, so a sweep that was cut off is made up for by the next.
 */
export class Retention {
  readonly #options: RetentionOptions
  #timer: NodeJS.Timeout | undefined
  #sweeping: Promise<Swept> | undefined
  #stopped = false

  constructor(options: RetentionOptions) {
    this.#options = options
  }

  /** Sweeps a minute after the start, then every hour. */
  start(): void {
    this.#later(FIRST_SWEEP_MS)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#sweeping
  }

  /** Removes everything that is due now. */
  sweep(): Promise<Swept> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined
    })
    return this.#sweeping
  }

  #later(delayMs: number): void {
    if (this.#stopped) return
    this.#timer = setTimeout(() => {
      this.sweep()
        .catch((error: unknown) => this.#options.onTrouble(error))
        .finally(() => this.#later(SWEEP_PERIOD_MS))
    }, delayMs)
    this.#timer.unref()
  }

  async #sweep(): Promise<Swept> {
    const { keeping, clock = Date.now, onSwept } = this.#options
    const swept: Record<Aging, number> = { logs: 0, events: 0, jobs: 0 }
    // Jobs first: what goes with a job need not be cleared before.
    for (const aging of AGING.toReversed()) {
      const keptMs = keeping[aging]
      if (keptMs !== undefined) swept[aging] = await this.#removeDue(aging, clock() - keptMs)
    }
    if (Object.values(swept).some((count) => count > 0)) onSwept(swept)
    return swept
  }

  async #removeDue(aging: Aging, before: number): Promise<number> {
    const { store, batchSize = BATCH_SIZE } = this.#options
    let removed = 0
    while (!this.#stopped) {
      const due = await store.upkeep.listDue(aging, before, batchSize)
      let done = 0
      for (const job of due) if (await this.#tryRemove(aging, job)) done += 1
      removed += done
      // A batch in which nothing could be removed would come back for ever: it waits for the next sweep.
      if (due.length < batchSize || done === 0) break
      await sleep(PAUSE_MS)
    }
    return removed
  }

  async #tryRemove(aging: Aging, job: FinishedJob): Promise<boolean> {
    try {
      return await this.#remove(aging, job)
    } catch (error) {
      this.#options.onTrouble(error, job.id)
      return false
    }
  }

  async #remove(aging: Aging, { id, projectId }: FinishedJob): Promise<boolean> {
    const { store, executor, clock = Date.now } = this.#options
    if (aging === 'events') await store.upkeep.clearEvents(id, clock())
    if (aging === 'logs') {
      await executor.clearLogs(id)
      await store.upkeep.noteLogsCleared(id, clock())
    }
    if (aging !== 'jobs') return true
    const record = await store.jobs.find(projectId, id)
    // Marked first: a server that dies in between leaves a deleted job, which the scheduler removes.
    if (!record || !(await store.jobs.change({ ...record, deletedAt: clock() }, {}))) return false
    await executor.remove(id)
    await store.jobs.purge(id)
    return true
  }
}
