const EPOCH_MS = /^\d{1,15}$/
const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,12}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/

/**
 * Reads a time of the wire, RFC 3339 or epoch ms as digits; undefined when it is neither.
 * Answers epoch ms, with a fraction when the text is finer than that.
 */
export const parseTime = (text: string): number | undefined => {
  if (EPOCH_MS.test(text)) return Number(text)
  const match = RFC_3339.exec(text)
  if (match === null) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number)
  const offsetHour = Number(match[9] ?? 0)
  const offsetMinute = Number(match[10] ?? 0)
  // 60 is a leap second: RFC 3339 allows it, and it is the same instant as the next second.
  if (hour > 23 || minute > 59 || second > 60 || offsetHour > 23 || offsetMinute > 59) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  // A day the month does not have would silently become one of the next month.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined
  const offsetMinutes = (match[8] === '-' ? -1 : 1) * (offsetHour * 60 + offsetMinute)
  const seconds = (hour * 60 + minute - offsetMinutes) * 60 + second
  const fraction = (match[7] ?? '').padEnd(3, '0')
  return date.getTime() + seconds * 1000 + Number(`${fraction.slice(0, 3)}.${fraction.slice(3)}`)
}
