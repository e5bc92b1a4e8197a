import { JOB_KINDS, PHASES, SECONDARY_PHASES } from '../contract/phases.ts'
import {
  FILTER_KEYS,
  FILTER_OPERATORS,
  type Filter,
  type FilterKey,
  type FilterOperator,
} from '../contract/search.ts'
import { refusal, type TrainyardError } from '../contract/trainyard-error.ts'
import type { Condition, NumberKey, TextKey } from './job-query.ts'
import { parseTime } from './parse-time.ts'

const MAX_VALUES = 10
const DIGITS = /^\d{1,15}$/

/** Keys whose values are a closed list of words. */
const WORDS: Partial<Record<FilterKey, readonly string[]>> = {
  kind: JOB_KINDS,
  phase: PHASES,
  secondary_phase: SECONDARY_PHASES,
}

/** A text of the caller for a message: in quotes, and cut when it is long. */
export const quoted = (text: string): string =>
  JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)

/** Whether a text says nothing: blank operands mean no condition. */
export const isBlank = (text: string): boolean => text.trim() === ''

const isKey = (key: string): key is FilterKey => Object.hasOwn(FILTER_KEYS, key)

const badValue = (place: string, key: string, problem: string): TrainyardError =>
  refusal('ModelArts.2809', `${place}: the value of ${key} ${problem}.`)

const badOperator = (place: string, key: FilterKey, operator: string): TrainyardError =>
  refusal(
    'ModelArts.2808',
    `${place}: ${key} takes the operators ${FILTER_KEYS[key].join(', ')}, not ${operator}.`,
  )

const readOperator = (place: string, key: FilterKey, sent: string): FilterOperator => {
  const operator = FILTER_OPERATORS.find((known) => known === (sent === '' ? 'in' : sent))
  const allowed: readonly FilterOperator[] = FILTER_KEYS[key]
  if (operator !== undefined && allowed.includes(operator)) return operator
  throw badOperator(place, key, sent === '' ? 'in (the default)' : quoted(sent))
}

const readNumber = (place: string, key: NumberKey, text: string): number => {
  if (key === 'priority') {
    if (!DIGITS.test(text)) throw badValue(place, key, `must be digits, not ${quoted(text)}`)
    return Number(text)
  }
  const time = parseTime(text)
  if (time === undefined) {
    throw badValue(place, key, `must be an RFC 3339 time or epoch milliseconds, not ${quoted(text)}`)
  }
  return time
}

const readRange = (place: string, key: NumberKey, values: readonly string[]): Condition => {
  const [first, second] = values
  if (first === undefined || second === undefined || values.length !== 2) {
    throw badValue(place, key, 'must have two entries with between: lower and upper')
  }
  const lower = isBlank(first) ? undefined : readNumber(place, key, first)
  const upper = isBlank(second) ? undefined : readNumber(place, key, second)
  if (lower !== undefined && upper !== undefined && lower > upper) {
    throw badValue(place, key, 'must not have a lower end above the upper end')
  }
  return { operator: 'between', key, lower, upper }
}

const readText = (place: string, key: TextKey, text: string): string => {
  const words = WORDS[key]
  if (words !== undefined && !words.includes(text)) {
    throw badValue(place, key, `must be one of ${words.join(', ')}, not ${quoted(text)}`)
  }
  return key === 'priority' ? String(readNumber(place, key, text)) : text
}

/** The condition of one filter; undefined when it is blank. */
const readFilter = (filter: Filter, place: string): Condition | undefined => {
  const key = filter.key ?? ''
  const sent = filter.operator ?? ''
  const values = filter.value ?? []
  const blank = values.every(isBlank)
  if (isBlank(key) && blank) return undefined
  if (!isKey(key)) {
    throw refusal('ModelArts.2807', `${place}: there is no filter key ${quoted(key)}.`)
  }
  if (values.length > MAX_VALUES) throw badValue(place, key, `must not have more than ${MAX_VALUES} entries`)
  // Without an operator and a value nothing was asked, even where the default operator would not fit the key.
  if (blank && sent === '') return undefined
  const operator = readOperator(place, key, sent)
  if (blank) return undefined
  if (key === 'create_time') return readRange(place, key, values)
  if (operator === 'between') {
    if (key === 'priority') return readRange(place, key, values)
    throw badOperator(place, key, operator)
  }
  const texts = values.filter((value) => !isBlank(value)).map((value) => readText(place, key, value))
  return { operator, key, values: [...new Set(texts)] }
}

/**
 * Reads the filters of a search. Blank ones are left out; what remains is joined by AND.
 * @throws TrainyardError `ModelArts.2807` (key), `ModelArts.2808` (operator) or `ModelArts.2809` (value), naming the
 * place and the key.
 */
export const parseFilters = (filters: readonly Filter[]): Condition[] =>
  filters.flatMap((filter, index) => readFilter(filter, `filters[${index}]`) ?? [])
