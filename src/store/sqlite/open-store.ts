import type { Store } from '../store.ts'
import { SqliteAccountStore } from './account-store.ts'
import { Database } from './database.ts'
import { SqliteEventStore } from './event-store.ts'
import { SqliteJobStore } from './job-store.ts'
import { SqliteMetricStore } from './metric-store.ts'
import { checkSchema, migrate } from './migrations.ts'
import { SqliteUpkeepStore } from './upkeep-store.ts'

/**
 * Opens the store in a SQLite file, or in memory for `:memory:`. A new file gets mode 0600 (an existing one too); an
 * older schema is brought up to date. Every write is on disk before its promise resolves.
 * @throws TrainyardError `ModelArts.2952` when the file cannot be used, belongs to another program, or was written by
 * a newer Trainyard; the stores throw the same code when SQLite fails.
 */
export const openSqliteStore = (options: { readonly file: string }): Store => {
  const database = new Database(options.file)
  try {
    checkSchema(database)
    database.configure()
    migrate(database)
  } catch (error) {
    database.close()
    throw error
  }
  return {
    jobs: new SqliteJobStore(database),
    events: new SqliteEventStore(database),
    metrics: new SqliteMetricStore(database),
    accounts: new SqliteAccountStore(database),
    upkeep: new SqliteUpkeepStore(database),
    close: async () => database.close(),
  }
}
