import type { Command } from 'commander'
import {
  isTrainyardError,
  type JobResponse,
  OPERATIONS,
  PHASES,
  type Phase,
  type SearchRequest,
  type SearchResponse,
  type Session,
} from '../sdk/node/index.ts'
import { chooseColumns } from './choose-columns.ts'
import { type Cli, openSession } from './cli.ts'
import { shortIds } from './find-job.ts'
import { paintOfPhase } from './job-columns.ts'
import { type ListOptions, pageSize } from './list-query.ts'
import { watchOnScreen } from './screen.ts'
import { groupOf } from './sort-keys.ts'
import { tableLines } from './table.ts'
import { printable, type Terminal } from './terminal.ts'
import { cutToWidth } from './text-width.ts'
import { toTimestamp } from './times.ts'

const USUAL_SECONDS = 2
/** Changes shown below the list, the newest last. */
const CHANGES = 3
/** Lines beside the jobs: time, a gap, the heading, a gap, totals, changes. */
const OTHER_LINES = 5 + CHANGES
/** How often totals are counted again when jobs changed between two counts. */
const COUNT_TRIES = 3
/** Filters that one request may have. */
const MAX_FILTERS = 20

/** Columns below which the time stands without its date. */
const NARROW = 72

const SEPARATOR = ' · '

/** Jobs of each phase among those that match. */
export type PhaseCounts = readonly (readonly [Phase, number])[]

/**
 * Counts the jobs of each phase among those that match. They are counted one phase after another: undefined when
 * jobs changed meanwhile so that the counts do not add up to all.
 */
export const countPhases = async (
  session: Session,
  query: SearchRequest,
  signal: AbortSignal,
): Promise<PhaseCounts | undefined> => {
  if ((query.filters?.length ?? 0) >= MAX_FILTERS) return undefined
  const countOf = async (filters: SearchRequest['filters']): Promise<number> => {
    const body = { ...query, offset: 0, limit: 1, filters: [...(query.filters ?? []), ...(filters ?? [])] }
    return (await session.send(OPERATIONS.listTrainingJobs, { body, signal })).count
  }
  for (let tries = 0; tries < COUNT_TRIES; tries += 1) {
    const [all = 0, ...counts] = await Promise.all([
      countOf([]),
      ...PHASES.map((phase) => countOf([{ key: 'phase', operator: 'in', value: [phase] }])),
    ])
    if (counts.reduce((sum, one) => sum + one, 0) === all) {
      return PHASES.map((phase, index) => [phase, counts[index] ?? 0] as const)
    }
  }
  return undefined
}

/** What the last frames showed, and what the next one shows. */
class ListView {
  readonly #terminal: Terminal
  readonly #options: ListOptions
  #page: SearchResponse | undefined
  #counts: PhaseCounts | undefined
  #changes: string[] = []
  #trouble = ''
  #timeMs = Date.now()

  constructor(terminal: Terminal, options: ListOptions) {
    this.#terminal = terminal
    this.#options = options
  }

  take(page: SearchResponse, counts: PhaseCounts | undefined): void {
    if (this.#page !== undefined) this.#note(this.#page.items, page.items)
    this.#page = page
    this.#counts = counts
    this.#trouble = ''
    this.#timeMs = Date.now()
  }

  /** Keeps showing what was there, and since when. */
  fail(error: Error): void {
    this.#trouble = `! as of ${this.#clock()}: ${printable(error.message)} Trying again.`
  }

  #clock(): string {
    return toTimestamp(this.#timeMs).slice(11)
  }

  #note(before: readonly JobResponse[], after: readonly JobResponse[]): void {
    const phases = new Map(before.map(({ metadata, status }) => [metadata.id, status.phase]))
    const time = toTimestamp(Date.now()).slice(11)
    const newest = Math.max(0, ...before.map(({ metadata }) => metadata.create_time))
    for (const { metadata, status } of after) {
      const was = phases.get(metadata.id)
      const isNew = was === undefined && metadata.create_time > newest
      if (was === status.phase || (was === undefined && !isNew)) continue
      const change = isNew ? `new, ${status.phase}` : `${was} → ${status.phase}`
      this.#changes.push(`${time}  ${printable(metadata.name)}  ${change}`)
    }
    this.#changes = this.#changes.slice(-CHANGES)
  }

