import { isFinal } from '../contract/phases.ts'
import type { JobRecord } from './job-record.ts'

/** What a search compares, sorts and groups by; null where a job has no such value. */
export interface SearchValues {
  readonly name: string
  readonly kind: string
  readonly phase: string
  readonly secondaryPhase: string
  /** Whether the job can no longer change. */
  readonly isFinal: boolean
  /** Epoch ms. */
  readonly createTime: number
  /** Epoch ms. */
  readonly startTime: number | null
  /** Run time in ms as of the last change. */
  readonly durationMs: number
  readonly description: string | null
  readonly userName: string | null
  readonly algorithmId: string | null
  readonly algorithmName: string | null
  readonly poolId: string | null
  readonly flavorId: string | null
  readonly flavorType: string | null
  readonly engineName: string | null
  readonly runtimeType: string | null
  readonly experimentId: string | null
  readonly priority: number | null
}

// No condition can ask for a blank value, so a job that carries one counts as a job without the property.
const orNull = (text: string | undefined): string | null => (text === undefined || text === '' ? null : text)

/** The values of a job that searches look at: one reading of the document for every store. */
export const toSearchValues = (record: JobRecord): SearchValues => {
  const { kind, metadata, status, algorithm, spec } = record.job
  const resource = spec?.resource
  return {
    name: metadata.name,
    kind,
    phase: status.phase,
    secondaryPhase: status.secondary_phase,
    isFinal: isFinal(status.phase, status.secondary_phase),
    createTime: metadata.create_time,
    startTime: record.startTime,
    durationMs: status.duration,
    description: orNull(metadata.description),
    userName: orNull(metadata.user_name),
    algorithmId: orNull(algorithm?.id),
    algorithmName: orNull(algorithm?.name),
    poolId: orNull(resource?.pool_id),
    flavorId: orNull(resource?.flavor_id),
    flavorType: orNull(resource?.flavor_detail?.flavor_type),
    engineName: orNull(algorithm?.engine?.engine_name),
    runtimeType: orNull(spec?.runtime_type),
    experimentId: orNull(metadata.training_experiment_reference?.id),
    priority: spec?.schedule_policy?.priority ?? null,
  }
}
