import type { EventRecord } from '../../domain/job-record.ts'
import type { EventQuery, EventStore } from '../store.ts'
import { type Database, fold, marks, type SqlValue } from './database.ts'

/** Most events kept of one job. */
const MAX_EVENTS = 10_000

interface EventRow {
  readonly source: EventRecord['source']
  readonly level: EventRecord['level']
  readonly message: string
  readonly time: number
}

/** Drops the oldest events of the backend, up to `surplus`, then the oldest of any kind. */
const dropOldest = (database: Database, job: number, surplus: number): void => {
  const dropped = database.all<{ seq: number }>(
    `DELETE FROM events WHERE seq IN (
        SELECT seq FROM events WHERE job = ? AND source = 'K8S' ORDER BY time, seq LIMIT ?
      ) RETURNING seq`,
    [job, surplus],
  )
  if (dropped.length === surplus) return
  database.run(
    'DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE job = ? ORDER BY time, seq LIMIT ?)',
    [job, surplus - dropped.length],
  )
}

const insertOfJob = (database: Database, job: number, events: readonly EventRecord[]): void => {
  for (const { source, level, message, time } of events) {
    database.run(
      'INSERT INTO events (job, source, level, message, message_folded, time) VALUES (?, ?, ?, ?, ?, ?)',
      [job, source, level, message, fold(message), time],
    )
  }
  // A running count, so that the bound costs one small write and not a count of ten thousand.
  const kept = database.get<{ kept: number }>(
    `INSERT INTO event_counts (job, kept) VALUES (?, ?)
      ON CONFLICT (job) DO UPDATE SET kept = kept + excluded.kept RETURNING kept`,
    [job, events.length],
  )?.kept
  if (kept === undefined || kept <= MAX_EVENTS) return
  dropOldest(database, job, kept - MAX_EVENTS)
  database.run('UPDATE event_counts SET kept = ? WHERE job = ?', [MAX_EVENTS, job])
}

/** Adds events inside a transaction of the caller. Events of a job that is gone are dropped: nobody can ask for them. */
export const insertEvents = (database: Database, events: readonly EventRecord[]): void => {
  for (const [jobId, ofJob] of Map.groupBy(events, (event) => event.jobId)) {
    const job = database.get<{ seq: number }>('SELECT seq FROM jobs WHERE id = ?', [jobId])?.seq
    if (job !== undefined) insertOfJob(database, job, ofJob)
  }
}

/** Texts about jobs in SQLite. */
export class SqliteEventStore implements EventStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async add(events: readonly EventRecord[]): Promise<void> {
    if (events.length > 0) this.#database.transaction(() => insertEvents(this.#database, events))
  }

  async list(jobId: string, query: EventQuery): Promise<{ total: number; events: EventRecord[] }> {
    const terms = ['job = (SELECT seq FROM jobs WHERE id = ?)']
    const values: SqlValue[] = [jobId]
    const restrict = (term: string, bound: readonly SqlValue[]): void => {
      terms.push(term)
      values.push(...bound)
    }
    const { from, to, levels = [], source, pattern = '' } = query
    if (from !== undefined) restrict('time >= ?', [from])
    if (to !== undefined) restrict('time <= ?', [to])
    if (levels.length > 0) restrict(`level IN (${marks(levels)})`, levels)
    if (source !== undefined) restrict('source = ?', [source])
    if (pattern !== '') restrict('instr(message_folded, ?) > 0', [fold(pattern)])
    const where = terms.join(' AND ')
    const direction = query.order === 'asc' ? 'ASC' : 'DESC'
    return this.#database.snapshot(() => {
      const counted = this.#database.get<{ total: number }>(
        `SELECT count(*) AS total FROM events WHERE ${where}`,
        values,
      )
      const rows = this.#database.all<EventRow>(
        `SELECT source, level, message, time FROM events WHERE ${where}
          ORDER BY time ${direction}, seq ${direction} LIMIT ? OFFSET ?`,
        [...values, query.limit, query.offset],
      )
      return { total: counted?.total ?? 0, events: rows.map((row) => ({ jobId, ...row })) }
    })
  }
}
