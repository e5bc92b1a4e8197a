import { closeSync, constants, fchmodSync, fsyncSync, openSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { refusal } from '../../contract/trainyard-error.ts'

/** What can be bound to a statement here: no blobs, no big integers. */
export type SqlValue = string | number | null

const BUSY_TIMEOUT_MS = 5_000
// Searches have many shapes; the least recently used statement goes when there are more.
const MAX_STATEMENTS = 256

const SETTINGS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA fullfsync = ON;
  PRAGMA checkpoint_fullfsync = ON;
  PRAGMA foreign_keys = ON;
  PRAGMA trusted_schema = OFF;
  PRAGMA cache_size = -32000;
  PRAGMA journal_size_limit = 67108864;
`

/** Makes the file before SQLite does, so that nobody else could ever read it: WAL files copy its mode. */
const preparePrivateFile = (file: string): void => {
  const handle = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600)
  try {
    fchmodSync(handle, 0o600)
  } finally {
    closeSync(handle)
  }
  // The name of a new file survives a power cut only once its directory is written.
  const directory = openSync(dirname(file), constants.O_RDONLY)
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

/** Runs work of the database; what SQLite or the file system throws becomes `ModelArts.2952`. */
const guarded = <Result>(work: () => Result): Result => {
  try {
    return work()
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : 'unknown trouble'
    throw refusal('ModelArts.2952', `The database failed: ${problem}.`, { cause })
  }
}

/** Reads JSON that was written here. `Value` must be what was written. */
export const readJson = <Value>(text: string): Value => guarded(() => JSON.parse(text) as Value)

/** A text without differences of case: `like` and patterns compare both sides in this form. */
export const fold = (text: string): string => text.toLowerCase()

/** `?, ?, …` for a list of values to bind. */
export const marks = (values: readonly unknown[]): string => values.map(() => '?').join(', ')

/**
 * One connection to a SQLite file (or `:memory:`), every call synchronous: nothing of this process comes between two
 * statements of a transaction. What SQLite throws becomes TrainyardError `ModelArts.2952`, with the cause.
 */
export class Database {
  readonly #connection: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  /** Opens the file, made with mode 0600 when there is none. Its directory must exist. */
  constructor(file: string) {
    this.#connection = guarded(() => {
      // An absolute path is never taken for a `file:` address.
      const path = file === ':memory:' ? file : resolve(file)
      if (path !== ':memory:') preparePrivateFile(path)
      return new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
    })
  }

  /** Sets durability and limits. Apart from opening, because it already writes to the file. */
  configure(): void {
    this.execute(SETTINGS)
  }

  /** Runs statements without parameters: settings and migrations. */
  execute(sql: string): void {
    guarded(() => this.#connection.exec(sql))
  }

  /** All rows of a query. `Row` must be what the statement selects: the STRICT tables vouch for the types. */
  all<Row>(sql: string, values: readonly SqlValue[]): Row[] {
    return guarded(() => this.#prepare(sql).all(...(values as readonly SQLInputValue[])) as unknown as Row[])
  }

  /** The first row, or undefined. For statements that yield at most one. */
  get<Row>(sql: string, values: readonly SqlValue[]): Row | undefined {
    return guarded(
      () => this.#prepare(sql).get(...(values as readonly SQLInputValue[])) as unknown as Row | undefined,
    )
  }

  /** Runs a statement that yields no rows. */
  run(sql: string, values: readonly SqlValue[]): void {
    guarded(() => this.#prepare(sql).run(...(values as readonly SQLInputValue[])))
  }

  /** All of `work` happens, durably, or nothing of it. `work` must be synchronous and must not nest transactions. */
  transaction<Result>(work: () => Result): Result {
    return this.#enclose('BEGIN IMMEDIATE', work)
  }

  /** Everything `work` reads is of one moment, whoever else writes to the file. Same rules as `transaction`. */
  snapshot<Result>(work: () => Result): Result {
    return this.#enclose('BEGIN', work)
  }

  /** Closes the file; closed already is success. */
  close(): void {
    this.#statements.clear()
    if (this.#connection.isOpen) guarded(() => this.#connection.close())
  }

  #enclose<Result>(begin: string, work: () => Result): Result {
    this.run(begin, [])
    try {
      const result = work()
      this.run('COMMIT', [])
      return result
    } catch (error) {
      this.#rollBack()
      throw error
    }
  }

  #rollBack(): void {
    // SQLite has rolled back by itself after some errors (a full disk): a second time would hide the first error.
    if (this.#connection.isOpen && this.#connection.isTransaction) this.run('ROLLBACK', [])
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    const statement = known ?? this.#connection.prepare(sql)
    // Set again, the statement moves to the end: the first of the map is the one unused for longest.
    this.#statements.delete(sql)
    this.#statements.set(sql, statement)
    if (this.#statements.size > MAX_STATEMENTS) {
      for (const oldest of this.#statements.keys()) {
        this.#statements.delete(oldest)
        break
      }
    }
    return statement
  }
}
