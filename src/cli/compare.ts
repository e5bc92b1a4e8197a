import { Command } from 'commander'
import { type JobResponse, TrainyardError } from '../sdk/node/index.ts'
import { type Cli, connectionOptions, openSession } from './cli.ts'
import { type ComparedField, compareFields } from './compare-fields.ts'
import { findJob } from './find-job.ts'
import { FORMATS, type Format, formatOption, printObject, printRows } from './format.ts'
import { type Column, tableLines } from './table.ts'
import { printable, type Terminal } from './terminal.ts'
import { displayWidth } from './text-width.ts'

interface CompareOptions {
  readonly all?: boolean
  readonly format: Format
}

/** Jobs side by side at most; a comparison of more is a list with `--columns`. */
const MOST_JOBS = 50
/** A column narrower than this shows nothing worth reading: then the jobs stand below each other. */
const LEAST_WIDTH = 12
const GAP = 2
/** Room of the names of fields. */
const FIELD_WIDTH = 18

/** Names of the jobs; with the begin of the id where two have the same. */
const titlesOf = (jobs: readonly JobResponse[]): string[] =>
  jobs.map(({ metadata }) => {
    const isUnique = jobs.filter((job) => job.metadata.name === metadata.name).length === 1
    return isUnique ? metadata.name : `${metadata.name} (${metadata.id.slice(0, 8)})`
  })

/** Where there is not enough room, each job has the same. */
const toColumns = (titles: readonly string[], screen?: number): Column<ComparedField>[] => [
  { title: 'FIELD', key: 'field', value: ({ field }) => field, dropOrder: 0, cutTo: FIELD_WIDTH },
  ...titles.map(
    (title, at): Column<ComparedField> => ({
      title: printable(title),
      key: title,
      value: ({ values }) => values[at] ?? '',
      exact: ({ exact }) => exact[at] ?? '',
      dropOrder: 0,
      cutTo: Math.max(LEAST_WIDTH, Math.floor(((screen ?? 0) - FIELD_WIDTH) / titles.length) - GAP),
    }),
  ),
]

/** Field by field, each job on a line of its own: for screens that are too narrow for columns. */
const stacked = (terminal: Terminal, titles: readonly string[], rows: readonly ComparedField[]): string[] => {
  const width = Math.max(...titles.map((title) => displayWidth(printable(title))))
  return rows.flatMap(({ field, values }) => [
    terminal.paint(printable(field), 'bold'),
    ...titles.map((title, at) => {
      const name = printable(title)
      return `  ${name}${' '.repeat(width - displayWidth(name))}  ${printable(values[at] ?? '') || '-'}`
    }),
  ])
}

const printTable = async (
  terminal: Terminal,
  format: Format,
  titles: readonly string[],
  rows: readonly ComparedField[],
): Promise<void> => {
  const least = FIELD_WIDTH + titles.length * (LEAST_WIDTH + GAP)
  const isNarrow = format === 'table' && terminal.columns !== undefined && terminal.columns < least
  const lines = isNarrow
    ? stacked(terminal, titles, rows)
    : tableLines(terminal, toColumns(titles, terminal.columns), rows, { isWhole: format === 'wide' })
  await terminal.write(lines.map((line) => `${line}\n`).join(''))
}

const HELP = `
Compared are parameters, environment, code, engine, channels, flavor, nodes, phase, duration and exit code.

Examples:
  trainyard compare resnet50 resnet50-2
  trainyard compare resnet50 resnet50-2 resnet50-3 -o csv
  trainyard list --name sweep --phase completed -o ids | xargs trainyard compare --all`

/** `trainyard compare`. */
export const compareCommand = (cli: Cli): Command =>
  new Command('compare')
    .description('set jobs side by side, and show only what differs')
    .argument('<job...>', 'two names, ids, or begins of ids, or more')
    .option('-a, --all', 'show what is the same too')
    .addOption(
      formatOption(
        'table',
        FORMATS.filter((format) => format !== 'ids'),
      ),
    )
    .addHelpText('after', HELP)
    .action(async (references: string[], { all, format }: CompareOptions, command: Command) => {
      if (references.length < 2 || references.length > MOST_JOBS) {
        throw new TrainyardError('invalid_argument', `Name 2 to ${MOST_JOBS} jobs.`)
      }
      const session = openSession(cli, command)
      const { workspace } = connectionOptions(command)
      const jobs = await Promise.all(
        references.map(async (reference) => (await findJob(session, reference, workspace)).info()),
      )
      await print(cli.terminal, format, jobs, compareFields(jobs, all === true))
    })

const print = async (
  terminal: Terminal,
  format: Format,
  jobs: readonly JobResponse[],
  rows: readonly ComparedField[],
): Promise<void> => {
  const titles = titlesOf(jobs)
  if (format === 'json' || format === 'yaml') {
    const about = jobs.map(({ metadata: { id, name } }) => ({ id, name }))
    const fields = rows.map(({ field, exact }) => ({ field, values: exact }))
    return printObject(terminal, format, { jobs: about, fields })
  }
  if (format === 'csv')
    return printRows(terminal, format, rows, { columns: toColumns(titles), idOf: ({ field }) => field })
  if (rows.length === 0) return terminal.note('nothing differs')
  return printTable(terminal, format, titles, rows)
}
