import { Command } from 'commander'
import { MAX_LIMIT } from '../contract/limits.ts'
import { GROUP_KEYS, type GroupKey, SORT_KEYS } from '../contract/search-keys.ts'
import type { SearchRequest } from '../sdk/node/index.ts'
import { COLUMN_NAMES, type ColumnChoice, NAMED_COLUMNS, parseColumns } from './choose-columns.ts'
import { type Cli, connectionOptions } from './cli.ts'
import { type FilterOptions, toConditions, withFilterOptions } from './filter-options.ts'
import { type Format, formatOption } from './format.ts'
import { parseSeconds, parseWhole } from './option-values.ts'
import { parseGroupKey, parseSorting, type Sorting } from './sort-keys.ts'
import { wrapLine } from './text-width.ts'

/** The options of `list`, as given. */
export interface ListOptions extends FilterOptions {
  readonly sort?: Sorting
  readonly groupBy?: GroupKey
  readonly columns?: ColumnChoice
  readonly limit?: number
  readonly offset: number
  readonly all?: boolean
  /** Seconds, or true without a number. */
  readonly watch?: number | true
  readonly format: Format
}

/** Most jobs that one `--limit` asks for; `--all` knows no limit. */
const MAX_WANTED = 10_000

const HELP_WIDTH = 80

const HELP = `
${wrapLine(`Columns: ${COLUMN_NAMES.join(', ')}, and with a name of yours ${NAMED_COLUMNS.map((kind) => `${kind}:NAME`).join(', ')}. "+" adds one to the usual ones, "-" takes one away.`, HELP_WIDTH)}

-o csv has times in RFC 3339 and durations in ms; json and yaml are as the API
answers. --group-by shows how many jobs of a group are on the page.

Conditions of --where, joined by "and":
  name = a, name != a, name in (a, b), name not in (a, b), name like a,
  priority >= 2, priority between 2 and 3,
  create_time > 2d (less than two days ago), create_time < 2030-03-01
Values with spaces or signs are put in quotes.

Examples:
  trainyard list
  trainyard list --phase failed,abnormal --since 2d
  trainyard list --where 'phase in (Failed, Abnormal) and name like resnet and create_time > 2d'
  trainyard list --sort -duration --columns name,phase,duration,param:learning_rate --limit 50
  trainyard list --group-by phase --watch
  trainyard list --phase running -o ids | xargs trainyard stop`

/** `list` with its options and help, without its action. */
export const listOptions = (): Command =>
  withFilterOptions(new Command('list').description('list jobs, newest first'))
    .option('--sort <key>', `${SORT_KEYS.join(', ')} or age; "-" before it for descending`, parseSorting)
    .option('--group-by <key>', `jobs with the same value together: ${GROUP_KEYS.join(', ')}`, parseGroupKey)
    .option('-c, --columns <names>', 'which columns, such as name,phase,param:lr or +gpu,-user', parseColumns)
    .option('-l, --limit <number>', 'most jobs to show; default: 10', parseWhole(1, MAX_WANTED))
    .option('--offset <number>', 'jobs to skip', parseWhole(0, Number.MAX_SAFE_INTEGER), 0)
    .option('-a, --all', 'show all that match')
    .option(
      '-w, --watch [seconds]',
      'show the list again and again; default: every 2 seconds',
      parseSeconds(0.2, 3600),
    )
    .addOption(formatOption())
    .addHelpText('after', HELP)

/** The search request that the options mean, but for its page. */
export const toQuery = (cli: Cli, command: Command, options: ListOptions): SearchRequest => {
  const { workspace } = connectionOptions(command)
  const conditions = toConditions(cli, command, options)
  return {
    offset: options.offset,
    ...(options.sort ? { sort_by: options.sort.key, order: options.sort.order } : {}),
    ...(options.groupBy === undefined ? {} : { group_by: options.groupBy }),
    ...conditions,
    ...(workspace === undefined ? {} : { workspace_id: workspace }),
  }
}

/** Jobs on one page of an answer, for so many wanted jobs. */
export const pageSize = (wanted: number): number => Math.min(wanted, MAX_LIMIT)
