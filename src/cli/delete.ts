import { Command } from 'commander'
import type { Cli } from './cli.ts'
import { forEachJob } from './each-job.ts'

/** `trainyard delete`. */
export const deleteCommand = (cli: Cli): Command =>
  new Command('delete')
    .description(
      'delete jobs with their logs and metrics, stopping them first; results in the object store stay',
    )
    .argument('<job...>', 'names, ids, or begins of ids')
    .addHelpText(
      'after',
      `
Examples:
  trainyard delete resnet50
  trainyard list --phase failed --until 30d -o ids --all | xargs trainyard delete`,
    )
    .action((references: string[], _options: unknown, command: Command) =>
      forEachJob(cli, command, references, async (job) => {
        await job.delete()
        return `${job.jobId}  deleted`
      }),
    )
