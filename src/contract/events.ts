import { type Static, Type } from 'typebox'
import { EVENT_LEVELS, EVENT_SOURCES } from './event-words.ts'
import { integer, list, oneOf, optional, text } from './fields.ts'
import { SORT_ORDERS } from './search-keys.ts'

export * from './event-words.ts'

/** Epoch ms that RFC 3339 can write: the answer repeats the window in that form, which ends with the year 9999. */
const EPOCH_MS = '^(\\d{1,14}|1\\d{14}|2[0-4]\\d{13})$'

export const ListEventsQuery = Type.Object({
  offset: optional(integer('Records to skip.', { minimum: 0, default: 0 })),
  limit: optional(integer('Most events to return.', { minimum: 1, maximum: 100, default: 50 })),
  order: optional(oneOf(SORT_ORDERS, 'Direction of time; default `desc`.')),
  start_time: optional(
    text('Begin of the window, epoch ms; together with `end_time`.', { pattern: EPOCH_MS }),
  ),
  end_time: optional(text('End of the window, epoch ms, inclusive.', { pattern: EPOCH_MS })),
  level: optional(text('`Info`, `Warning`, `Error`, any case; several joined by `,`.')),
  pattern: optional(text('Text the message contains, any case.', { maxLength: 256 })),
  source: optional(text('`K8S`, `Job` or `Task`, any case.')),
})
/** Which events of a job are wanted. */
export type ListEventsQuery = Static<typeof ListEventsQuery>

export const JobEvent = Type.Object(
  {
    message: text('What happened, for people; do not parse it.'),
    level: oneOf(EVENT_LEVELS, 'How serious it is.'),
    time: text('When, RFC 3339 with whole seconds, UTC as `+00:00`.'),
    source: oneOf(EVENT_SOURCES, 'Who tells it.'),
  },
  { $id: 'JobEvent', description: 'Something that happened to a job.' },
)
/** Something that happened to a job. */
export type JobEvent = Static<typeof JobEvent>

export const ListEventsResponse = Type.Object(
  {
    total: integer('Events that match, before paging.'),
    limit: integer('Limit in effect.'),
    offset: integer('Offset in effect.'),
    order: text('Direction in effect.'),
    start_time: optional(text('Begin of the window, RFC 3339; absent when none was asked for.')),
    end_time: optional(text('End of the window, RFC 3339; absent when none was asked for.')),
    events: list(JobEvent, 'The events.'),
  },
  { $id: 'ListEventsResponse', description: 'A page of events.' },
)
/** A page of events. */
export type ListEventsResponse = Static<typeof ListEventsResponse>
