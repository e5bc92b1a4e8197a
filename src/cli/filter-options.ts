import { type Command, InvalidArgumentError, Option } from 'commander'
import { FLAVOR_TYPES } from '../contract/flavor-types.ts'
import { JOB_KINDS, SECONDARY_PHASES } from '../contract/phases.ts'
import type { FilterKey } from '../contract/search.ts'
import { type Filter, PHASES, type SearchRequest } from '../sdk/node/index.ts'
import type { Cli } from './cli.ts'
import { gather, parseTime, parseWords } from './option-values.ts'
import { printable } from './terminal.ts'
import { displayWidth } from './text-width.ts'
import { parseWhere } from './where.ts'
import { WhereError } from './where-tokens.ts'

/** Options that choose jobs by conditions, as given. */
export interface FilterOptions {
  readonly name?: string
  readonly description?: string
  readonly since?: number
  readonly until?: number
  readonly filter?: readonly Filter[]
  readonly where?: readonly string[]
  readonly tag?: readonly { key: string; values?: string[] }[]
  readonly host?: string[]
  readonly [words: string]: unknown
}

/** Options with words joined by `,`: flags, the key they test, what they mean, and the words there are. */
const WORD_OPTIONS: readonly [flags: string, key: FilterKey, meaning: string, known?: readonly string[]][] = [
  ['-p, --phase <phases>', 'phase', 'these phases', PHASES],
  ['--state <states>', 'secondary_phase', 'these secondary phases', SECONDARY_PHASES],
  ['--kind <kinds>', 'kind', 'these kinds', JOB_KINDS],
  ['-u, --user <names>', 'user_name', 'jobs of these users'],
  ['--user-id <ids>', 'user_id', 'jobs of the users with these ids'],
  ['--id <ids>', 'id', 'the jobs with these ids'],
  ['--engine <names>', 'engine_name', 'these engines, such as PyTorch'],
  ['--flavor <ids>', 'flavor_id', 'these flavors'],
  ['--flavor-type <types>', 'flavor_type', 'flavors of these types', FLAVOR_TYPES],
  ['--pool <ids>', 'pool_id', 'jobs of these pools'],
  ['--priority <numbers>', 'priority', 'these priorities'],
  ['--algorithm <names>', 'algorithm_name', 'algorithms with these names'],
  ['--algorithm-id <ids>', 'algorithm_id', 'algorithms with these ids'],
  ['--experiment <ids>', 'training_experiment_id', 'jobs of these experiments'],
  ['--runtime-type <types>', 'runtime_type', 'these runtime types, such as debug'],
]

/** Reads `key:operator:value[,value]`; `\,` stands for a comma inside a value. */
export const parseFilter = (text: string): Filter => {
  const [, key = '', operator = '', values = ''] = /^([^:]+):([^:]+):(.*)$/s.exec(text) ?? []
  if (key === '') throw new InvalidArgumentError('Write it as key:operator:value[,value].')
  const value = values.split(/(?<!\\),/).map((one) => one.replaceAll('\\,', ','))
  return { key, operator, value }
}

const parseTag = (text: string): { key: string; values?: string[] } => {
  const [key = '', values] = text.split(/=(.*)/s)
  if (key === '') throw new InvalidArgumentError('Write it as key or key=value[,value].')
  return values === undefined ? { key } : { key, values: values.split(',') }
}

/** Gives a verb the options that choose jobs: one for each filter of the contract, and `--where` for all of them. */
export const withFilterOptions = (verb: Command): Command => {
  const add = (flags: string, description: string, read?: (text: string, before: never) => unknown) => {
    const option = new Option(flags, description).helpGroup('Filters (joined by AND):')
    verb.addOption(read === undefined ? option : option.argParser(read as (text: string) => unknown))
  }
  add(
    '-W, --where <expression>',
    "such as 'phase in (Failed, Abnormal) and name like resnet and create_time > 2d'",
    gather((text) => text),
  )
  add('-n, --name <text>', 'only jobs whose name contains this')
  for (const [flags, , meaning, known] of WORD_OPTIONS) {
    add(flags, `only ${meaning}, joined by ","`, parseWords(known))
  }
  add('--since <time>', 'only jobs created since: 2d, 3h, or a date', parseTime(Date.now))
  add('--until <time>', 'only jobs created until: 2d, 3h, or a date', parseTime(Date.now))
  add('--description <text>', 'only jobs whose description contains this')
  add('--tag <key[=values]>', 'only jobs with this tag; repeatable', gather(parseTag))
  add('--host <addresses>', 'only jobs that ran on one of these hosts', parseWords())
  add(
    '-f, --filter <filter>',
    'key:operator:value[,value], as the API has it; repeatable',
    gather(parseFilter),
  )
  return verb
}

