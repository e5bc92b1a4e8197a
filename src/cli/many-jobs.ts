import type { Command } from 'commander'
import {
  isTrainyardError,
  iterateJobs,
  type JobResponse,
  type Session,
  TrainingJob,
  TrainyardError,
} from '../sdk/node/index.ts'
import { type Cli, connectionOptions, openSession } from './cli.ts'
import { type FilterOptions, hasConditions, toConditions, withFilterOptions } from './filter-options.ts'
import { findJob, shortIds } from './find-job.ts'
import { type Format, formatOption, printRows } from './format.ts'
import { jobColumns, paintOfPhase } from './job-columns.ts'
import { ProgressLine } from './progress.ts'
import type { Column } from './table.ts'
import { printable } from './terminal.ts'

/** Jobs that are changed at the same time. */
const AT_ONCE = 4

interface ManyOptions extends FilterOptions {
  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly format: Format
}

/** What a verb does to each of many jobs. */
export interface JobWork {
  /** As in `Stop 3 jobs?` */
  readonly verb: 'stop' | 'delete'
  /** Whether the work makes sense for a job that conditions chose; named jobs are always tried. */
  readonly isFor: (job: JobResponse) => boolean
  /** Does it, and says what has become of the job in a word. */
  readonly run: (job: TrainingJob) => Promise<string>
}

/** What became of a job. */
interface Result {
  readonly id: string
  readonly name: string
  readonly result: string
  readonly error?: { readonly code: string; readonly message: string }
}

interface Tried {
  readonly row: Result
  readonly refusal?: TrainyardError
}

const COLUMNS: readonly Column<Result>[] = [
  { title: 'ID', value: ({ id }) => id, dropOrder: 0, cutTo: 9 },
  { title: 'NAME', value: ({ name }) => name, dropOrder: 0, cutTo: 12 },
  {
    title: 'RESULT',
    value: ({ result }) => result,
    paint: ({ result }) => (result === 'refused' ? ['red'] : paintOfPhase(result)),
    dropOrder: 0,
  },
  { title: 'ERROR', value: ({ error }) => error?.code ?? '', dropOrder: 1, isWide: true },
]

/** Gives a verb its jobs: named, or chosen by the filters of `list`, with a dry run and a question before. */
export const withManyJobs = (verb: Command): Command =>
  withFilterOptions(verb.argument('[job...]', 'names, ids, or begins of ids'))
    .option('--dry-run', 'show which jobs it would be, and do nothing')
    .option('-y, --yes', 'do not ask before jobs that filters chose')
    .addOption(formatOption())

const plural = (count: number): string => `${count.toLocaleString('en')} ${count === 1 ? 'job' : 'jobs'}`

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)

const wrong = (message: string, solution: string): TrainyardError =>
  new TrainyardError('invalid_argument', message, { solution })

/** All are found before the first is touched. */
const chooseJobs = async (
  cli: Cli,
  command: Command,
  session: Session,
  references: readonly string[],
  options: ManyOptions,
  work: JobWork,
): Promise<JobResponse[]> => {
  const { workspace } = connectionOptions(command)
  const conditions = toConditions(cli, command, options)
  const isFiltered = hasConditions(conditions)
  if (references.length > 0 && isFiltered)
    throw wrong('Name the jobs or filter them, not both.', `See: trainyard ${work.verb} --help`)
  if (references.length > 0) {
    const jobs: JobResponse[] = []
    for (const reference of references) jobs.push(await (await findJob(session, reference, workspace)).info())
    return [...new Map(jobs.map((job) => [job.metadata.id, job])).values()]
  }
  if (!isFiltered)
    throw wrong(
      `Which jobs shall it ${work.verb}?`,
      `Name them, or choose them: trainyard ${work.verb} --help`,
    )
  const query = { ...conditions, ...(workspace === undefined ? {} : { workspace_id: workspace }) }
  const jobs: JobResponse[] = []
  for await (const job of iterateJobs(session, query)) if (work.isFor(job)) jobs.push(job)
  return jobs
}

