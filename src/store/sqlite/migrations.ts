import { refusal } from '../../contract/trainyard-error.ts'
import type { Database } from './database.ts'
import { FIRST_SCHEMA } from './migration-001.ts'
import { AGING_SCHEMA } from './migration-002.ts'

/**
 * The steps of the schema: step n brings a database of version n - 1 to version n. A released step is never edited,
 * only followed by another; a test holds each to its checksum.
 */
export const MIGRATIONS: readonly string[] = [FIRST_SCHEMA, AGING_SCHEMA]

/** Marks a file as ours ("TrYd"), so that no other program's database is taken for an empty one. */
const APPLICATION_ID = 0x54725964

const readPragma = (database: Database, name: 'user_version' | 'application_id'): number =>
  database.get<Record<string, number>>(`PRAGMA ${name}`, [])?.[name] ?? 0

const countTables = (database: Database): number =>
  database.get<{ tables: number }>('SELECT count(*) AS tables FROM sqlite_schema', [])?.tables ?? 0

/**
 * Refuses a file this code must not touch, before anything is written to it.
 * @throws TrainyardError `ModelArts.2952` for a database of another program, or of a newer Trainyard.
 */
export const checkSchema = (database: Database): void => {
  const owner = readPragma(database, 'application_id')
  const isForeign = owner === 0 ? countTables(database) > 0 : owner !== APPLICATION_ID
  if (isForeign) {
    throw refusal('ModelArts.2952', 'The database file belongs to another program.', {
      solution: 'Name another file, or move that one away.',
    })
  }
  const version = readPragma(database, 'user_version')
  if (version > MIGRATIONS.length) {
    throw refusal(
      'ModelArts.2952',
      `The database has schema ${version}; this Trainyard knows schemas up to ${MIGRATIONS.length}.`,
      { solution: 'Start the newer Trainyard that wrote it, or restore a backup of before.' },
    )
  }
}

/** Brings the schema up to date, each step in a transaction of its own: a crash leaves a whole version behind. */
export const migrate = (database: Database): void => {
  for (const [index, step] of MIGRATIONS.entries()) {
    database.transaction(() => {
      // Read inside the transaction: another process may have been faster.
      if (readPragma(database, 'user_version') !== index) return
      database.execute(step)
      database.execute(`PRAGMA application_id = ${APPLICATION_ID}`)
      database.execute(`PRAGMA user_version = ${index + 1}`)
    })
  }
}
