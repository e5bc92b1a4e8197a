import type { TaskIp } from '../../contract/status.ts'
import { canonicalAddress } from '../../domain/host-address.ts'
import type { JobQuery } from '../../domain/job-query.ts'
import type { JobRecord, Move } from '../../domain/job-record.ts'
import type { ChangeNotes, JobPage, JobRow, JobStore } from '../store.ts'
import { type Database, marks } from './database.ts'
import { insertEvents } from './event-store.ts'
import {
  type BoundSql,
  insertJob,
  type JobRecordRow,
  SELECT_RECORDS,
  toJobRecord,
  updateJob,
} from './job-columns.ts'
import { countMatches, countVisible, selectPage } from './search-sql.ts'

interface PageRow {
  readonly document: string
  readonly is_final: number
  readonly start_time: number | null
}

interface ActiveRow {
  readonly seq: number
  readonly id: string
  readonly version: number
}

interface MoveRow {
  readonly version: number
  readonly from_phase: Move['from']
  readonly to_phase: Move['to']
  readonly secondary_phase: Move['secondaryPhase']
  readonly reason: Move['reason']
  readonly time: number
}

/** Hosts are found by one spelling of their address; what is no address (a host name) stays as it is. */
const hostKey = (hostIp: string): string => canonicalAddress(hostIp) ?? hostIp

/** Jobs, their moves and placements in SQLite. */
export class SqliteJobStore implements JobStore {
  readonly #database: Database
  /** The active jobs as last listed, by `seq`: reading thousands of documents anew takes long. */
  #active = new Map<number, JobRecord>()

  constructor(database: Database) {
    this.#database = database
  }

