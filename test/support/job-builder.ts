import { randomUUID } from 'node:crypto'
import type { JobMetadata } from '../../src/contract/metadata.ts'
import type { Phase, SecondaryPhase } from '../../src/contract/phases.ts'
import type { JobStatus } from '../../src/contract/status.ts'
import type { TrainingJob } from '../../src/contract/training-job.ts'
import type { JobRecord } from '../../src/domain/job-record.ts'

/** What a test wants to be different: fields of the record, and fields of the parts of its document. */
export interface JobOverrides extends Partial<Omit<JobRecord, 'job'>> {
  readonly phase?: Phase
  readonly metadata?: Partial<JobMetadata>
  readonly status?: Partial<JobStatus>
  readonly algorithm?: TrainingJob['algorithm']
  readonly spec?: TrainingJob['spec']
  /** Any other field of the document. */
  readonly job?: Partial<TrainingJob>
}

/** The usual secondary phase of each phase. */
const SECONDARY: Record<Phase, SecondaryPhase> = {
  Creating: 'Creating',
  Pending: 'Queuing',
  Running: 'Running',
  Completed: 'Completed',
  Failed: 'Failed',
  Terminating: 'Terminating',
  Terminated: 'Terminated',
  Abnormal: 'Lost',
}

/** When jobs of the builder were created: 2030-03-01T08:00:00Z. */
export const BUILDER_TIME = 1_898_582_400_000

const RAN_MS = 90_000

const HAS_RUN: readonly Phase[] = ['Running', 'Completed', 'Failed']
const HAS_ENDED: readonly Phase[] = ['Completed', 'Failed', 'Terminated', 'Abnormal']

let counter = 0

/** A valid job, by default one that waits, with an id and a name of its own; times fit the phase. */
export const aJobRecord = (overrides: JobOverrides = {}): JobRecord => {
  const { phase = 'Pending', metadata, status, algorithm, spec, job, ...record } = overrides
  counter += 1
  const id = record.id ?? metadata?.id ?? randomUUID()
  const ownerId = record.ownerId ?? 'user-1'
  const createTime = metadata?.create_time ?? BUILDER_TIME
  const hasRun = HAS_RUN.includes(phase)
  const startTime = record.startTime === undefined ? (hasRun ? createTime + 1_000 : null) : record.startTime
  const hasEnded = HAS_ENDED.includes(phase)
  return {
    id,
    projectId: 'project-1',
    version: 1,
    secrets: {},
    run: null,
    endTime: hasEnded ? (startTime ?? createTime) + RAN_MS : null,
    deletedAt: null,
    ...record,
    ownerId,
    startTime,
    job: {
      kind: 'job',
      metadata: {
        id,
        name: `job-${counter}`,
        workspace_id: '0',
        description: '',
        create_time: createTime,
        user_name: 'trainer',
        annotations: { job_template: 'Template DL' },
        ai_project: 'default-ai-project',
        ...metadata,
      },
      status: {
        phase,
        secondary_phase: SECONDARY[phase],
        duration: hasRun && hasEnded ? RAN_MS : 0,
        node_count_metrics: null,
        tasks: ['worker-0'],
        start_time: String(startTime ?? 0),
        ...status,
      },
      algorithm: algorithm ?? {
        code_dir: '/lab/code/',
        boot_file: '/lab/code/train.py',
        engine: { engine_id: 'python_3.11', engine_name: 'Python', engine_version: 'python_3.11' },
        parameters: [{ name: 'epochs', value: '3' }],
        policies: {},
        inputs: [],
        outputs: [],
        environments: {},
      },
      spec: spec ?? {
        resource: {
          policy: 'regular',
          flavor_id: 'yard.cpu.1x',
          flavor_name: '1 core',
          node_count: 1,
          flavor_detail: {
            flavor_type: 'CPU',
            flavor_info: { max_num: 1, cpu: { arch: 'x86', core_num: 1 } },
          },
        },
      },
      trainyard: { owner: ownerId, executor: 'local' },
      ...job,
    },
  }
}
