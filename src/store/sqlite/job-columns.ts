import type { JobRecord, Run } from '../../domain/job-record.ts'
import { toSearchValues } from '../../domain/search-values.ts'
import { fold, marks, readJson, type SqlValue } from './database.ts'

/** A row of `jobs` with its documents, as far as a `JobRecord` needs it. */
export interface JobRecordRow {
  readonly id: string
  readonly project_id: string
  readonly owner_id: string
  readonly version: number
  readonly start_time: number | null
  readonly end_time: number | null
  readonly deleted_at: number | null
  readonly document: string
  readonly run: string | null
  readonly secrets: string
}

/** Selects `JobRecordRow`s; a condition on `jobs` follows. */
export const SELECT_RECORDS = `
  SELECT id, project_id, owner_id, version, start_time, end_time, deleted_at, document, run, secrets
  FROM jobs JOIN job_documents ON job_documents.job = jobs.seq`

export const toJobRecord = (row: JobRecordRow): JobRecord => ({
  id: row.id,
  projectId: row.project_id,
  ownerId: row.owner_id,
  version: row.version,
  job: readJson<JobRecord['job']>(row.document),
  secrets: readJson<JobRecord['secrets']>(row.secrets),
  run: row.run === null ? null : readJson<Run>(row.run),
  startTime: row.start_time,
  endTime: row.end_time,
  deletedAt: row.deleted_at,
})

const foldOrNull = (text: string | null): string | null => (text === null ? null : fold(text))

/** Every column of `jobs` but `seq`, `id` and `version`, by name. */
const toColumns = (record: JobRecord): Record<string, SqlValue> => {
  const values = toSearchValues(record)
  return {
    project_id: record.projectId,
    workspace_id: record.job.metadata.workspace_id,
    owner_id: record.ownerId,
    name: values.name,
    name_folded: fold(values.name),
    kind: values.kind,
    phase: values.phase,
    secondary_phase: values.secondaryPhase,
    is_final: values.isFinal ? 1 : 0,
    create_time: values.createTime,
    start_time: values.startTime,
    end_time: record.endTime,
    deleted_at: record.deletedAt,
    duration_ms: values.durationMs,
    priority: values.priority,
    user_name: values.userName,
    user_name_folded: foldOrNull(values.userName),
    algorithm_id: values.algorithmId,
    algorithm_name: values.algorithmName,
    algorithm_name_folded: foldOrNull(values.algorithmName),
    pool_id: values.poolId,
    flavor_id: values.flavorId,
    flavor_type: values.flavorType,
    engine_name: values.engineName,
    runtime_type: values.runtimeType,
    experiment_id: values.experimentId,
    description_folded: foldOrNull(values.description),
  }
}

/** SQL with the values to bind. */
export interface BoundSql {
  readonly sql: string
  readonly values: readonly SqlValue[]
}

/** Inserts into `jobs` and answers `seq`, or no row when the name is taken. */
export const insertJob = (record: JobRecord): BoundSql => {
  const columns = { id: record.id, version: record.version, ...toColumns(record) }
  const values = Object.values(columns)
  return {
    sql: `INSERT INTO jobs (${Object.keys(columns).join(', ')}) VALUES (${marks(values)})
      ON CONFLICT (project_id, workspace_id, name) WHERE deleted_at IS NULL DO NOTHING
      RETURNING seq`,
    values,
  }
}

/** Updates `jobs` where the version is the record's, raises it, and answers `seq`, or no row. */
export const updateJob = (record: JobRecord): BoundSql => {
  const columns = toColumns(record)
  const names = Object.keys(columns)
  return {
    sql: `UPDATE jobs SET version = version + 1, ${names.map((name) => `${name} = ?`).join(', ')}
      WHERE id = ? AND version = ?
      RETURNING seq`,
    values: [...Object.values(columns), record.id, record.version],
  }
}
