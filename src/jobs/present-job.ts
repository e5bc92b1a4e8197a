import { isFinal } from '../contract/phases.ts'
import type { SearchResponse } from '../contract/search.ts'
import type { TrainingJob } from '../contract/training-job.ts'
import type { JobRecord } from '../domain/job-record.ts'
import type { JobPage, JobRow } from '../store/store.ts'

/** Brings the duration of a job that still runs up to now. */
const upToNow = (job: TrainingJob, startTime: number | null, now: number): TrainingJob =>
  startTime === null ? job : { ...job, status: { ...job.status, duration: Math.max(0, now - startTime) } }

/** The job as answered now. */
export const presentJob = (record: JobRecord, now: number): TrainingJob => {
  const { phase, secondary_phase: secondaryPhase } = record.job.status
  return isFinal(phase, secondaryPhase) ? record.job : upToNow(record.job, record.startTime, now)
}

const presentRow = (row: JobRow, now: number): string => {
  if (row.taskIps === undefined && (row.final || row.startTime === null)) return row.text
  const stored = JSON.parse(row.text) as TrainingJob
  const job = row.final ? stored : upToNow(stored, row.startTime, now)
  if (row.taskIps === undefined) return JSON.stringify(job)
  return JSON.stringify({ ...job, status: { ...job.status, task_ips: row.taskIps } })
}

/** The search answer as JSON text: the stored text of final jobs is joined, not read. */
export const presentPage = (
  echo: Omit<SearchResponse, 'total' | 'count' | 'items'>,
  page: JobPage,
  now: number,
): string => {
  const head = JSON.stringify({ total: page.total, count: page.count, ...echo }).slice(0, -1)
  return `${head},"items":[${page.rows.map((row) => presentRow(row, now)).join(',')}]}`
}
