import { type Static, Type } from 'typebox'
import { decimal, list, oneOf } from './fields.ts'

/** The six series of the metrics call, each in percent of what the task was given. */
export const METRIC_NAMES = [
  'cpuUsage',
  'memUsage',
  'gpuUtil',
  'gpuMemUsage',
  'npuUtil',
  'npuMemUsage',
] as const
export type MetricName = (typeof METRIC_NAMES)[number]

/** Value of a minute in which nothing was measured. */
export const NO_SAMPLE = -1

export const MetricSeries = Type.Object(
  {
    metric: oneOf(METRIC_NAMES, 'What is measured.'),
    value: list(
      decimal('Mean of one minute, percent 0 to 100; -1 means nothing was measured.'),
      'One value per minute since the start of the job.',
    ),
  },
  { $id: 'MetricSeries', description: 'One series of measurements.' },
)

/** All six series are always present and equally long; index i is the minute `status.start_time` + i x 60 s. */
export const MetricsResponse = Type.Object(
  { metrics: list(MetricSeries, 'The six series.') },
  { $id: 'MetricsResponse', description: 'Resource usage of one task.' },
)
export type MetricsResponse = Static<typeof MetricsResponse>
