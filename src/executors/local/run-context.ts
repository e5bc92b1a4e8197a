import type { EventLevel } from '../../contract/events.ts'
import { isTrainyardError } from '../../contract/trainyard-error.ts'
import type { EventRecord } from '../../domain/job-record.ts'
import type { TaskSpec } from '../../domain/task-spec.ts'
import type { ObjectStore } from '../../objects/object-store.ts'
import type { CopySlots } from './copy-slots.ts'
import { systemCode } from './durable-file.ts'

/** What every run of an executor shares. */
export interface RunContext {
  readonly objects: ObjectStore
  readonly slots: CopySlots
  /** Epoch ms. */
  readonly clock: () => number
  readonly graceMs: number
  readonly uploadPeriodMs: number
  readonly logLimitBytes: number
  readonly apiEndpoint: () => string | undefined
  /** Aborted when the executor stops watching. */
  readonly closed: AbortSignal
  readonly tell: (event: EventRecord) => void
  readonly wake: () => void
}

/** Tells people something about a task. */
export const tellTask = (context: RunContext, spec: TaskSpec, level: EventLevel, text: string): void =>
  context.tell({
    jobId: spec.jobId,
    source: 'Task',
    level,
    message: `[${spec.task}] ${text}`,
    time: context.clock(),
  })

/** Ending of an event text about a measured step. */
export const timeUsed = (durationMs: number): string =>
  `[time used: ${(Math.max(0, durationMs) / 1000).toFixed(3)}s]`

/** What went wrong in one sentence, without the paths of this machine. */
export const describeError = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown error.'
  const text =
    isTrainyardError(error) || systemCode(error) === '' ? error.message : error.message.split(', ')[0]
  return (text ?? '').replace(/\.?$/, '.').slice(0, 500)
}

/** Size in words, such as `1.5 MiB`. */
export const describeBytes = (bytes: number): string => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1024 ** power
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`
}
