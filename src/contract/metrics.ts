import { type Static, Type } from 'typebox'
import { decimal, list, oneOf } from './fields.ts'
import { METRIC_NAMES } from './metric-words.ts'

export * from './metric-words.ts'

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
