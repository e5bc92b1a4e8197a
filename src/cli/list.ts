import { Command, InvalidArgumentError, Option } from 'commander'
import { GROUP_KEYS, MAX_LIMIT, SORT_KEYS } from '../contract/search.ts'
import {
  type Filter,
  iteratePages,
  type JobResponse,
  PHASES,
  type SearchRequest,
  type SearchResponse,
  type Session,
} from '../sdk/node/index.ts'
import { type Cli, connectionOptions, openSession } from './cli.ts'
import { shortIds } from './find-job.ts'
import { type Format, formatOption, printRows } from './format.ts'
import { jobColumns } from './job-columns.ts'
import { gather, parseTime, parseWhole, parseWords } from './option-values.ts'

interface ListOptions {
  name?: string
  phase?: string[]
  kind?: string[]
  user?: string[]
  since?: number
  until?: number
  filter?: Filter[]
  sort?: { key: string; order: 'asc' | 'desc' }
  groupBy?: string
  limit: number
  offset: number
  all?: boolean
  format: Format
}

/** Most jobs that one `--limit` asks for; `--all` knows no limit. */
const MAX_WANTED = 10_000

/** Reads `key:operator:value[,value]`; `\,` stands for a comma inside a value. */
export const parseFilter = (text: string): Filter => {
  const [, key = '', operator = '', values = ''] = /^([^:]+):([^:]+):(.*)$/s.exec(text) ?? []
  if (key === '') throw new InvalidArgumentError('Write it as key:operator:value[,value].')
  const value = values.split(/(?<!\\),/).map((one) => one.replaceAll('\\,', ','))
  return { key, operator, value }
}

const parseSort = (text: string): { key: string; order: 'asc' | 'desc' } => {
  const key = text.replace(/^-/, '')
  if (!(SORT_KEYS as readonly string[]).includes(key)) {
    throw new InvalidArgumentError(`Sort by one of ${SORT_KEYS.join(', ')}; "-" before it turns the order.`)
  }
  return { key, order: text.startsWith('-') ? 'desc' : 'asc' }
}

const iso = (timeMs: number | undefined): string =>
  timeMs === undefined ? '' : new Date(timeMs).toISOString()

const toFilters = (options: ListOptions): Filter[] => {
  const { name, phase, kind, user, since, until, filter } = options
  return [
    ...(name === undefined ? [] : [{ key: 'name', operator: 'like', value: [name] }]),
    ...(phase === undefined ? [] : [{ key: 'phase', operator: 'in', value: phase }]),
    ...(kind === undefined ? [] : [{ key: 'kind', operator: 'in', value: kind }]),
    ...(user === undefined ? [] : [{ key: 'user_name', operator: 'in', value: user }]),
    ...(since === undefined && until === undefined
      ? []
      : [{ key: 'create_time', operator: 'between', value: [iso(since), iso(until)] }]),
    ...(filter ?? []),
  ]
}

const toQuery = (options: ListOptions, workspace: string | undefined): SearchRequest => {
  const filters = toFilters(options)
  return {
    offset: options.offset,
    limit: options.all === true ? MAX_LIMIT : Math.min(options.limit, MAX_LIMIT),
    ...(options.sort ? { sort_by: options.sort.key, order: options.sort.order } : {}),
    ...(options.groupBy === undefined ? {} : { group_by: options.groupBy }),
    ...(filters.length === 0 ? {} : { filters }),
    ...(workspace === undefined ? {} : { workspace_id: workspace }),
  }
}

const collect = async (
  session: Session,
  query: SearchRequest,
  wanted: number,
): Promise<{ first: SearchResponse; items: JobResponse[] }> => {
  const items: JobResponse[] = []
  let first: SearchResponse | undefined
  for await (const { page, fresh } of iteratePages(session, query)) {
    first ??= page
    items.push(...fresh.slice(0, wanted - items.length))
    if (items.length >= wanted) break
  }
  return { first: first as SearchResponse, items }
}

const summary = ({ first, items }: { first: SearchResponse; items: readonly unknown[] }): string => {
  const { total, count, offset } = first
  const all = total === count ? '' : ` matching (${total} in all)`
  if (items.length > 0) return `showing ${offset + 1}–${offset + items.length} of ${count}${all}`
  if (count > 0) return `nothing after the first ${offset}: there are ${count}${all}`
  if (total > 0) return `no job matches (${total} in all)`
  return 'no jobs yet; submit one: trainyard submit --help'
}

/** `trainyard list`. */
export const listCommand = (cli: Cli): Command =>
  new Command('list')
    .description('list jobs, newest first')
    .option('-n, --name <text>', 'only jobs whose name contains this')
    .option('-p, --phase <phases>', 'only these phases, joined by ","', parseWords(PHASES))
    .option('--kind <kinds>', 'only these kinds, joined by ","', parseWords())
    .option('-u, --user <names>', 'only jobs of these users, joined by ","', parseWords())
    .option('--since <time>', 'only jobs created since: 2d, 3h, or a date', parseTime(Date.now))
    .option('--until <time>', 'only jobs created until: 2d, 3h, or a date', parseTime(Date.now))
    .option(
      '-f, --filter <filter>',
      'key:operator:value[,value]; repeatable, joined by AND',
      gather(parseFilter),
    )
    .option('--sort <key>', `${SORT_KEYS.join(', ')}; "-" before it for descending`, parseSort)
    .addOption(new Option('--group-by <key>', 'keep jobs with the same value together').choices(GROUP_KEYS))
    .option('-l, --limit <number>', 'most jobs to show', parseWhole(1, MAX_WANTED), 10)
    .option('--offset <number>', 'jobs to skip', parseWhole(0, Number.MAX_SAFE_INTEGER), 0)
    .option('-a, --all', 'show all that match')
    .addOption(formatOption())
    .addHelpText(
      'after',
      `
Examples:
  trainyard list
  trainyard list --phase failed,abnormal --since 2d
  trainyard list --name iris --sort -duration --limit 50
  trainyard list -f engine_name:in:PyTorch -f priority:between:2,3 -o json
  trainyard list --phase running -o ids | xargs trainyard stop`,
    )
    .action(async (options: ListOptions, command: Command) => {
      const session = openSession(cli, command)
      const query = toQuery(options, connectionOptions(command).workspace)
      const found = await collect(
        session,
        query,
        options.all === true ? Number.POSITIVE_INFINITY : options.limit,
      )
      await print(cli, options, found)
    })

const print = async (
  { terminal }: Cli,
  { format }: ListOptions,
  found: { first: SearchResponse; items: JobResponse[] },
): Promise<void> => {
  const { first, items } = found
  const { items: _, ...envelope } = first
  await printRows(terminal, format, items, {
    columns: jobColumns(Date.now(), shortIds(items.map(({ metadata }) => metadata.id))),
    idOf: ({ metadata }) => metadata.id,
    field: 'items',
    envelope,
  })
  if (format === 'table' || format === 'wide') terminal.note(summary(found))
}
