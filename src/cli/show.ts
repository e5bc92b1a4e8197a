import { Command, Option } from 'commander'
import { stringify } from 'yaml'
import { type Cli, connectionOptions, openSession } from './cli.ts'
import { findJob } from './find-job.ts'
import { jobText } from './job-text.ts'

/** Newest events that `show` prints. */
const EVENTS = 10

/** `trainyard show`. */
export const showCommand = (cli: Cli): Command =>
  new Command('show')
    .description('show one job: state, algorithm, resources, newest events')
    .argument('<job>', 'name, id, or the begin of an id')
    .addOption(
      new Option('-o, --format <form>', 'form of the output')
        .choices(['text', 'json', 'yaml'])
        .default('text'),
    )
    .addHelpText(
      'after',
      `
Examples:
  trainyard show resnet50
  trainyard show 0b6a7c5e -o json
  trainyard show resnet50 -o yaml > job.yaml     # edit, then: trainyard submit --file job.yaml --name next`,
    )
    .action(async (reference: string, { format }: { format: string }, command: Command) => {
      const session = openSession(cli, command)
      const job = await findJob(session, reference, connectionOptions(command).workspace)
      const info = await job.info()
      if (format === 'json') return cli.terminal.print(JSON.stringify(info, null, 2))
      if (format === 'yaml') return cli.terminal.write(stringify(info))
      const { events } = await job.events({ limit: EVENTS, order: 'desc' })
      return cli.terminal.print(jobText(cli.terminal, info, events.reverse()))
    })
