import { Command } from 'commander'
import { isStoppable } from '../sdk/node/index.ts'
import type { Cli } from './cli.ts'
import { runManyJobs, withManyJobs } from './many-jobs.ts'

const HELP = `
Named jobs are stopped at once. Of those that filters choose, only jobs that can be stopped count; they are shown, and
you are asked.

Examples:
  trainyard stop resnet50
  trainyard stop --where 'phase = Pending and name like sweep' --dry-run
  trainyard stop --phase pending,running --user ada --yes`

/** `trainyard stop`. */
export const stopCommand = (cli: Cli): Command =>
  withManyJobs(new Command('stop').description('stop jobs that have not ended'))
    .addHelpText('after', HELP)
    .action((references: string[], _options: unknown, command: Command) =>
      runManyJobs(cli, command, references, {
        verb: 'stop',
        isFor: ({ status }) => isStoppable(status.phase, status.secondary_phase),
        run: async (job) => (await job.stop()).status.phase,
      }),
    )
