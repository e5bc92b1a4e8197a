import type { Phase } from '../../contract/phases.ts'
import type { Aging, FinishedJob, UpkeepStore } from '../upkeep.ts'
import type { Database } from './database.ts'

/** Conditions in the words of the partial indexes: SQLite uses those only when the query says the same. */
const NOT_REMOVED: Record<Aging, string> = {
  logs: ' AND logs_cleared_at IS NULL',
  events: ' AND events_cleared_at IS NULL',
  jobs: '',
}

/** Counts and clearing in SQLite. */
export class SqliteUpkeepStore implements UpkeepStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async countPhases(): Promise<ReadonlyMap<Phase, number>> {
    const rows = this.#database.all<{ phase: Phase; jobs: number }>(
      'SELECT phase, count(*) AS jobs FROM jobs WHERE deleted_at IS NULL GROUP BY phase',
      [],
    )
    return new Map(rows.map(({ phase, jobs }) => [phase, jobs]))
  }

  async listDue(aging: Aging, before: number, limit: number): Promise<FinishedJob[]> {
    const rows = this.#database.all<FinishedJob>(
      `SELECT id, project_id AS projectId FROM jobs
        WHERE is_final = 1 AND deleted_at IS NULL${NOT_REMOVED[aging]} AND end_time < ?
        ORDER BY end_time LIMIT ?`,
      [before, limit],
    )
    return rows.map((row) => ({ ...row }))
  }

  async noteLogsCleared(jobId: string, time: number): Promise<void> {
    this.#database.run('UPDATE jobs SET logs_cleared_at = ? WHERE id = ?', [time, jobId])
  }

  async areLogsCleared(jobId: string): Promise<boolean> {
    const row = this.#database.get<{ cleared: number }>(
      'SELECT logs_cleared_at IS NOT NULL AS cleared FROM jobs WHERE id = ?',
      [jobId],
    )
    return row?.cleared === 1
  }

  async clearEvents(jobId: string, time: number): Promise<void> {
    this.#database.transaction(() => {
      const job = this.#database.get<{ seq: number }>('SELECT seq FROM jobs WHERE id = ?', [jobId])?.seq
      if (job === undefined) return
      this.#database.run('DELETE FROM events WHERE job = ?', [job])
      this.#database.run('DELETE FROM event_counts WHERE job = ?', [job])
      this.#database.run('UPDATE jobs SET events_cleared_at = ? WHERE seq = ?', [time, job])
    })
  }
}
