const MINUTE_S = 60
const HOUR_S = 3600
const DAY_S = 86_400

/** A rough span: `45s`, `12m`, `3h`, `20d`. */
export const toAge = (spanMs: number): string => {
  const seconds = Math.max(0, Math.floor(spanMs / 1000))
  if (seconds < MINUTE_S) return `${seconds}s`
  if (seconds < HOUR_S) return `${Math.floor(seconds / MINUTE_S)}m`
  if (seconds < 2 * DAY_S) return `${Math.floor(seconds / HOUR_S)}h`
  return `${Math.floor(seconds / DAY_S)}d`
}

const two = (value: number): string => String(value).padStart(2, '0')

/** An exact span: `80ms`, `1.8s`, `45s`, `12m05s`, `3h02m`, `2d04h`. */
export const toDuration = (spanMs: number): string => {
  if (spanMs < 1000) return `${Math.floor(spanMs)}ms`
  if (spanMs < 10_000) return `${(Math.floor(spanMs / 100) / 10).toFixed(1)}s`
  const seconds = Math.floor(spanMs / 1000)
  if (seconds < MINUTE_S) return `${seconds}s`
  if (seconds < HOUR_S) return `${Math.floor(seconds / MINUTE_S)}m${two(seconds % MINUTE_S)}s`
  if (seconds < 2 * DAY_S) {
    return `${Math.floor(seconds / HOUR_S)}h${two(Math.floor((seconds % HOUR_S) / MINUTE_S))}m`
  }
  return `${Math.floor(seconds / DAY_S)}d${two(Math.floor((seconds % DAY_S) / HOUR_S))}h`
}

/** A time in UTC, to the second: `2030-03-01 08:00:00Z`. */
export const toTimestamp = (timeMs: number): string =>
  new Date(timeMs)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z')
