import { Command } from 'commander'
import { NO_SAMPLE } from '../contract/metric-words.ts'
import {
  isTrainyardError,
  type JobResponse,
  type MetricsResponse,
  type TrainingJob,
  TrainyardError,
} from '../sdk/node/index.ts'
import { type Cli, connectionOptions, openSession } from './cli.ts'
import { findJob } from './find-job.ts'
import { FORMATS, type Format, formatOption, printRows } from './format.ts'
import { parseSeconds } from './option-values.ts'
import { watchOnScreen } from './screen.ts'
import { sparkline } from './sparkline.ts'
import { type Column, tableLines } from './table.ts'
import { printable, type Terminal } from './terminal.ts'
import { toTimestamp } from './times.ts'

interface MetricsOptions {
  /** Seconds, or true without a number. */
  readonly watch?: number | true
  readonly format: Format
}

/** A series of one task: the contract's object, and the task it is of. */
type Row = { readonly task: string } & MetricsResponse['metrics'][number]

const USUAL_SECONDS = 5
/** A curve is at most this wide, and at least that. */
const MOST_WIDTH = 60
const LEAST_WIDTH = 8
/** Columns that the numbers beside a curve take. */
const OTHER_WIDTH = 44

/** What people call the series. */
const NAMES: Readonly<Record<string, string>> = {
  cpuUsage: 'CPU',
  memUsage: 'memory',
  gpuUtil: 'GPU',
  gpuMemUsage: 'GPU memory',
  npuUtil: 'NPU',
  npuMemUsage: 'NPU memory',
}

const measured = ({ value }: Row): number[] => value.filter((one) => one !== NO_SAMPLE)

const percent = (value: number | undefined): string => (value === undefined ? '' : `${value.toFixed(1)}%`)

const exact = (value: number | undefined): string => (value === undefined ? '' : String(value))

const lastOf = (row: Row): number | undefined => measured(row).at(-1)

const meanOf = (row: Row): number | undefined => {
  const values = measured(row)
  return values.length === 0 ? undefined : values.reduce((sum, one) => sum + one, 0) / values.length
}

const mostOf = (row: Row): number | undefined =>
  measured(row).reduce<number | undefined>((most, one) => Math.max(most ?? one, one), undefined)

const number = (title: string, of: (row: Row) => number | undefined, dropOrder: number): Column<Row> => ({
  title,
  value: (row) => percent(of(row)),
  exact: (row) => exact(of(row)),
  align: 'right',
  dropOrder,
})

const columnsFor = (terminal: Terminal, hasSeveralTasks: boolean): Column<Row>[] => {
  const room = (terminal.columns ?? OTHER_WIDTH + MOST_WIDTH) - OTHER_WIDTH
  const width = Math.max(LEAST_WIDTH, Math.min(MOST_WIDTH, room))
  return [
    { title: 'TASK', value: ({ task }) => task, dropOrder: hasSeveralTasks ? 0 : 4 },
    {
      title: 'USAGE OF',
      key: 'metric',
      value: ({ metric }) => NAMES[metric] ?? metric,
      exact: ({ metric }) => metric,
      dropOrder: 0,
    },
    number('LAST', lastOf, 0),
    number('MEAN', meanOf, 2),
    number('MOST', mostOf, 3),
    {
      title: 'BY MINUTE',
      key: 'values',
      value: ({ value }) =>
        sparkline(
          value.map((one) => (one === NO_SAMPLE ? undefined : one)),
          width,
        ).trimEnd(),
      exact: ({ value }) => value.join(' '),
      paint: () => ['cyan'],
      dropOrder: 1,
    },
  ]
}

const read = async (job: TrainingJob, tasks: readonly string[], signal?: AbortSignal): Promise<Row[]> => {
  const answers = await Promise.all(tasks.map((task) => job.metrics(task, { signal })))
  return answers.flatMap(({ metrics }, at) => metrics.map((one) => ({ task: tasks[at] ?? '', ...one })))
}

/** People see what was measured; cards that are not there have no row. */
const shown = (rows: readonly Row[], format: Format): Row[] =>
  rows.filter((row) => format !== 'table' || measured(row).length > 0)

const nothingYet = ({ status }: JobResponse): string =>
  `nothing measured yet (${status.phase}): there is one value per minute`

const tasksOf = (info: JobResponse, task: string | undefined): string[] => {
  const { tasks } = info.status
  if (task === undefined) return tasks
  if (tasks.includes(task)) return [task]
  throw new TrainyardError('invalid_argument', `There is no task ${task}.`, {
    solution: `The tasks are ${tasks.join(', ')}.`,
  })
}

const watch = async (
  { terminal }: Cli,
  job: TrainingJob,
  tasks: readonly string[],
  info: JobResponse,
  everySeconds: number,
): Promise<void> => {
  let rows: Row[] | undefined
  let trouble = ''
  await watchOnScreen(terminal, {
    everyMs: everySeconds * 1000,
    refresh: async (signal) => {
      try {
        rows = shown(await read(job, tasks, signal), 'table')
        trouble = ''
      } catch (error) {
        if (rows === undefined || signal.aborted || !isTrainyardError(error)) throw error
        trouble = `! ${printable(error.message)} Trying again.`
      }
    },
    lines: () => [
      `${toTimestamp(Date.now())} · ${printable(info.metadata.name)} · every ${everySeconds} s · Ctrl-C ends`,
      '',
      ...(rows === undefined || rows.length === 0
        ? [nothingYet(info)]
        : tableLines(terminal, columnsFor(terminal, tasks.length > 1), rows)),
      ...(trouble === '' ? [] : ['', terminal.paint(trouble, 'yellow')]),
    ],
  })
}

const wrong = (message: string): TrainyardError => new TrainyardError('invalid_argument', message)

/** `trainyard metrics`. */
export const metricsCommand = (cli: Cli): Command =>
  new Command('metrics')
    .description('show how much a job uses of what it was given')
    .argument('<job>', 'name, id, or the begin of an id')
    .argument('[task]', 'task, such as worker-1; default: all')
    .option(
      '-w, --watch [seconds]',
      `show it again and again; default: every ${USUAL_SECONDS} seconds`,
      parseSeconds(0.2, 3600),
    )
    .addOption(
      formatOption(
        'table',
        FORMATS.filter((format) => format !== 'ids'),
      ),
    )
    .addHelpText(
      'after',
      `
Values are percent of the cores, memory and cards of the task, the mean of each minute.

Examples:
  trainyard metrics resnet50
  trainyard metrics resnet50 worker-1 -o csv
  trainyard metrics resnet50 --watch`,
    )
    .action(
      async (reference: string, task: string | undefined, options: MetricsOptions, command: Command) => {
        const { terminal } = cli
        const { format, watch: every } = options
        if (every !== undefined && format !== 'table')
          throw wrong(`--watch shows a table; it does not go with -o ${format}.`)
        if (every !== undefined && !terminal.canMoveCursor)
          throw wrong('--watch needs a terminal; this output is none.')
        const job = await findJob(openSession(cli, command), reference, connectionOptions(command).workspace)
        const info = await job.info()
        const tasks = tasksOf(info, task)
        if (every !== undefined) return watch(cli, job, tasks, info, every === true ? USUAL_SECONDS : every)
        const rows = shown(await read(job, tasks), format)
        const columns = columnsFor(terminal, tasks.length > 1)
        await printRows(terminal, format, rows, { columns, idOf: () => '' })
        if (rows.length === 0 && format === 'table') terminal.note(nothingYet(info))
        return undefined
      },
    )