  async create(record: JobRecord, notes: ChangeNotes): Promise<'created' | 'name_taken'> {
    return this.#database.transaction(() => {
      const seq = this.#seqOf(insertJob(record))
      if (seq === undefined) return 'name_taken'
      this.#database.run('INSERT INTO job_documents (job, document, run, secrets) VALUES (?, ?, ?, ?)', [
        seq,
        ...toDocuments(record),
      ])
      this.#addTags(seq, record)
      this.#addNotes(seq, notes)
      return 'created'
    })
  }

  async find(projectId: string, id: string): Promise<JobRecord | undefined> {
    const row = this.#database.get<JobRecordRow>(
      `${SELECT_RECORDS} WHERE id = ? AND project_id = ? AND deleted_at IS NULL`,
      [id, projectId],
    )
    return row === undefined ? undefined : toJobRecord(row)
  }

  async change(record: JobRecord, notes: ChangeNotes): Promise<boolean> {
    return this.#database.transaction(() => {
      const seq = this.#seqOf(updateJob(record))
      if (seq === undefined) return false
      this.#database.run('UPDATE job_documents SET document = ?, run = ?, secrets = ? WHERE job = ?', [
        ...toDocuments(record),
        seq,
      ])
      this.#database.run('DELETE FROM job_tags WHERE job = ?', [seq])
      this.#addTags(seq, record)
      this.#addNotes(seq, notes)
      return true
    })
  }

  async listActive(): Promise<JobRecord[]> {
    this.#active = this.#database.snapshot(() => {
      const rows = this.#database.all<ActiveRow>(
        `SELECT seq, id, version FROM jobs
          WHERE is_final = 0 OR deleted_at IS NOT NULL ORDER BY create_time, id`,
        [],
      )
      return new Map(rows.map((row) => [row.seq, this.#readActive(row)]))
    })
    return [...this.#active.values()]
  }

  /** Every change raises the version: a record of the same version is the same. */
  #readActive({ seq, id, version }: ActiveRow): JobRecord {
    const known = this.#active.get(seq)
    if (known?.id === id && known.version === version) return known
    const [row] = this.#database.all<JobRecordRow>(`${SELECT_RECORDS} WHERE seq = ?`, [seq])
    // A job and its document are written and removed in one transaction.
    if (row === undefined) throw new Error(`Job ${id} has no document.`)
    return toJobRecord(row)
  }

  async search(query: JobQuery): Promise<JobPage> {
    return this.#database.snapshot(() => {
      const total = this.#count(countVisible(query.visible))
      const count = this.#countMatches(query, total)
      if (query.offset >= count) return { total, count, rows: [] }
      const page = selectPage(query)
      const seqs = this.#database.all<{ seq: number }>(page.sql, page.values)
      return { total, count, rows: seqs.map(({ seq }) => this.#readRow(seq, query.hostIps)) }
    })
  }

  async listMoves(jobId: string): Promise<Move[]> {
    const rows = this.#database.all<MoveRow>(
      `SELECT version, from_phase, to_phase, secondary_phase, reason, time FROM moves
        WHERE job = (SELECT seq FROM jobs WHERE id = ?) ORDER BY seq`,
      [jobId],
    )
    return rows.map((row) => ({
      jobId,
      version: row.version,
      from: row.from_phase,
      to: row.to_phase,
      secondaryPhase: row.secondary_phase,
      reason: row.reason,
      time: row.time,
    }))
  }

  async listPlacements(jobId: string, attempt?: number): Promise<Required<TaskIp>[]> {
    const rows = this.#database.all<Required<TaskIp>>(
      `SELECT task, ip, host_ip, schedule_count FROM job_hosts
        WHERE job = (SELECT seq FROM jobs WHERE id = ?) AND schedule_count = coalesce(?, schedule_count)
        ORDER BY schedule_count, rowid`,
      [jobId, attempt ?? null],
    )
    return rows.map((row) => ({ ...row }))
  }

  async purge(jobId: string): Promise<void> {
    // Foreign keys take the documents, moves, events, metrics and placements along. A job that was not deleted stays.
    this.#database.run('DELETE FROM jobs WHERE id = ? AND deleted_at IS NOT NULL', [jobId])
  }

  #seqOf(statement: BoundSql): number | undefined {
    return this.#database.get<{ seq: number }>(statement.sql, statement.values)?.seq
  }

  #count(statement: BoundSql): number {
    return this.#database.get<{ jobs: number }>(statement.sql, statement.values)?.jobs ?? 0
  }

  #countMatches(query: JobQuery, total: number): number {
    if (query.nothing) return 0
    // Counting reads an index from end to end: once is enough when nothing was asked.
    const isPlain = query.conditions.length + query.tags.length + query.hostIps.length === 0
    return isPlain ? total : this.#count(countMatches(query))
  }

  #readRow(seq: number, hostIps: readonly string[]): JobRow {
    const [row] = this.#database.all<PageRow>(
      'SELECT document, is_final, start_time FROM jobs JOIN job_documents ON job = seq WHERE seq = ?',
      [seq],
    )
    // A job and its document are written and removed in one transaction.
    if (row === undefined) throw new Error(`Job ${seq} has no document.`)
    const base = { text: row.document, final: row.is_final === 1, startTime: row.start_time }
    return hostIps.length === 0 ? base : { ...base, taskIps: this.#placementsOn(seq, hostIps) }
  }

  #placementsOn(seq: number, hostIps: readonly string[]): TaskIp[] {
    const rows = this.#database.all<Required<TaskIp>>(
      `SELECT task, ip, host_ip, schedule_count FROM job_hosts
        WHERE job = ? AND host_key IN (${marks(hostIps)}) ORDER BY schedule_count, rowid`,
      [seq, ...hostIps],
    )
    // Rows of SQLite have no prototype; answers are ordinary objects.
    return rows.map((row) => ({ ...row }))
  }

  #addTags(seq: number, record: JobRecord): void {
    for (const { key, value = '' } of record.job.metadata.tags ?? []) {
      if (key === undefined) continue
      this.#database.run('INSERT OR IGNORE INTO job_tags (job, key, value) VALUES (?, ?, ?)', [
        seq,
        key,
        value,
      ])
    }
  }

  #addNotes(seq: number, { move, events = [], placements = [] }: ChangeNotes): void {
    if (move !== undefined) {
      this.#database.run(
        `INSERT INTO moves (job, version, from_phase, to_phase, secondary_phase, reason, time)
          VALUES (?, ?, ?, ?, ?, ?, ?)`,
        [seq, move.version, move.from, move.to, move.secondaryPhase, move.reason, move.time],
      )
    }
    for (const place of placements) {
      this.#database.run(
        `INSERT OR REPLACE INTO job_hosts (job, schedule_count, task, ip, host_ip, host_key)
          VALUES (?, ?, ?, ?, ?, ?)`,
        [seq, place.schedule_count, place.task, place.ip, place.host_ip, hostKey(place.host_ip)],
      )
    }
    insertEvents(this.#database, events)
  }
}

const toDocuments = (record: JobRecord): [document: string, run: string | null, secrets: string] => [
  JSON.stringify(record.job),
  record.run === null ? null : JSON.stringify(record.run),
  JSON.stringify(record.secrets),
]
