import { Command, Option } from 'commander'
import { EVENT_LEVELS, EVENT_SOURCES } from '../contract/events.ts'
import { type Cli, connectionOptions, openSession } from './cli.ts'
import { findJob } from './find-job.ts'
import { eventLine } from './job-text.ts'
import { parseWhole, parseWords } from './option-values.ts'

interface EventsOptions {
  limit: number
  level?: string[]
  pattern?: string
  source?: string
  format: 'text' | 'json'
}

/** `trainyard events`. */
export const eventsCommand = (cli: Cli): Command =>
  new Command('events')
    .description('show what happened to a job, newest last')
    .argument('<job>', 'name, id, or the begin of an id')
    .option('-l, --limit <number>', 'most events, the newest', parseWhole(1, 100), 50)
    .option('--level <levels>', 'only these levels, joined by ","', parseWords(EVENT_LEVELS))
    .option('--pattern <text>', 'only messages that contain this')
    .addOption(new Option('--source <source>', 'only events of this source').choices(EVENT_SOURCES))
    .addOption(
      new Option('-o, --format <form>', 'form of the output').choices(['text', 'json']).default('text'),
    )
    .addHelpText(
      'after',
      `
Examples:
  trainyard events resnet50
  trainyard events resnet50 --level warning,error`,
    )
    .action(async (reference: string, options: EventsOptions, command: Command) => {
      const session = openSession(cli, command)
      const job = await findJob(session, reference, connectionOptions(command).workspace)
      const { limit, level, pattern, source, format } = options
      const answer = await job.events({
        limit,
        order: 'desc',
        ...(level === undefined ? {} : { level: level.join(',') }),
        ...(pattern === undefined ? {} : { pattern }),
        ...(source === undefined ? {} : { source }),
      })
      if (format === 'json') return cli.terminal.print(JSON.stringify(answer, null, 2))
      const lines = answer.events.reverse().map((event) => `${eventLine(cli.terminal, event)}\n`)
      await cli.terminal.write(lines.join(''))
      if (answer.total > lines.length) cli.terminal.note(`the newest ${lines.length} of ${answer.total}`)
      return undefined
    })
