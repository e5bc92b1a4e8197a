import type { Phase } from '../contract/phases.ts'

/** What grows old with a finished job. `jobs` is the job itself, with all that belongs to it. */
export const AGING = ['logs', 'events', 'jobs'] as const
export type Aging = (typeof AGING)[number]

/** A finished job by its names. */
export interface FinishedJob {
  readonly id: string
  readonly projectId: string
}

/** What the operator needs of the store: counts, and finding what is old. */
export interface UpkeepStore {
  /** Jobs of all projects that are not deleted, by phase. Reads an index from end to end: not for every second. */
  countPhases(): Promise<ReadonlyMap<Phase, number>>
  /**
   * Finished jobs that ended before a time (epoch ms, exclusive) and of which this has not been removed; the longest
   * ended first, at most `limit`. Never a job that is not final or is deleted.
   */
  listDue(aging: Aging, before: number, limit: number): Promise<FinishedJob[]>
  /** Notes that the logs of a job were removed by age. A job that is gone is success. */
  noteLogsCleared(jobId: string, time: number): Promise<void>
  /** Whether the logs of a job were removed by age. */
  areLogsCleared(jobId: string): Promise<boolean>
  /** Removes the events of a job. A job that is gone is success. */
  clearEvents(jobId: string, time: number): Promise<void>
}