const showJobs = (cli: Cli, format: Format, jobs: readonly JobResponse[]): Promise<void> =>
  printRows(cli.terminal, format, jobs, {
    columns: jobColumns(Date.now(), shortIds(jobs.map(({ metadata }) => metadata.id))),
    idOf: ({ metadata }) => metadata.id,
  })

/** Shows what filters chose and asks. @throws TrainyardError `invalid_argument` where nobody can be asked. */
const confirm = async (cli: Cli, work: JobWork, jobs: readonly JobResponse[]): Promise<void> => {
  if (!cli.prompt.canAsk) {
    throw wrong(
      `Filters chose ${plural(jobs.length)}, and there is nobody to ask.`,
      'Look with --dry-run, then say --yes.',
    )
  }
  await showJobs(cli, 'table', jobs)
  if (await cli.prompt.confirm(`${capital(work.verb)} ${plural(jobs.length)}?`)) return
  throw new TrainyardError('request_aborted', 'Nothing was done.')
}

/** One refusal keeps no job from its turn. */
const runOne = async (session: Session, work: JobWork, { metadata }: JobResponse): Promise<Tried> => {
  const { id, name } = metadata
  try {
    return { row: { id, name, result: await work.run(new TrainingJob({ session, jobId: id })) } }
  } catch (error) {
    if (!isTrainyardError(error)) throw error
    const { code, message } = error
    return { row: { id, name, result: 'refused', error: { code, message } }, refusal: error }
  }
}

const runAll = async (
  cli: Cli,
  session: Session,
  work: JobWork,
  jobs: readonly JobResponse[],
): Promise<Tried[]> => {
  const progress = new ProgressLine(cli.terminal, `${work.verb} jobs`)
  const results: Tried[] = []
  for (let at = 0; at < jobs.length; at += AT_ONCE) {
    progress.show({ done: at, total: jobs.length, text: `${at}/${jobs.length}` })
    results.push(
      ...(await Promise.all(jobs.slice(at, at + AT_ONCE).map((job) => runOne(session, work, job)))),
    )
  }
  progress.end()
  return results
}

/** A verb of many jobs. @throws TrainyardError with the first refusal when any was refused; all have been tried. */
export const runManyJobs = async (
  cli: Cli,
  command: Command,
  references: readonly string[],
  work: JobWork,
): Promise<void> => {
  const options = command.opts<ManyOptions>()
  const session = openSession(cli, command)
  const jobs = await chooseJobs(cli, command, session, references, options, work)
  if (options.dryRun === true) {
    await showJobs(cli, options.format, jobs)
    cli.terminal.note(`would ${work.verb} ${plural(jobs.length)}`)
    return
  }
  if (jobs.length === 0) {
    cli.terminal.note(`no job to ${work.verb} matches`)
    return
  }
  if (references.length === 0 && options.yes !== true) await confirm(cli, work, jobs)
  await report(cli, options.format, await runAll(cli, session, work, jobs))
}

/** Tells what became of each job. @throws TrainyardError when any was refused: its own when there is but one job. */
const report = async ({ terminal }: Cli, format: Format, results: readonly Tried[]): Promise<void> => {
  const [first] = results
  if (results.length === 1 && first?.refusal !== undefined) throw first.refusal
  const shown = results.filter(({ refusal }) => format !== 'ids' || refusal === undefined)
  await printRows(
    terminal,
    format,
    shown.map(({ row }) => row),
    { columns: COLUMNS, idOf: ({ id }) => id },
  )
  const refused = results.flatMap(({ row, refusal }) => (refusal === undefined ? [] : [{ row, refusal }]))
  for (const { row, refusal } of refused)
    terminal.note(`${printable(row.name)}: ${printable(refusal.message)} (${refusal.code})`)
  const [worst] = refused
  if (worst === undefined) return
  const message = `${refused.length.toLocaleString('en')} of ${plural(results.length)} were refused.`
  throw new TrainyardError(worst.refusal.code, message)
}
