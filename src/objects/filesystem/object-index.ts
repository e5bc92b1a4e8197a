import { closeSync, openSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { ObjectInfo } from '../../contract/objects.ts'
import { refusal } from '../../contract/trainyard-error.ts'
import type { ObjectRef } from '../object-store.ts'
import { isIndexFull } from './storage-errors.ts'

/** An object as the index keeps it: what callers see, and the file that has the content. */
export interface IndexRow extends ObjectInfo {
  readonly blob: string
}

// Numbered by their place; never edited after a release, only added to. TEXT compares by UTF-8 bytes.
const MIGRATIONS = [
  `CREATE TABLE buckets (
     project TEXT NOT NULL, name TEXT NOT NULL, created_at INTEGER NOT NULL,
     PRIMARY KEY (project, name)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE objects (
     project TEXT NOT NULL, bucket TEXT NOT NULL, key TEXT NOT NULL,
     size INTEGER NOT NULL, checksum TEXT NOT NULL, modified_at INTEGER NOT NULL, blob TEXT NOT NULL,
     PRIMARY KEY (project, bucket, key)
   ) STRICT, WITHOUT ROWID;
   CREATE UNIQUE INDEX objects_by_blob ON objects (blob);`,
]

const migrate = (database: DatabaseSync, file: string): void => {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
  if (version > MIGRATIONS.length) {
    throw refusal('ModelArts.2952', `${file} was written by a newer version of Trainyard; use that version.`)
  }
  for (const [at, migration] of MIGRATIONS.entries()) {
    if (at >= version) {
      database.exec(`BEGIN IMMEDIATE; ${migration} PRAGMA user_version = ${at + 1}; COMMIT;`)
    }
  }
}

const openDatabase = (file: string): DatabaseSync => {
  // Made by us first: SQLite would make it readable for everybody, and its side files copy the mode.
  closeSync(openSync(file, 'a', 0o600))
  const database = new DatabaseSync(file, { timeout: 5_000 })
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;')
    migrate(database, file)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

const toRow = (row: Record<string, unknown>): IndexRow => ({
  key: String(row['key']),
  size: Number(row['size']),
  checksum: String(row['checksum']),
  modified_at: Number(row['modified_at']),
  blob: String(row['blob']),
})

/** Which objects there are and which blob has their content. Every change is one durable transaction. */
export class ObjectIndex {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(file: string) {
    this.#database = openDatabase(file)
  }

  find(ref: ObjectRef): IndexRow | undefined {
    const row = this.#sql('SELECT * FROM objects WHERE project = ? AND bucket = ? AND key = ?').get(
      ref.projectId,
      ref.bucket,
      ref.key,
    )
    return row && toRow(row)
  }

  /** Names the content of an object. Returns the blob that was replaced. */
  put(ref: ObjectRef, row: IndexRow): string | undefined {
    return this.#transaction(() => {
      const replaced = this.find(ref)?.blob
      this.#sql('INSERT OR IGNORE INTO buckets VALUES (?, ?, ?)').run(
        ref.projectId,
        ref.bucket,
        row.modified_at,
      )
      this.#sql('INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?)').run(
        ref.projectId,
        ref.bucket,
        ref.key,
        row.size,
        row.checksum,
        row.modified_at,
        row.blob,
      )
      return replaced
    })
  }

  /** Forgets objects. Returns the blobs they had. */
  delete(refs: readonly ObjectRef[]): string[] {
    const statement = this.#sql(
      'DELETE FROM objects WHERE project = ? AND bucket = ? AND key = ? RETURNING blob',
    )
    return this.#transaction(() =>
      refs.flatMap((ref) =>
        statement.all(ref.projectId, ref.bucket, ref.key).map((row) => String(row['blob'])),
      ),
    )
  }

  /**
   * Objects of a bucket in key order, read as they are taken, from `from` (itself only when `inclusive`) up to but
   * without `to`. Take what you need and stop; change nothing in between.
   */
  *scan(
    place: { projectId: string; bucket: string },
    range: { from: string; inclusive: boolean; to: string | undefined },
  ): Generator<IndexRow> {
    const statement = this.#sql(
      `SELECT * FROM objects WHERE project = ? AND bucket = ? AND key ${range.inclusive ? '>=' : '>'} ?
       ${range.to === undefined ? '' : 'AND key < ?'} ORDER BY key`,
    )
    const upper = range.to === undefined ? [] : [range.to]
    for (const row of statement.iterate(place.projectId, place.bucket, range.from, ...upper)) {
      yield toRow(row)
    }
  }

  listBuckets(projectId: string): { name: string; created_at: number }[] {
    return this.#sql('SELECT name, created_at FROM buckets WHERE project = ? ORDER BY name')
      .all(projectId)
      .map((row) => ({ name: String(row['name']), created_at: Number(row['created_at']) }))
  }

  /** Number of objects, and their bytes. */
  usage(): { objects: number; bytes: number } {
    const row = this.#sql('SELECT count(*) AS objects, coalesce(sum(size), 0) AS bytes FROM objects').get()
    return { objects: Number(row?.['objects']), bytes: Number(row?.['bytes']) }
  }

  /** Blobs in use whose id starts with two given hex digits. */
  blobsOf(folder: string): Set<string> {
    const rows = this.#sql('SELECT blob FROM objects WHERE blob >= ? AND blob < ?').all(folder, `${folder}g`)
    return new Set(rows.map((row) => String(row['blob'])))
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close()
  }

  #sql(text: string): StatementSync {
    const known = this.#statements.get(text)
    if (known) return known
    const statement = this.#database.prepare(text)
    this.#statements.set(text, statement)
    return statement
  }

  #transaction<Result>(work: () => Result): Result {
    try {
      return this.#attempt(work)
    } catch (error) {
      if (!isIndexFull(error)) throw error
      // On a full disk the log cannot grow, but after a checkpoint it is written again from its start. Without this,
      // nobody could delete anything to make room.
      this.#database.exec('PRAGMA wal_checkpoint(RESTART)')
      return this.#attempt(work)
    }
  }

  #attempt<Result>(work: () => Result): Result {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      this.#database.exec('COMMIT')
      return result
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }
}
