import type { JobEvent, ListEventsQuery, ListEventsResponse } from '../contract/events.ts'
import { TrainyardError } from '../contract/trainyard-error.ts'
import { followPauses } from './follow-log.ts'
import { Patience } from './patience.ts'
import type { CallOptions } from './request.ts'
import { pause, throwIfAborted } from './retry.ts'

/** How events are iterated. */
export interface IterateEventsOptions extends CallOptions {
  /** Whether to wait for what has yet to happen, until the job is final. Default false. */
  readonly follow?: boolean | undefined
  /** Pause between two looks when nothing new came. Default: 250 ms rising to 2 s, from 1 s to 5 s for a far server. */
  readonly intervalMs?: number | undefined
}

/** What iterating needs of a job. */
export interface EventSource {
  readonly isLocal: boolean
  /** Whether nothing more will happen. */
  isFinal(options: CallOptions): Promise<boolean>
  list(query: ListEventsQuery, options: CallOptions): Promise<ListEventsResponse>
}

const PAGE_LIMIT = 100

/** An event may be written with an earlier time than those before it. This much earlier, and it is still found. */
const OVERLAP_MS = 3_600_000

/** A window needs an end as well: the year 2286. */
const FAR_FUTURE = '9999999999999'

const invalid = (message: string): TrainyardError => new TrainyardError('invalid_argument', message)

/**
 * What was given already. Events have no id, and pages shift when old events are dropped: so equal ones are counted,
 * and a look gives those that are more than were given before.
 */
class GivenEvents {
  readonly #counts = new Map<string, { count: number; readonly timeMs: number }>()
  #look = new Map<string, number>()
  #newestMs = 0

  beginLook(): void {
    this.#look = new Map()
  }

  isFresh(event: JobEvent): boolean {
    const key = JSON.stringify([event.time, event.source, event.level, event.message])
    const timeMs = Date.parse(event.time)
    const seen = (this.#look.get(key) ?? 0) + 1
    this.#look.set(key, seen)
    const given = this.#counts.get(key)
    if (given && seen <= given.count) return false
    this.#counts.set(key, { count: seen, timeMs })
    this.#newestMs = Math.max(this.#newestMs, timeMs)
    return true
  }

  /** Where the next look begins, in epoch ms; what is older is forgotten. */
  narrow(): number {
    const from = Math.max(0, this.#newestMs - OVERLAP_MS)
    for (const [key, { timeMs }] of this.#counts) if (timeMs < from) this.#counts.delete(key)
    return from
  }
}

/** One walk through the pages; gives whether it came to the end without trouble. */
async function* look(
  source: EventSource,
  query: ListEventsQuery,
  given: GivenEvents,
  ask: <T>(work: () => Promise<T>) => Promise<T | undefined>,
  options: CallOptions,
): AsyncGenerator<JobEvent, boolean> {
  given.beginLook()
  for (let offset = 0; ; ) {
    const page = await ask(() => source.list({ ...query, offset }, options))
    if (page === undefined) return false
    yield* page.events.filter((event) => given.isFresh(event))
    offset += page.events.length
    if (page.events.length === 0 || offset >= page.total) return true
  }
}

/**
 * Gives every event of a job once, oldest first unless the query says otherwise; with `follow`, also those that are
 * yet to come. `limit` of the query is how much to ask for at once, `offset` how many to skip.
 */
export async function* iterateEvents(
  source: EventSource,
  query: ListEventsQuery,
  options: IterateEventsOptions,
): AsyncGenerator<JobEvent> {
  const { follow = false, intervalMs, signal, timeoutMs } = options
  const { offset = 0, limit = PAGE_LIMIT, order = 'asc' } = query
  if (follow && order === 'desc') throw invalid('Events can be followed in order asc alone.')
  const [firstMs, longestMs] = followPauses(source.isLocal)
  const given = new GivenEvents()
  const patience = new Patience()
  // Following outlives a restart of the server; a plain walk tells of trouble as any read does.
  const ask = <T>(work: () => Promise<T>): Promise<T | undefined> =>
    follow ? patience.attempt(work) : work()
  let toSkip = offset
  let window: Pick<ListEventsQuery, 'start_time' | 'end_time'> = {}
  let pauseMs = intervalMs ?? firstMs
  for (;;) {
    throwIfAborted(signal)
    // Asked before reading: what happened to a final job is there to be read.
    const isLast = follow ? await ask(() => source.isFinal({ signal, timeoutMs })) : true
    let hasProgressed = false
    const events = look(source, { ...query, ...window, order, limit }, given, ask, { signal, timeoutMs })
    for (;;) {
      const next = await events.next()
      if (next.done) {
        if (isLast === true && next.value) return
        break
      }
      hasProgressed = true
      if (toSkip > 0) toSkip -= 1
      else yield next.value
    }
    const from = Math.max(given.narrow(), Number(query.start_time ?? 0))
    window = { start_time: String(from), end_time: query.end_time ?? FAR_FUTURE }
    pauseMs = intervalMs ?? (hasProgressed ? firstMs : Math.min(longestMs, pauseMs * 1.5))
    await pause(pauseMs, signal)
  }
}
