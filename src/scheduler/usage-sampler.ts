import type { JobRecord } from '../domain/job-record.ts'
import type { Executor, TaskUsage } from '../executors/executor.ts'
import type { MetricStore, MinuteSample } from '../store/store.ts'
import { toRunRef } from './run-ref.ts'

/** How often usage is measured; six samples make the mean of a minute. */
export const SAMPLE_PERIOD_MS = 10_000

const MS_PER_MINUTE = 60_000

/** Running mean of one series: nothing measured counts as nothing, not as zero. */
interface Mean {
  readonly sum: number
  readonly count: number
}

interface MinuteMeans {
  readonly minute: number
  readonly means: readonly Mean[]
}

/** Turns momentary usage into the mean of each minute since the start of the job. */
export class UsageSampler {
  readonly #executor: Executor
  readonly #metrics: MetricStore
  readonly #current = new Map<string, MinuteMeans>()

  constructor(executor: Executor, metrics: MetricStore) {
    this.#executor = executor
    this.#metrics = metrics
  }

  /**
   * Measures every running job once. The minute is written with each sample, so that a crash loses ten seconds at most;
   * readers leave out the minute that is not over.
   */
  async sample(running: readonly JobRecord[], now: number): Promise<void> {
    const usages = await this.#executor.measure(running.map(toRunRef))
    const started = new Map(running.map((record) => [record.id, record.startTime]))
    for (const usage of usages) {
      const startTime = started.get(usage.jobId)
      if (startTime === undefined || startTime === null) continue
      const minute = Math.max(0, Math.floor((now - startTime) / MS_PER_MINUTE))
      await this.#metrics.put(usage.jobId, usage.task, minute, this.#add(usage, minute))
    }
    this.#forget(new Set(usages.map((usage) => `${usage.jobId}/${usage.task}`)))
  }

  #add(usage: TaskUsage, minute: number): MinuteSample {
    const key = `${usage.jobId}/${usage.task}`
    const known = this.#current.get(key)
    const values = [usage.cpu, usage.memory, usage.gpu, usage.gpuMemory, usage.npu, usage.npuMemory] as const
    const means = values.map((value, series): Mean => {
      const before =
        known?.minute === minute ? (known.means[series] ?? { sum: 0, count: 0 }) : { sum: 0, count: 0 }
      return value < 0 ? before : { sum: before.sum + value, count: before.count + 1 }
    })
    this.#current.set(key, { minute, means })
    const mean = (series: number): number => {
      const { sum, count } = means[series] ?? { sum: 0, count: 0 }
      return count === 0 ? -1 : Math.round(Math.min(100, sum / count) * 1000) / 1000
    }
    return [mean(0), mean(1), mean(2), mean(3), mean(4), mean(5)]
  }

  #forget(live: ReadonlySet<string>): void {
    for (const key of this.#current.keys()) if (!live.has(key)) this.#current.delete(key)
  }
}
