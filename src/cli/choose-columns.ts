import { InvalidArgumentError } from 'commander'
import type { JobResponse } from '../sdk/node/index.ts'
import { keyOf } from './format.ts'
import { jobColumns } from './job-columns.ts'
import { orNearest } from './nearest.ts'
import type { Column } from './table.ts'
import { toTimestamp } from './times.ts'

/** A map of the wire, also as the list of maps that the switch for the vendor's typed clients answers. */
const valueIn = (map: unknown, name: string): string => {
  for (const one of Array.isArray(map) ? map : [map]) {
    if (typeof one === 'object' && one !== null && Object.hasOwn(one, name)) {
      return String((one as Record<string, unknown>)[name] ?? '')
    }
  }
  return ''
}

const entryOf = <Entry extends { name?: string }>(entries: readonly Entry[] | undefined, name: string) =>
  entries?.find((entry) => entry.name === name)

/** Columns that carry a name, such as `param:lr`. */
const NAMED: Readonly<Record<string, (job: JobResponse, name: string) => string>> = {
  param: ({ algorithm }, name) => entryOf(algorithm?.parameters, name)?.value ?? '',
  env: ({ algorithm }, name) => valueIn(algorithm?.environments, name),
  input: ({ algorithm }, name) => entryOf(algorithm?.inputs, name)?.remote?.obs?.obs_url ?? '',
  output: ({ algorithm }, name) => entryOf(algorithm?.outputs, name)?.remote?.obs?.obs_url ?? '',
  annotation: ({ metadata }, name) => valueIn(metadata.annotations, name),
  tag: ({ metadata }, name) => metadata.tags?.find(({ key }) => key === name)?.value ?? '',
}

const isoOf = (timeMs: number | undefined): string =>
  timeMs === undefined ? '' : new Date(timeMs).toISOString()

const timeColumn = (title: string, key: string, timeOf: (job: JobResponse) => number | undefined) => ({
  title,
  key,
  value: (job: JobResponse) => {
    const time = timeOf(job)
    return time === undefined ? '' : toTimestamp(time)
  },
  exact: (job: JobResponse) => isoOf(timeOf(job)),
})

/** Columns that are shown only when they are asked for. */
const FURTHER: readonly Omit<Column<JobResponse>, 'dropOrder'>[] = [
  timeColumn('CREATED', 'created', ({ metadata }) => metadata.create_time),
  timeColumn('UPDATED', 'update_time', ({ metadata }) => metadata.update_time),
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'STATE', key: 'secondary_phase', value: ({ status }) => status.secondary_phase },
  { title: 'MESSAGE', value: ({ status }) => status.task_statuses?.[0]?.message ?? '' },
  { title: 'DESCRIPTION', value: ({ metadata }) => metadata.description },
  { title: 'TASKS', value: ({ status }) => status.tasks.join(' ') },
  { title: 'POOL', key: 'pool_id', value: ({ spec }) => spec?.resource?.pool_id ?? '' },
  { title: 'WORKSPACE', key: 'workspace_id', value: ({ metadata }) => metadata.workspace_id },
  {
    title: 'EXPERIMENT',
    value: ({ metadata }) => {
      const experiment = metadata.training_experiment_reference
      return experiment?.name || experiment?.id || ''
    },
  },
  { title: 'ALGORITHM', value: ({ algorithm }) => algorithm?.name || algorithm?.id || '' },
  { title: 'IMAGE', value: ({ algorithm }) => algorithm?.engine?.image_url ?? '' },
  { title: 'CODE', key: 'code_dir', value: ({ algorithm }) => algorithm?.code_dir ?? '' },
  { title: 'BOOT FILE', value: ({ algorithm }) => algorithm?.boot_file ?? '' },
  { title: 'COMMAND', value: ({ algorithm }) => algorithm?.command ?? '' },
  {
    title: 'CORES',
    value: ({ spec }) => String(spec?.resource?.flavor_detail?.flavor_info?.cpu?.core_num ?? ''),
    align: 'right',
  },
  { title: 'EXECUTOR', value: ({ trainyard }) => trainyard?.executor ?? '' },
  { title: 'OWNER', value: ({ trainyard }) => trainyard?.owner ?? '' },
]

