import { InvalidArgumentError } from 'commander'
import { GROUP_KEYS, type GroupKey, SORT_KEYS, type SortKey } from '../contract/search-keys.ts'
import type { JobResponse } from '../sdk/node/index.ts'
import { flavorOf } from './job-columns.ts'
import { orNearest } from './nearest.ts'

export interface Sorting {
  readonly key: SortKey
  readonly order: 'asc' | 'desc'
}

const SORT_SYNONYMS: Readonly<Record<string, SortKey>> = {
  created: 'create_time',
  time: 'create_time',
  started: 'start_time',
  start: 'start_time',
  length: 'duration',
  status: 'phase',
  user: 'user_name',
}

/** Ages grow the other way than times. */
const AGE = 'age'

const canonical = (text: string): string => text.toLowerCase().replaceAll('-', '_')

/** Reads `key`, `-key`, `key:asc` or `key:desc`. */
export const parseSorting = (text: string): Sorting => {
  const [, minus = '', name = '', direction = ''] = /^(-?)([^:]*)(?::(asc|desc))?$/i.exec(text) ?? []
  const word = canonical(name)
  const isAge = word === AGE
  const key = isAge
    ? 'create_time'
    : (SORT_KEYS.find((one) => one === word) ??
      (Object.hasOwn(SORT_SYNONYMS, word) ? SORT_SYNONYMS[word] : undefined))
  if (key === undefined) {
    const known = [...SORT_KEYS, AGE, ...Object.keys(SORT_SYNONYMS)]
    throw new InvalidArgumentError(
      `There is no such key${orNearest(word, known)} Sort by ${SORT_KEYS.join(', ')} or ${AGE}; "-" before it turns the order.`,
    )
  }
  const isDescending = (minus === '-') !== (direction.toLowerCase() === 'desc')
  return { key, order: isDescending !== isAge ? 'desc' : 'asc' }
}

const GROUP_SYNONYMS: Readonly<Record<string, GroupKey>> = {
  engine: 'engine_name',
  flavor: 'flavor_id',
  pool: 'pool_id',
  status: 'phase',
  user: 'user_name',
}

/** Reads the key of `--group-by`. */
export const parseGroupKey = (text: string): GroupKey => {
  const word = canonical(text)
  const key =
    GROUP_KEYS.find((one) => one === word) ??
    (Object.hasOwn(GROUP_SYNONYMS, word) ? GROUP_SYNONYMS[word] : undefined)
  if (key !== undefined) return key
  throw new InvalidArgumentError(
    `There is no such key${orNearest(word, [...GROUP_KEYS, ...Object.keys(GROUP_SYNONYMS)])} Group by ${GROUP_KEYS.join(', ')}.`,
  )
}

const GROUP_VALUES: Readonly<Record<GroupKey, (job: JobResponse) => string>> = {
  phase: ({ status }) => status.phase,
  kind: ({ kind }) => kind,
  user_name: ({ metadata }) => metadata.user_name,
  pool_id: ({ spec }) => spec?.resource?.pool_id ?? '',
  flavor_id: flavorOf,
  engine_name: ({ algorithm, tasks }) =>
    (algorithm?.engine ?? tasks?.[0]?.algorithm?.engine)?.engine_name ?? '',
}

/** The group a job is in; empty for the group of those without a value. */
export const groupOf = (key: GroupKey, job: JobResponse): string => GROUP_VALUES[key](job)
