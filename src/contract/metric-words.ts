// Apart from the schemas: the command line needs these words at every start.

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