/** Other names of columns. */
const SYNONYMS: Readonly<Record<string, string>> = {
  age: 'create_time',
  boot: 'boot_file',
  cards: 'gpu',
  code: 'code_dir',
  engine_name: 'engine',
  exit: 'exit_code',
  flavor_id: 'flavor',
  node_count: 'nodes',
  npu: 'gpu',
  pool: 'pool_id',
  start: 'start_time',
  started: 'start_time',
  state: 'secondary_phase',
  status: 'phase',
  updated: 'update_time',
  user_name: 'user',
  workspace: 'workspace_id',
}

/** Which columns, by name: `named` replace the usual ones, `added` join them, `removed` leave them. */
export interface ColumnChoice {
  readonly named: readonly string[]
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

/** Room that a chosen column keeps when the screen is narrow; what is longer is cut. */
const CUT_TO = 6

const catalogue = (ids?: ReadonlyMap<string, string>): Map<string, Column<JobResponse>> => {
  const usual = jobColumns(Date.now(), ids)
  const further = FURTHER.map((column) => ({ ...column, dropOrder: 1 }))
  return new Map([...usual, ...further].map((column) => [keyOf(column), column]))
}

/** The names that `--columns` knows, beside those with a name of their own such as `param:lr`. */
export const COLUMN_NAMES: readonly string[] = [...catalogue().keys()]
/** The kinds of columns that carry a name. */
export const NAMED_COLUMNS: readonly string[] = Object.keys(NAMED)

const canonical = (text: string): string => {
  const [kind = '', name] = text.split(/:(.*)/s)
  if (name !== undefined) {
    if (Object.hasOwn(NAMED, kind) && name !== '') return text
    throw new InvalidArgumentError(
      `${JSON.stringify(text)} is no column${orNearest(kind, NAMED_COLUMNS)} With a name there are ${NAMED_COLUMNS.map((one) => `${one}:NAME`).join(', ')}.`,
    )
  }
  const lower = text.toLowerCase().replaceAll('-', '_')
  const key = Object.hasOwn(SYNONYMS, lower) ? (SYNONYMS[lower] ?? lower) : lower
  if (COLUMN_NAMES.includes(key)) return key
  throw new InvalidArgumentError(
    `${JSON.stringify(text)} is no column${orNearest(lower, [...COLUMN_NAMES, ...Object.keys(SYNONYMS)])} There are ${COLUMN_NAMES.join(', ')}, and ${NAMED_COLUMNS.map((one) => `${one}:NAME`).join(', ')}.`,
  )
}

/** Reads `name,phase,param:lr`, or `+gpu,-user` to change the usual columns. */
export const parseColumns = (text: string): ColumnChoice => {
  const words = text.split(',').filter((word) => word !== '')
  if (words.length === 0) throw new InvalidArgumentError('Name at least one.')
  const choice = { named: [] as string[], added: [] as string[], removed: [] as string[] }
  for (const word of words) {
    if (word.startsWith('+')) choice.added.push(canonical(word.slice(1)))
    else if (word.startsWith('-')) choice.removed.push(canonical(word.slice(1)))
    else choice.named.push(canonical(word))
  }
  return choice
}

const toColumn = (key: string, known: ReadonlyMap<string, Column<JobResponse>>): Column<JobResponse> => {
  const column = known.get(key)
  if (column !== undefined) return column
  const [kind = '', name = ''] = key.split(/:(.*)/s)
  return { title: name, key, value: (job) => NAMED[kind]?.(job, name) ?? '', dropOrder: 1 }
}

/** The columns of a job list: the usual ones, or as chosen. Those named by hand are cut rather than dropped. */
export const chooseColumns = (
  choice: ColumnChoice | undefined,
  ids?: ReadonlyMap<string, string>,
): Column<JobResponse>[] => {
  const usual = jobColumns(Date.now(), ids)
  if (choice === undefined) return usual
  const known = catalogue(ids)
  const byHand = (key: string): Column<JobResponse> => {
    const column = toColumn(key, known)
    return {
      ...column,
      isWide: false,
      dropOrder: 0,
      ...(column.align === 'right' ? {} : { cutTo: column.cutTo ?? CUT_TO }),
    }
  }
  const { named, added, removed } = choice
  const base = named.length > 0 ? named.map(byHand) : usual
  const more = added
    .filter((key) => !base.some((column) => keyOf(column) === key && column.isWide !== true))
    .map(byHand)
  return [...base.filter((column) => !more.some((one) => keyOf(one) === keyOf(column))), ...more].filter(
    (column) => !removed.includes(keyOf(column)),
  )
}
