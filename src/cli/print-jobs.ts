import type { JobResponse } from '../sdk/node/index.ts'
import { shortIds } from './find-job.ts'
import { type Format, printObject, printRows } from './format.ts'
import { jobColumns } from './job-columns.ts'
import type { Terminal } from './terminal.ts'

/** Prints jobs that a verb dealt with: a table of the usual columns, or a list of the contract's objects. */
export const printJobs = (
  terminal: Terminal,
  format: Format,
  jobs: readonly JobResponse[],
): Promise<void> => {
  const ids = shortIds(jobs.map(({ metadata }) => metadata.id))
  return printRows(terminal, format, jobs, {
    columns: jobColumns(Date.now(), ids),
    idOf: ({ metadata }) => metadata.id,
  })
}

/** Prints the one job of a verb: in JSON and YAML it is the object itself, no list. */
export const printJob = (terminal: Terminal, format: Format, job: JobResponse): Promise<void> =>
  format === 'json' || format === 'yaml'
    ? printObject(terminal, format, job)
    : printJobs(terminal, format, [job])
