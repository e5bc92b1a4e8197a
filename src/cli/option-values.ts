import { InvalidArgumentError } from 'commander'

const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
}

/** The last time that RFC 3339 can write. */
export const LAST_TIME = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/** Reads a span such as `90s`, `15m`, `2h`, `3d` or `1w`. */
export const parseSpanMs = (text: string): number => {
  const [, amount = '', unit = ''] = /^(\d{1,6})([smhdw])$/.exec(text) ?? []
  const unitMs = UNITS_MS[unit]
  if (unitMs === undefined) throw new InvalidArgumentError('Write it like 90s, 15m, 2h, 3d or 1w.')
  return Number(amount) * unitMs
}

const DATE_TIME =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,3})\d*)?)?(?:(Z)|([+-]\d\d:\d\d))?)?$/i

/** Epoch ms of a date, or a date and time; without a zone it is UTC, as all times of the command line are. */
const parseDate = (text: string): number => {
  const [, date = '', minute = '00:00', second = '00', fraction = '', , zone = 'Z'] =
    DATE_TIME.exec(text) ?? []
  // A day the month does not have would silently become one of the next month.
  const midnight = new Date(`${date}T00:00:00Z`)
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== date) return Number.NaN
  return Date.parse(`${date}T${minute}:${second}.${fraction.padEnd(3, '0')}${zone}`)
}

/** Reads a time: a span back from now, or a date such as `2030-03-01` or `2030-03-01T08:00:00Z`; epoch ms. */
export const parseTime =
  (nowMs: () => number) =>
  (text: string): number => {
    if (/^\d+[smhdw]$/.test(text)) return Math.max(0, nowMs() - parseSpanMs(text))
    const time = parseDate(text)
    // Nothing was created before 1970, and years of five digits are no RFC 3339.
    if (!(time >= 0 && time <= LAST_TIME)) {
      throw new InvalidArgumentError('Write it like 2d (back from now), 2030-03-01 or 2030-03-01T08:00:00Z.')
    }
    return time
  }

/** Reads a whole number of a range. */
export const parseWhole =
  (low: number, high: number) =>
  (text: string): number => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= low && value <= high)) {
      throw new InvalidArgumentError(`It is a whole number from ${low} to ${high}.`)
    }
    return value
  }

/** Reads words joined by `,`, and checks them against a list if there is one. */
export const parseWords =
  (known?: readonly string[]) =>
  (text: string): string[] => {
    const words = text.split(',').filter((word) => word !== '')
    if (words.length === 0) throw new InvalidArgumentError('Name at least one.')
    return words.map((word) => {
      const match = known?.find((one) => one.toLowerCase() === word.toLowerCase())
      if (known && match === undefined) {
        throw new InvalidArgumentError(`${JSON.stringify(word)} is none of ${known.join(', ')}.`)
      }
      return match ?? word
    })
  }

/** Gathers a repeatable `name=value`; a later value of the same name wins. */
export const gatherPairs = (
  text: string,
  before: Readonly<Record<string, string>> | undefined,
): Record<string, string> => {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Write it as name=value.')
  // defineProperty semantics through fromEntries: a name such as __proto__ stays an ordinary one.
  return Object.fromEntries([...Object.entries(before ?? {}), [text.slice(0, at), text.slice(at + 1)]])
}

/** Gathers a repeatable option. */
export const gather = <T>(read: (text: string) => T) => {
  return (text: string, before: readonly T[] | undefined): T[] => [...(before ?? []), read(text)]
}

/** Reads a number of seconds, which may have a fraction. */
export const parseSeconds =
  (low: number, high: number) =>
  (text: string): number => {
    const value = /^\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= low && value <= high)) {
      throw new InvalidArgumentError(`It is a number of seconds from ${low} to ${high}.`)
    }
    return value
  }