  #head(everySeconds: number): string {
    const { total = 0, count = 0, offset = 0, items = [] } = this.#page ?? {}
    const shown = items.length === 0 ? '0' : `${offset + 1}–${offset + items.length}`
    const all = total === count ? '' : ` matching (${total.toLocaleString('en')} in all)`
    const time = toTimestamp(Date.now())
    return [
      (this.#terminal.columns ?? NARROW) < NARROW ? time.slice(11) : time,
      `${shown} of ${count.toLocaleString('en')}${all}`,
      'Ctrl-C ends',
      `every ${everySeconds} s`,
    ].join(SEPARATOR)
  }

  #totals(): string {
    const counts = (this.#counts ?? []).filter(([, count]) => count > 0)
    return counts
      .map(([phase, count]) =>
        this.#terminal.paint(`${count.toLocaleString('en')} ${phase}`, ...paintOfPhase(phase)),
      )
      .join(SEPARATOR)
  }

  lines(everySeconds: number): string[] {
    const terminal = this.#terminal
    const { columns = 80, rows = 24 } = terminal
    const { items = [], total = 0 } = this.#page ?? {}
    const { groupBy } = this.#options
    const ids = shortIds(items.map(({ metadata }) => metadata.id))
    const isWide = this.#options.format === 'wide'
    const chosen = chooseColumns(this.#options.columns, ids).filter(
      (column) => isWide || column.isWide !== true,
    )
    const table =
      items.length === 0
        ? [total > 0 ? 'no job matches' : 'no jobs yet']
        : tableLines(terminal, chosen, items, {
            groupOf: groupBy === undefined ? undefined : (job) => groupOf(groupBy, job),
          })
    const below = [
      ...(this.#trouble === '' ? [] : [terminal.paint(cutToWidth(this.#trouble, columns), 'yellow')]),
      this.#totals(),
      ...this.#changes.map((line) => terminal.paint(cutToWidth(line, columns), 'dim')),
    ].filter((line) => line !== '')
    const room = Math.max(2, rows - below.length - 3)
    return [
      terminal.paint(cutToWidth(this.#head(everySeconds), columns), 'dim'),
      '',
      ...table.slice(0, room),
      '',
      ...below,
    ]
  }
}

const wrongUse = (command: Command, message: string): never =>
  command.error(`error: ${message}`, { exitCode: 2 })

/** Shows the page of a list on the whole screen until Ctrl-C. A server that cannot be reached for a while is waited for. */
export const watchList = async (
  cli: Cli,
  command: Command,
  options: ListOptions,
  query: SearchRequest,
): Promise<void> => {
  const { terminal } = cli
  if (options.format !== 'table' && options.format !== 'wide') {
    wrongUse(command, `--watch shows a table; it does not go with -o ${options.format}.`)
  }
  if (options.all === true) wrongUse(command, '--watch shows one page; it does not go with --all.')
  if (!terminal.canMoveCursor) wrongUse(command, '--watch needs a terminal; this output is none.')
  const session = openSession(cli, command)
  const everySeconds = options.watch === true || options.watch === undefined ? USUAL_SECONDS : options.watch
  const view = new ListView(terminal, options)
  let isFirst = true
  await watchOnScreen(terminal, {
    everyMs: everySeconds * 1000,
    refresh: async (signal) => {
      const limit = pageSize(options.limit ?? Math.max(1, (terminal.rows ?? 24) - OTHER_LINES))
      try {
        const page = await session.send(OPERATIONS.listTrainingJobs, { body: { ...query, limit }, signal })
        view.take(page, await countPhases(session, query, signal))
      } catch (error) {
        if (isFirst || signal.aborted || !isTrainyardError(error)) throw error
        view.fail(error)
      }
      isFirst = false
    },
    lines: () => view.lines(everySeconds),
  })
}
