import { METRIC_NAMES, type MetricsResponse, NO_SAMPLE } from '../contract/metrics.ts'
import { isFinal } from '../contract/phases.ts'
import type { JobRecord } from '../domain/job-record.ts'
import type { MetricStore } from '../store/store.ts'

const MS_PER_MINUTE = 60_000

/**
 * The six series of a task: one value per minute since the start of the job, `-1` where nothing was measured. The minute
 * that is not over is left out while the job runs; the last, shorter one of a job that ended counts.
 */
export const showMetrics = async (
  metrics: MetricStore,
  record: JobRecord,
  task: string,
  now: number,
): Promise<MetricsResponse> => {
  const minutes = await metrics.list(record.id, task)
  const length = seriesLength(record, now, minutes.at(-1)?.minute)
  const byMinute = new Map(minutes.map(({ minute, sample }) => [minute, sample]))
  return {
    metrics: METRIC_NAMES.map((metric, series) => ({
      metric,
      value: Array.from({ length }, (_, minute) => byMinute.get(minute)?.[series] ?? NO_SAMPLE),
    })),
  }
}

const seriesLength = (record: JobRecord, now: number, lastMinute: number | undefined): number => {
  if (record.startTime === null) return 0
  const { phase, secondary_phase: secondaryPhase } = record.job.status
  const whole = Math.floor(((record.endTime ?? now) - record.startTime) / MS_PER_MINUTE)
  if (!isFinal(phase, secondaryPhase)) return Math.max(0, whole)
  return Math.max(whole, lastMinute === undefined ? 0 : lastMinute + 1)
}
