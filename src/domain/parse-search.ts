import {
  DEFAULT_LIMIT,
  GROUP_KEYS,
  type GroupKey,
  type SearchRequest,
  SORT_KEYS,
  SORT_ORDERS,
  type SortKey,
  type SortOrder,
  type TagFilter,
} from '../contract/search.ts'
import { refusal } from '../contract/trainyard-error.ts'
import { canonicalAddress } from './host-address.ts'
import type { Condition, JobQuery, TagCondition, Visibility } from './job-query.ts'
import { isBlank, parseFilters, quoted } from './parse-filters.ts'

/** What the answer repeats of the request: the settings in effect. */
export interface SearchEcho {
  readonly limit: number
  readonly offset: number
  readonly sort_by: SortKey
  readonly order: SortOrder
  readonly group_by: GroupKey | ''
  readonly workspace_id: string
  readonly train_type?: string
}

export interface ParsedSearch {
  readonly query: JobQuery
  readonly echo: SearchEcho
}

/** Longest time a search by tags or hosts may span, in ms. */
const MAX_SPAN_MS = 31 * 24 * 60 * 60 * 1000

const TAG_VALUE = /^[\p{L}\p{N} _.:/=+@-]*$/u

const parseSortKey = (sent: string | undefined): SortKey => {
  const key = SORT_KEYS.find((known) => known === (sent || 'create_time'))
  if (key !== undefined) return key
  throw refusal(
    'ModelArts.2790',
    `sort_by: must be one of ${SORT_KEYS.join(', ')}, not ${quoted(sent ?? '')}.`,
  )
}

const parseOrder = (sent: string | undefined): SortOrder => {
  const order = SORT_ORDERS.find((known) => known === (sent || 'desc'))
  if (order !== undefined) return order
  throw refusal('ModelArts.2788', `order: must be asc or desc, not ${quoted(sent ?? '')}.`)
}

const parseGroupKey = (sent: string | undefined): GroupKey | '' => {
  if (sent === undefined || sent === '') return ''
  const key = GROUP_KEYS.find((known) => known === sent)
  if (key !== undefined) return key
  throw refusal('ModelArts.2788', `group_by: must be one of ${GROUP_KEYS.join(', ')}, not ${quoted(sent)}.`)
}

const parseTags = (tags: readonly TagFilter[]): TagCondition[] => {
  const seen = new Set<string>()
  return tags.map(({ key, values = [] }, index) => {
    if (seen.has(key)) {
      throw refusal('ModelArts.2788', `tags[${index}]: the key ${quoted(key)} is repeated.`)
    }
    seen.add(key)
    const wrong = values.find((value) => !TAG_VALUE.test(value))
    if (wrong !== undefined) {
      throw refusal('ModelArts.2788', `tags[${index}]: ${quoted(wrong)} is no value of a tag.`)
    }
    return { key, values: [...new Set(values.filter((value) => !isBlank(value)))] }
  })
}

const parseHosts = (hosts: readonly string[]): string[] => {
  const addresses = hosts.flatMap((host, index) => {
    if (isBlank(host)) return []
    const address = canonicalAddress(host)
    if (address !== undefined) return [address]
    throw refusal('ModelArts.2809', `host_ips[${index}]: ${quoted(host)} is no IPv4 or IPv6 address.`)
  })
  return [...new Set(addresses)]
}

/** What a search by tags or hosts needs beside: a bounded `create_time`, by default the last 31 days. */
const boundTime = (conditions: readonly Condition[], now: number): Condition[] => {
  const ranges = conditions.filter(
    (condition) => condition.operator === 'between' && condition.key === 'create_time',
  )
  if (ranges.length === 0) {
    return [{ operator: 'between', key: 'create_time', lower: now - MAX_SPAN_MS, upper: undefined }]
  }
  let lower = Number.NEGATIVE_INFINITY
  let upper = Number.POSITIVE_INFINITY
  for (const range of ranges) {
    if (range.operator !== 'between') continue
    lower = Math.max(lower, range.lower ?? lower)
    upper = Math.min(upper, range.upper ?? upper)
  }
  // An open upper end reaches as far as now: no job was created later.
  const end = upper === Number.POSITIVE_INFINITY ? now : upper
  if (end - lower > MAX_SPAN_MS) {
    throw refusal(
      'ModelArts.2809',
      'filters: with tags or host_ips, the value of create_time must span at most 31 days.',
    )
  }
  return []
}

/**
 * Reads a search request whose JSON types, ranges and array sizes were checked by its schema, for a caller who may see
 * `caller.visible`. `now` is epoch ms.
 * @throws TrainyardError `ModelArts.2807`, `2808`, `2809` (filters and hosts), `2790` (sort key), `2788` (order,
 * group and tags).
 */
export const parseSearch = (
  request: SearchRequest,
  caller: { readonly visible: Visibility },
  now: number,
): ParsedSearch => {
  const { offset = 0, limit = DEFAULT_LIMIT, train_type: trainType = '' } = request
  const sortBy = parseSortKey(request.sort_by)
  const order = parseOrder(request.order)
  const groupBy = parseGroupKey(request.group_by)
  const conditions = parseFilters(request.filters ?? [])
  const tags = parseTags(request.tags ?? [])
  const hostIps = parseHosts(request.host_ips ?? [])
  if (tags.length > 0 || hostIps.length > 0) conditions.push(...boundTime(conditions, now))
  return {
    query: {
      visible: caller.visible,
      conditions,
      tags,
      hostIps,
      // There are no fine-tuning jobs here, so a search for them finds nothing.
      nothing: trainType === 'ftjob',
      sortBy,
      order,
      groupBy,
      offset,
      limit,
      now,
    },
    echo: {
      limit,
      offset,
      sort_by: sortBy,
      order,
      group_by: groupBy,
      workspace_id: caller.visible.workspaceId,
      ...(trainType === '' ? {} : { train_type: trainType }),
    },
  }
}
