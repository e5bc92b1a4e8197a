import type { JobRecord } from '../domain/job-record.ts'
import type { RunRef } from '../executors/executor.ts'

/** Names the current run of a placed job for its executor. */
export const toRunRef = (record: JobRecord): RunRef => ({
  jobId: record.id,
  projectId: record.projectId,
  attempt: record.run?.attempt ?? 1,
  tasks: record.job.status.tasks,
})
