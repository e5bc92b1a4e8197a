import { Command, Option } from 'commander'
import { EVENT_LEVELS, EVENT_SOURCES } from '../contract/event-words.ts'
import type { JobEvent, ListEventsQuery, ListEventsResponse, TrainingJob } from '../sdk/node/index.ts'
import { type Cli, connectionOptions, openSession } from './cli.ts'
import { findJob } from './find-job.ts'
import { csvRecord, FORMATS, type Format, formatOption, keyOf, printRows, toYaml } from './format.ts'
import { eventLine } from './job-text.ts'
import { parseWhole, parseWords } from './option-values.ts'
import type { Column } from './table.ts'
import type { Terminal } from './terminal.ts'

interface EventsOptions {
  readonly follow?: boolean
  readonly limit: number
  readonly level?: string[]
  readonly pattern?: string
  readonly source?: string
  readonly format: Format
}

/** Most events that the server gives at once. */
const PAGE = 100
/** Most events that the server keeps of a job. */
const MOST = 10_000

const COLUMNS: readonly Column<JobEvent>[] = [
  { title: 'TIME', value: ({ time }) => time, dropOrder: 0 },
  { title: 'LEVEL', value: ({ level }) => level, dropOrder: 0 },
  { title: 'SOURCE', value: ({ source }) => source, dropOrder: 0 },
  { title: 'MESSAGE', value: ({ message }) => message, dropOrder: 0 },
]

const toQuery = ({ level, pattern, source }: EventsOptions): ListEventsQuery => ({
  ...(level === undefined ? {} : { level: level.join(',') }),
  ...(pattern === undefined ? {} : { pattern }),
  ...(source === undefined ? {} : { source }),
})

/** The newest events, oldest of them first, and the page they began with. */
const newest = async (
  job: TrainingJob,
  query: ListEventsQuery,
  wanted: number,
): Promise<{ page: ListEventsResponse; events: JobEvent[] }> => {
  const events: JobEvent[] = []
  let first: ListEventsResponse | undefined
  for (;;) {
    const limit = Math.min(PAGE, wanted - events.length)
    const page = await job.events({ ...query, order: 'desc', limit, offset: events.length })
    first ??= page
    events.push(...page.events)
    const isAll = page.events.length === 0 || events.length >= page.total
    if (isAll || events.length >= wanted) return { page: first, events: events.reverse() }
  }
}

const lineOf = (terminal: Terminal, format: Format, event: JobEvent): string => {
  if (format === 'table') return `${eventLine(terminal, event)}\n`
  return `${eventLine(terminal, { ...event, message: `(${event.source}) ${event.message}` })}\n`
}

/** An event as it comes: nothing waits for a document to be closed. */
const following = (terminal: Terminal, format: Format, event: JobEvent): string => {
  if (format === 'json') return `${JSON.stringify(event)}\n`
  if (format === 'yaml') return toYaml([event])
  if (format === 'csv') return csvRecord(COLUMNS.map(({ value }) => value(event)))
  return lineOf(terminal, format, event)
}

const follow = async ({ terminal }: Cli, job: TrainingJob, options: EventsOptions): Promise<void> => {
  const query = toQuery(options)
  const { total } = await job.events({ ...query, limit: 1 })
  const offset = Math.max(0, total - options.limit)
  if (options.format === 'csv') await terminal.write(csvRecord(COLUMNS.map(keyOf)))
  for await (const event of job.iterateEvents({ ...query, offset }, { follow: true })) {
    await terminal.write(following(terminal, options.format, event))
  }
}

const print = async ({ terminal }: Cli, job: TrainingJob, options: EventsOptions): Promise<void> => {
  const { format } = options
  const { page, events } = await newest(job, toQuery(options), options.limit)
  if (format === 'table' || format === 'wide') {
    await terminal.write(events.map((event) => lineOf(terminal, format, event)).join(''))
    if (events.length === 0) terminal.hint('no events')
    else if (page.total > events.length) terminal.note(`the newest ${events.length} of ${page.total}`)
    return
  }
  const { total, limit } = page
  const envelope = { total, limit, offset: 0, order: 'asc' }
  await printRows(terminal, format, events, { columns: COLUMNS, idOf: () => '', field: 'events', envelope })
}

/** `trainyard events`. */
export const eventsCommand = (cli: Cli): Command =>
  new Command('events')
    .description('show what happened to a job, newest last')
    .argument('<job>', 'name, id, or the begin of an id')
    .option('-f, --follow', 'wait for more, until the job ends')
    .option('-l, --limit <number>', 'most events, the newest', parseWhole(1, MOST), 50)
    .option('--level <levels>', 'only these levels, joined by ","', parseWords(EVENT_LEVELS))
    .option('--pattern <text>', 'only messages that contain this')
    .addOption(new Option('--source <source>', 'only events of this source').choices(EVENT_SOURCES))
    .addOption(
      formatOption(
        'table',
        FORMATS.filter((format) => format !== 'ids'),
      ),
    )
    .addHelpText(
      'after',
      `
With -f, JSON is one object per line.

Examples:
  trainyard events resnet50
  trainyard events resnet50 --level warning,error --limit 500
  trainyard events resnet50 -f
  trainyard events resnet50 -o csv > events.csv`,
    )
    .action(async (reference: string, options: EventsOptions, command: Command) => {
      const job = await findJob(openSession(cli, command), reference, connectionOptions(command).workspace)
      await (options.follow === true ? follow(cli, job, options) : print(cli, job, options))
    })
