import type { Command } from 'commander'
import {
  iteratePages,
  type JobResponse,
  type SearchRequest,
  type SearchResponse,
  type Session,
} from '../sdk/node/index.ts'
import { chooseColumns } from './choose-columns.ts'
import { type Cli, openSession } from './cli.ts'
import { shortIds } from './find-job.ts'
import { RowWriter } from './format.ts'
import { type ListOptions, listOptions, pageSize, toQuery } from './list-query.ts'
import { watchList } from './list-watch.ts'
import { groupOf } from './sort-keys.ts'

/** Jobs shown unless told otherwise. */
const USUAL_LIMIT = 10
/** Jobs kept before they are printed. */
const JOBS_AT_ONCE = 1_000

/** What was found, for the line below the list. */
interface Found {
  readonly first: SearchResponse
  readonly shown: number
}

const count = (value: number): string => value.toLocaleString('en')

const summary = ({ first, shown }: Found): string => {
  const { total, count: matching, offset } = first
  const all = total === matching ? '' : ` matching (${count(total)} in all)`
  if (shown > 0) return `showing ${count(offset + 1)}–${count(offset + shown)} of ${count(matching)}${all}`
  if (matching > 0) return `nothing after the first ${count(offset)}: there are ${count(matching)}${all}`
  if (total > 0) return `no job matches (${count(total)} in all)`
  return 'no jobs yet; submit one: trainyard submit --help'
}

/** Prints jobs page by page, so that a long list is never held as a whole. */
class ListPrinter {
  readonly #ids = new Map<string, string>()
  readonly #options: ListOptions
  readonly #cli: Cli
  #writer: RowWriter<JobResponse> | undefined
  #waiting: JobResponse[] = []
  shown = 0

  constructor(cli: Cli, options: ListOptions) {
    this.#cli = cli
    this.#options = options
  }

  async add(first: SearchResponse, jobs: readonly JobResponse[]): Promise<void> {
    this.#writer ??= this.#open(first)
    this.#waiting.push(...jobs)
    if (this.#waiting.length >= JOBS_AT_ONCE) await this.#flush(this.#writer)
  }

  async end(): Promise<void> {
    if (this.#writer === undefined) return
    await this.#flush(this.#writer)
    await this.#writer.end()
  }

  async #flush(writer: RowWriter<JobResponse>): Promise<void> {
    const jobs = this.#waiting
    this.#waiting = []
    for (const [id, short] of shortIds(jobs.map(({ metadata }) => metadata.id))) this.#ids.set(id, short)
    this.shown += jobs.length
    await writer.add(jobs)
  }

  #open({ items: _, ...envelope }: SearchResponse): RowWriter<JobResponse> {
    const { format, columns, groupBy } = this.#options
    return new RowWriter<JobResponse>(this.#cli.terminal, format, {
      columns: chooseColumns(columns, this.#ids),
      idOf: ({ metadata }) => metadata.id,
      field: 'items',
      envelope,
      groupOf: groupBy === undefined ? undefined : (job) => groupOf(groupBy, job),
    })
  }
}

const printList = async (
  cli: Cli,
  session: Session,
  options: ListOptions,
  query: SearchRequest,
): Promise<void> => {
  const wanted = options.all === true ? Number.POSITIVE_INFINITY : (options.limit ?? USUAL_LIMIT)
  const printer = new ListPrinter(cli, options)
  let first: SearchResponse | undefined
  let left = wanted
  for await (const { page, fresh } of iteratePages(session, { ...query, limit: pageSize(wanted) })) {
    first ??= page
    const jobs = fresh.slice(0, left)
    left -= jobs.length
    await printer.add(first, jobs)
    if (left <= 0) break
  }
  await printer.end()
  const isTable = options.format === 'table' || options.format === 'wide'
  if (isTable && first !== undefined) cli.terminal.note(summary({ first, shown: printer.shown }))
}

/** `trainyard list`. */
export const listCommand = (cli: Cli): Command =>
  listOptions().action(async (options: ListOptions, command: Command) => {
    const query = toQuery(cli, command, options)
    if (options.watch === undefined) return printList(cli, openSession(cli, command), options, query)
    return watchList(cli, command, options, query)
  })
