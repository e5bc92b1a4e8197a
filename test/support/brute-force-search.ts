import { isFinal } from '../../src/contract/phases.ts'
import type { TaskIp } from '../../src/contract/status.ts'
import type { Condition, JobQuery, TagCondition } from '../../src/domain/job-query.ts'
import type { JobRecord } from '../../src/domain/job-record.ts'

/** A job as the brute-force search sees it. */
export interface SearchableJob {
  readonly record: JobRecord
  readonly placements: readonly Required<TaskIp>[]
}

type Value = string | number | undefined

/** The order of texts: by code point, as UTF-8 sorts. */
const compare = (left: string | number, right: string | number): number =>
  typeof left === 'number' && typeof right === 'number'
    ? left - right
    : Buffer.compare(Buffer.from(String(left)), Buffer.from(String(right)))

const readValue = (record: JobRecord, key: string, now: number): Value => {
  const { job } = record
  const { status } = job
  const running = record.startTime !== null && !isFinal(status.phase, status.secondary_phase)
  const values: Record<string, Value> = {
    name: job.metadata.name,
    id: record.id,
    kind: job.kind,
    phase: status.phase,
    secondary_phase: status.secondary_phase,
    algorithm_id: job.algorithm?.id,
    algorithm_name: job.algorithm?.name,
    create_time: job.metadata.create_time,
    user_id: record.ownerId,
    user_name: job.metadata.user_name,
    pool_id: job.spec?.resource?.pool_id,
    flavor_id: job.spec?.resource?.flavor_id,
    flavor_type: job.spec?.resource?.flavor_detail?.flavor_type,
    engine_name: job.algorithm?.engine?.engine_name,
    runtime_type: job.spec?.runtime_type,
    training_experiment_id: job.metadata.training_experiment_reference?.id,
    priority: job.spec?.schedule_policy?.priority,
    description: job.metadata.description,
    start_time: record.startTime ?? undefined,
    duration: running ? Math.max(0, now - (record.startTime ?? now)) : status.duration,
  }
  return values[key] === '' ? undefined : values[key]
}

const meets = (condition: Condition, value: Value): boolean => {
  switch (condition.operator) {
    case 'in':
      return condition.values.some((wanted) => String(value) === wanted) && value !== undefined
    case 'not':
      return !condition.values.some((unwanted) => value !== undefined && String(value) === unwanted)
    case 'like': {
      const text = value === undefined ? undefined : String(value).toLowerCase()
      return text !== undefined && condition.values.some((part) => text.includes(part.toLowerCase()))
    }
    case 'between': {
      if (typeof value !== 'number') return false
      return (condition.lower ?? value) <= value && value <= (condition.upper ?? value)
    }
  }
}

const hasTag = (record: JobRecord, { key, values }: TagCondition): boolean =>
  (record.job.metadata.tags ?? []).some(
    (tag) => tag.key === key && (values.length === 0 || values.includes(tag.value ?? '')),
  )

/** Missing values come last in both directions. */
const order = (left: Value, right: Value, sign: 1 | -1): number => {
  if (left === undefined || right === undefined)
    return Number(left === undefined) - Number(right === undefined)
  return sign * compare(left, right)
}

/** Answers a query by looking at every job: slow, plain, and independent of any store. */
export const bruteForceSearch = (
  jobs: readonly SearchableJob[],
  query: JobQuery,
): { total: number; count: number; ids: string[] } => {
  const { visible, now } = query
  const seen = jobs.filter(
    ({ record }) =>
      record.deletedAt === null &&
      record.projectId === visible.projectId &&
      record.job.metadata.workspace_id === visible.workspaceId &&
      (visible.ownerId === undefined || record.ownerId === visible.ownerId),
  )
  const matches = seen.filter(
    ({ record, placements }) =>
      !query.nothing &&
      query.conditions.every((condition) => meets(condition, readValue(record, condition.key, now))) &&
      query.tags.every((tag) => hasTag(record, tag)) &&
      (query.hostIps.length === 0 || placements.some((place) => query.hostIps.includes(place.host_ip))),
  )
  const sign = query.order === 'asc' ? 1 : -1
  const sorted = matches.toSorted(({ record: left }, { record: right }) => {
    const byGroup =
      query.groupBy === ''
        ? 0
        : order(readValue(left, query.groupBy, now), readValue(right, query.groupBy, now), 1)
    return (
      byGroup ||
      order(readValue(left, query.sortBy, now), readValue(right, query.sortBy, now), sign) ||
      compare(left.id, right.id)
    )
  })
  const page = sorted.slice(query.offset, query.offset + query.limit)
  return { total: seen.length, count: matches.length, ids: page.map(({ record }) => record.id) }
}
