import type { OperatorService, ReadinessCheck } from '../api/routes/operator.ts'
import type { MetricSources, Metrics } from './metrics/metrics.ts'

/** The scheduler looks every second; that long without a look it is stuck, or fails each time. */
const MAX_LOOK_AGE_MS = 10_000

export interface OperatorOptions {
  readonly metrics: Metrics
  readonly sources: MetricSources
  readonly areMetricsOpen: boolean
}

/** Answers those who run the server: is it ready, and how is it doing? */
export class Operator implements OperatorService {
  readonly areMetricsOpen: boolean
  readonly #metrics: Metrics
  readonly #sources: MetricSources

  constructor({ metrics, sources, areMetricsOpen }: OperatorOptions) {
    this.areMetricsOpen = areMetricsOpen
    this.#metrics = metrics
    this.#sources = sources
  }

  async checkReadiness(): Promise<readonly ReadinessCheck[]> {
    return [await this.#checkStore(), this.#checkScheduler(), this.#checkDisk()]
  }

  renderMetrics(): Promise<{ contentType: string; text: string }> {
    return this.#metrics.render(this.#sources)
  }

  async #checkStore(): Promise<ReadinessCheck> {
    const name = 'store'
    try {
      await this.#sources.store.accounts.findProject('readiness')
      return { name, ok: true, detail: 'answers' }
    } catch {
      // The cause can name files; it is for the log and `trainyard doctor`.
      return { name, ok: false, detail: 'does not answer' }
    }
  }

  #checkScheduler(): ReadinessCheck {
    const age = this.#metrics.lookAgeMs
    const ok = age !== undefined && age <= MAX_LOOK_AGE_MS
    const detail = age === undefined ? 'has not looked yet' : `looked ${(age / 1000).toFixed(1)} s ago`
    return { name: 'scheduler', ok, detail }
  }

  #checkDisk(): ReadinessCheck {
    const { isLow } = this.#sources.guard
    return { name: 'disk', ok: !isLow, detail: isLow ? 'nearly full: nothing new is taken' : 'has space' }
  }
}
