import type { Command } from 'commander'
import type { TrainingJob } from '../sdk/node/index.ts'
import { type Cli, connectionOptions, openSession } from './cli.ts'
import { findJob } from './find-job.ts'

/**
 * Finds all jobs before it touches the first, then does the work for one after another and prints a line for each.
 * The first failure ends it: what was done until then has been printed.
 */
export const forEachJob = async (
  cli: Cli,
  command: Command,
  references: readonly string[],
  work: (job: TrainingJob) => Promise<string>,
): Promise<void> => {
  const session = openSession(cli, command)
  const { workspace } = connectionOptions(command)
  const jobs: TrainingJob[] = []
  for (const reference of references) jobs.push(await findJob(session, reference, workspace))
  for (const job of jobs) await cli.terminal.print(await work(job))
}
