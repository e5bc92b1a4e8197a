import type { FilterKey, GroupKey, SortKey } from '../../contract/search.ts'
import type { Condition, JobQuery, TagCondition, Visibility } from '../../domain/job-query.ts'
import { fold, marks, type SqlValue } from './database.ts'
import type { BoundSql } from './job-columns.ts'

/** Column each filter key is compared with. */
const FILTER_COLUMNS: Record<Exclude<FilterKey, 'description'>, string> = {
  name: 'name',
  id: 'id',
  kind: 'kind',
  phase: 'phase',
  secondary_phase: 'secondary_phase',
  algorithm_id: 'algorithm_id',
  algorithm_name: 'algorithm_name',
  create_time: 'create_time',
  user_id: 'owner_id',
  user_name: 'user_name',
  pool_id: 'pool_id',
  flavor_id: 'flavor_id',
  flavor_type: 'flavor_type',
  engine_name: 'engine_name',
  runtime_type: 'runtime_type',
  training_experiment_id: 'experiment_id',
  priority: 'priority',
}

/** Folded columns, for the keys that can be compared by `like`. */
const FOLDED_COLUMNS: Partial<Record<FilterKey, string>> = {
  name: 'name_folded',
  algorithm_name: 'algorithm_name_folded',
  user_name: 'user_name_folded',
  description: 'description_folded',
}

const GROUP_COLUMNS: Record<GroupKey, string> = {
  phase: 'phase',
  kind: 'kind',
  user_name: 'user_name',
  pool_id: 'pool_id',
  flavor_id: 'flavor_id',
  engine_name: 'engine_name',
}

// A job that runs has run up to now; `?` is bound to that moment.
const DURATION =
  'CASE WHEN is_final = 1 OR start_time IS NULL THEN duration_ms ELSE max(0, ? - start_time) END'

const SORT_TERMS: Record<SortKey, string> = {
  create_time: 'create_time',
  name: 'name',
  duration: DURATION,
  start_time: 'start_time',
  phase: 'phase',
  user_name: 'user_name',
  priority: 'priority',
}

/** Terms of a WHERE, joined by AND, each with its values. */
const join = (terms: readonly BoundSql[]): BoundSql => ({
  sql: terms.map((term) => term.sql).join(' AND '),
  values: terms.flatMap((term) => term.values),
})

const unsupported = (operator: string, key: string): Error =>
  new Error(`No SQL for the operator ${operator} on ${key}.`)

const toTerm = (condition: Condition): BoundSql => {
  const { key, operator } = condition
  if (operator === 'like') {
    const folded = FOLDED_COLUMNS[key]
    if (folded === undefined) throw unsupported(operator, key)
    // instr, not LIKE: % and _ are ordinary characters. A missing value is NULL and contains nothing.
    const contains = condition.values.map(() => `instr(${folded}, ?) > 0`)
    return { sql: `(${contains.join(' OR ')})`, values: condition.values.map(fold) }
  }
  if (key === 'description') throw unsupported(operator, key)
  const column = FILTER_COLUMNS[key]
  if (operator === 'between') {
    const { lower, upper } = condition
    const ends: BoundSql[] = []
    if (lower !== undefined) ends.push({ sql: `${column} >= ?`, values: [lower] })
    if (upper !== undefined) ends.push({ sql: `${column} <= ?`, values: [upper] })
    // Open at both ends, a range still asks for a value.
    return ends.length === 0 ? { sql: `${column} IS NOT NULL`, values: [] } : join(ends)
  }
  const values: SqlValue[] = key === 'priority' ? condition.values.map(Number) : [...condition.values]
  const isIn = `${column} IN (${marks(values)})`
  return { sql: operator === 'in' ? isIn : `(${column} IS NULL OR NOT ${isIn})`, values }
}

const toTagTerm = ({ key, values }: TagCondition): BoundSql => ({
  sql: `EXISTS (SELECT 1 FROM job_tags WHERE job_tags.job = jobs.seq AND job_tags.key = ?${
    values.length === 0 ? '' : ` AND job_tags.value IN (${marks(values)})`
  })`,
  values: [key, ...values],
})

const toHostTerm = (hosts: readonly string[]): BoundSql => ({
  sql: `jobs.seq IN (SELECT job FROM job_hosts WHERE host_key IN (${marks(hosts)}))`,
  values: hosts,
})

const visibleTerm = (visible: Visibility): BoundSql => ({
  // The indexes are partial: SQLite uses them only when the query says `deleted_at IS NULL` in these words.
  sql: `deleted_at IS NULL AND project_id = ? AND workspace_id = ?${
    visible.ownerId === undefined ? '' : ' AND owner_id = ?'
  }`,
  values: [
    visible.projectId,
    visible.workspaceId,
    ...(visible.ownerId === undefined ? [] : [visible.ownerId]),
  ],
})

const matchTerm = (query: JobQuery): BoundSql =>
  join([
    visibleTerm(query.visible),
    ...query.conditions.map(toTerm),
    ...query.tags.map(toTagTerm),
    ...(query.hostIps.length === 0 ? [] : [toHostTerm(query.hostIps)]),
  ])

/** Counts what the caller can see, before any condition. */
export const countVisible = (visible: Visibility): BoundSql => {
  const term = visibleTerm(visible)
  return { sql: `SELECT count(*) AS jobs FROM jobs WHERE ${term.sql}`, values: term.values }
}

/** Counts what matches, before paging. */
export const countMatches = (query: JobQuery): BoundSql => {
  const term = matchTerm(query)
  return { sql: `SELECT count(*) AS jobs FROM jobs WHERE ${term.sql}`, values: term.values }
}

/** Selects `seq` of the jobs on the page, in order. */
export const selectPage = (query: JobQuery): BoundSql => {
  const term = matchTerm(query)
  const group = query.groupBy === '' ? '' : `${GROUP_COLUMNS[query.groupBy]} ASC NULLS LAST, `
  const sort = `${SORT_TERMS[query.sortBy]} ${query.order === 'asc' ? 'ASC' : 'DESC'} NULLS LAST`
  return {
    sql: `SELECT seq FROM jobs WHERE ${term.sql} ORDER BY ${group}${sort}, id ASC LIMIT ? OFFSET ?`,
    values: [...term.values, ...(query.sortBy === 'duration' ? [query.now] : []), query.limit, query.offset],
  }
}
