import { Command } from 'commander'
import type { Cli } from './cli.ts'
import { runManyJobs, withManyJobs } from './many-jobs.ts'

const HELP = `
Named jobs are deleted at once. Those that filters choose are shown, and you are asked.

Examples:
  trainyard delete resnet50
  trainyard delete --where 'phase = Failed and create_time < 30d' --dry-run
  trainyard delete --phase failed,abnormal --until 30d --yes`

/** `trainyard delete`. */
export const deleteCommand = (cli: Cli): Command =>
  withManyJobs(
    new Command('delete').description(
      'delete jobs with their logs and metrics, stopping them first; results in the object store stay',
    ),
  )
    .addHelpText('after', HELP)
    .action((references: string[], _options: unknown, command: Command) =>
      runManyJobs(cli, command, references, {
        verb: 'delete',
        isFor: () => true,
        run: async (job) => {
          await job.delete()
          return 'deleted'
        },
      }),
    )
