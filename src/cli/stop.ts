import { Command } from 'commander'
import type { Cli } from './cli.ts'
import { forEachJob } from './each-job.ts'

/** `trainyard stop`. */
export const stopCommand = (cli: Cli): Command =>
  new Command('stop')
    .description('stop jobs that have not ended')
    .argument('<job...>', 'names, ids, or begins of ids')
    .addHelpText(
      'after',
      `
Examples:
  trainyard stop resnet50
  trainyard list --phase pending -o ids | xargs trainyard stop`,
    )
    .action((references: string[], _options: unknown, command: Command) =>
      forEachJob(cli, command, references, async (job) => {
        const { status } = await job.stop()
        return `${job.jobId}  ${status.phase}`
      }),
    )
