import {
  EVENT_LEVELS,
  EVENT_SOURCES,
  type EventLevel,
  type JobEvent,
  type ListEventsQuery,
  type ListEventsResponse,
} from '../contract/events.ts'
import { refusal } from '../contract/trainyard-error.ts'
import type { EventRecord } from '../domain/job-record.ts'
import type { EventQuery, EventStore } from '../store/store.ts'

const DEFAULT_LIMIT = 50

const bad = (message: string) => refusal('ModelArts.50004000', message)

/** RFC 3339 with whole seconds, UTC written as `+00:00`. */
const toEventTime = (timeMs: number): string => `${new Date(timeMs).toISOString().slice(0, 19)}+00:00`

const readLevels = (text: string | undefined): EventLevel[] | undefined => {
  if (!text) return undefined
  return text.split(',').map((word) => {
    const level = EVENT_LEVELS.find((name) => name.toLowerCase() === word.trim().toLowerCase())
    if (!level) throw bad(`level ${JSON.stringify(word.slice(0, 40))} is not Info, Warning or Error.`)
    return level
  })
}

const readSource = (text: string | undefined) => {
  if (!text) return undefined
  const source = EVENT_SOURCES.find((name) => name.toLowerCase() === text.toLowerCase())
  if (!source) throw bad(`source ${JSON.stringify(text.slice(0, 40))} is not K8S, Job or Task.`)
  return source
}

const readQuery = (query: ListEventsQuery): EventQuery => {
  if ((query.start_time === undefined) !== (query.end_time === undefined)) {
    throw bad('start_time and end_time belong together: send both or neither.')
  }
  const levels = readLevels(query.level)
  const source = readSource(query.source)
  return {
    offset: query.offset ?? 0,
    limit: query.limit ?? DEFAULT_LIMIT,
    order: query.order ?? 'desc',
    ...(query.start_time === undefined ? {} : { from: Number(query.start_time) }),
    ...(query.end_time === undefined ? {} : { to: Number(query.end_time) }),
    ...(levels ? { levels } : {}),
    ...(source ? { source } : {}),
    ...(query.pattern ? { pattern: query.pattern } : {}),
  }
}

const toJobEvent = ({ message, level, time, source }: EventRecord): JobEvent => ({
  time: toEventTime(time),
  level,
  message,
  source,
})

/** The events of a job. @throws TrainyardError `ModelArts.50004000` for a bad query. */
export const listEvents = async (
  events: EventStore,
  jobId: string,
  wire: ListEventsQuery,
): Promise<ListEventsResponse> => {
  const query = readQuery(wire)
  const page = await events.list(jobId, query)
  return {
    total: page.total,
    limit: query.limit,
    offset: query.offset,
    order: query.order,
    ...(query.from === undefined ? {} : { start_time: toEventTime(query.from) }),
    ...(query.to === undefined ? {} : { end_time: toEventTime(query.to) }),
    events: page.events.map(toJobEvent),
  }
}
