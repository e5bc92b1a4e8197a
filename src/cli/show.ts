import { Command } from 'commander'
import { type Cli, connectionOptions, openSession } from './cli.ts'
import { findJob } from './find-job.ts'
import { type Format, formatOption } from './format.ts'
import { jobText } from './job-text.ts'
import { printJob } from './print-jobs.ts'

/** Newest events that `show` prints. */
const EVENTS = 10
/** The same with `-o wide`: as many as one answer holds. */
const ALL_EVENTS = 100

/** `trainyard show`. */
export const showCommand = (cli: Cli): Command =>
  new Command('show')
    .description('show one job: state, algorithm, resources, newest events')
    .argument('<job>', 'name, id, or the begin of an id')
    .addOption(formatOption())
    .addHelpText(
      'after',
      `
Examples:
  trainyard show resnet50
  trainyard show 0b6a7c5e -o json
  trainyard show resnet50 -o yaml > job.yaml     # edit, then: trainyard submit --file job.yaml --name next`,
    )
    .action(async (reference: string, { format }: { format: Format }, command: Command) => {
      const { terminal } = cli
      const session = openSession(cli, command)
      const job = await findJob(session, reference, connectionOptions(command).workspace)
      const info = await job.info()
      if (format !== 'table' && format !== 'wide') return printJob(terminal, format, info)
      const limit = format === 'wide' ? ALL_EVENTS : EVENTS
      const { events } = await job.events({ limit, order: 'desc' })
      return terminal.print(jobText(terminal, info, events.reverse()))
    })
