import type { MetricStore, MinuteSample } from '../store.ts'
import type { Database } from './database.ts'

interface MetricRow {
  readonly minute: number
  readonly cpu: number
  readonly mem: number
  readonly gpu: number
  readonly gpu_mem: number
  readonly npu: number
  readonly npu_mem: number
}

/** Use of resources, minute by minute, in SQLite. */
export class SqliteMetricStore implements MetricStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async put(jobId: string, task: string, minute: number, sample: MinuteSample): Promise<void> {
    // Selecting the job drops samples that come after it was purged.
    this.#database.run(
      `INSERT INTO metrics (job, task, minute, cpu, mem, gpu, gpu_mem, npu, npu_mem)
        SELECT seq, ?, ?, ?, ?, ?, ?, ?, ? FROM jobs WHERE id = ?
        ON CONFLICT (job, task, minute) DO UPDATE SET cpu = excluded.cpu, mem = excluded.mem,
          gpu = excluded.gpu, gpu_mem = excluded.gpu_mem, npu = excluded.npu, npu_mem = excluded.npu_mem`,
      [task, minute, ...sample, jobId],
    )
  }

  async list(jobId: string, task: string): Promise<{ minute: number; sample: MinuteSample }[]> {
    const rows = this.#database.all<MetricRow>(
      `SELECT minute, cpu, mem, gpu, gpu_mem, npu, npu_mem FROM metrics
        WHERE job = (SELECT seq FROM jobs WHERE id = ?) AND task = ? ORDER BY minute`,
      [jobId, task],
    )
    return rows.map((row) => ({
      minute: row.minute,
      sample: [row.cpu, row.mem, row.gpu, row.gpu_mem, row.npu, row.npu_mem],
    }))
  }
}