const iso = (timeMs: number | undefined): string =>
  timeMs === undefined ? '' : new Date(timeMs).toISOString()

/** Where Commander keeps the value of an option. */
const attributeOf = (flags: string): string => new Option(flags).attributeName()

/** Columns for an expression of `--where` where the screen's are not known. */
const USUAL_COLUMNS = 100

/** Two lines, the expression and marks below the wrong place; what is far from it is left out. */
export const markPlace = (
  text: string,
  { at, end }: { at: number; end: number },
  columns: number,
): string[] => {
  // One for one, so that places stay.
  const plain = [...text]
    .map((character) => printable(character).padEnd(character.length).slice(0, character.length))
    .join('')
  const room = Math.max(20, columns - 4)
  const begin = displayWidth(plain) <= room ? 0 : Math.max(0, at - Math.floor(room / 2))
  const from = begin === 0 ? '' : '…'
  const shown = plain.slice(begin, begin === 0 && displayWidth(plain) <= room ? undefined : begin + room - 2)
  const to = begin + shown.length < plain.length ? '…' : ''
  const before = displayWidth(from + plain.slice(begin, at))
  const marks = Math.max(
    1,
    Math.min(displayWidth(plain.slice(at, end)), displayWidth(shown) + 1 - before + from.length),
  )
  return [`  ${from}${shown}${to}`, `  ${' '.repeat(before)}${'^'.repeat(marks)}`]
}

const readWhere = ({ terminal }: Cli, command: Command, text: string): Filter[] => {
  try {
    return parseWhere(text, Date.now())
  } catch (error) {
    if (!(error instanceof WhereError)) throw error
    const lines = markPlace(text, error, terminal.columns ?? USUAL_COLUMNS)
    return command.error(
      [`error: --where: ${printable(error.message)}`, ...lines, `  ${error.advice}`].join('\n'),
      { exitCode: 2 },
    )
  }
}

/**
 * The conditions of the options, as part of a search request; empty when none was given. Ends the command with exit code
 * 2 for a wrong `--where`.
 */
export const toConditions = (
  cli: Cli,
  command: Command,
  options: FilterOptions,
): Pick<SearchRequest, 'filters' | 'tags' | 'host_ips'> => {
  const { name, description, since, until, filter, where, tag, host } = options
  const words = WORD_OPTIONS.flatMap(([flags, key]): Filter[] => {
    const value = options[attributeOf(flags)] as string[] | undefined
    return value === undefined ? [] : [{ key, operator: 'in', value }]
  })
  const filters: Filter[] = [
    ...(name === undefined ? [] : [{ key: 'name', operator: 'like', value: [name] }]),
    ...words,
    ...(since === undefined && until === undefined
      ? []
      : [{ key: 'create_time', operator: 'between', value: [iso(since), iso(until)] }]),
    ...(description === undefined ? [] : [{ key: 'description', operator: 'like', value: [description] }]),
    ...(filter ?? []),
    ...(where ?? []).flatMap((text) => readWhere(cli, command, text)),
  ]
  return {
    ...(filters.length === 0 ? {} : { filters }),
    ...(tag === undefined ? {} : { tags: [...tag] }),
    ...(host === undefined ? {} : { host_ips: host }),
  }
}

/** Whether the options choose anything. */
export const hasConditions = (conditions: Pick<SearchRequest, 'filters' | 'tags' | 'host_ips'>): boolean =>
  Object.keys(conditions).length > 0
