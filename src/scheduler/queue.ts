import { type Demand, fits, jobDemand, minus, NO_DEMAND, nodeDemand, plus } from '../domain/demand.ts'
import type { JobRecord } from '../domain/job-record.ts'

/** Lowest priority, for jobs that name none (contract: job model, section 9). */
const DEFAULT_PRIORITY = 1

/** Queue order: higher priority first, then first come, first served. */
export const inQueueOrder = (records: readonly JobRecord[]): JobRecord[] =>
  [...records].sort(
    (a, b) =>
      (b.job.spec?.schedule_policy?.priority ?? DEFAULT_PRIORITY) -
        (a.job.spec?.schedule_policy?.priority ?? DEFAULT_PRIORITY) ||
      a.job.metadata.create_time - b.job.metadata.create_time ||
      (a.id < b.id ? -1 : 1),
  )

/** What the placed jobs among these hold: a job holds its place until it is final. */
export const usedBy = (records: readonly JobRecord[]): Demand =>
  records.filter(({ run }) => run !== null).reduce((sum, { job }) => plus(sum, jobDemand(job)), NO_DEMAND)

/**
 * The waiting jobs that can be placed now, in order. Strictly first come, first served within a priority: a job that does
 * not fit yet holds back those behind it, so that a large job is never starved by small ones. A job that could not fit
 * even an empty machine is passed over; it waits for the machine to change.
 */
export const placeable = (waiting: readonly JobRecord[], capacity: Demand, used: Demand): JobRecord[] => {
  const chosen: JobRecord[] = []
  let taken = used
  for (const record of inQueueOrder(waiting)) {
    const demand = jobDemand(record.job)
    if (!fits(demand, capacity)) continue
    if (!fits(demand, minus(capacity, taken))) break
    taken = plus(taken, demand)
    chosen.push(record)
  }
  return chosen
}

/** Free devices for each node of a job: `count` lowest indexes that no other job holds. */
export const assignDevices = (
  record: JobRecord,
  placed: readonly JobRecord[],
  capacity: Demand,
): number[][] => {
  // Cards of each kind are counted from 0, so a GPU and an NPU may have the same index.
  const kind = nodeDemand(record.job).gpus > 0 ? 'gpus' : 'npus'
  const perNode = nodeDemand(record.job)[kind]
  const sameKind = placed.filter(({ job }) => nodeDemand(job)[kind] > 0)
  const held = new Set(sameKind.flatMap(({ run }) => run?.tasks.flatMap(({ devices }) => devices) ?? []))
  const free = Array.from({ length: capacity[kind] }, (_, index) => index).filter((index) => !held.has(index))
  return record.job.status.tasks.map((_, node) => free.slice(node * perNode, (node + 1) * perNode))
}
