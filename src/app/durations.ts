import type { Config } from './config-schema.ts'
import type { Keeping } from './retention.ts'

/** What is kept how long where nothing is configured. */
export const DEFAULT_KEEP = { logs: '30d', events: 'forever', jobs: 'forever' } as const

const MS_PER_HOUR = 60 * 60 * 1000

const UNITS_MS: Readonly<Record<string, number>> = { h: MS_PER_HOUR, d: 24 * MS_PER_HOUR }

/** Reads `30d`, `12h` or `forever` (undefined) in ms. The text has been checked against `KEEP_PATTERN`. */
export const keepMs = (text: string): number | undefined => {
  const match = /^(\d+)([hd])$/.exec(text)
  return match ? Number(match[1]) * (UNITS_MS[match[2] ?? ''] ?? 0) : undefined
}

/** What is kept how long: the configuration, and `--keep` for finished jobs, which goes before it. */
export const keepingOf = ({ retention = {} }: Config, keep?: string): Keeping => ({
  logs: keepMs(retention.logs ?? DEFAULT_KEEP.logs),
  events: keepMs(retention.events ?? DEFAULT_KEEP.events),
  jobs: keepMs(keep ?? retention.jobs ?? DEFAULT_KEEP.jobs),
})
