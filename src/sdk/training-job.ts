import type { CreateTrainingJobRequest } from '../contract/create-training-job.ts'
import type { TrainingJob as JobResponse } from '../contract/training-job.ts'
import { JobCalls } from './job-calls.ts'
import { OPERATIONS } from './operations.ts'
import type { OnError } from './outcome.ts'
import type { CallOptions } from './request.ts'
import type { Session } from './session.ts'

/** What a handle of a job is made of. */
export interface TrainingJobOptions<Mode extends OnError = 'throw'> {
  /** Who calls, and where to. */
  readonly session: Session
  /** UUID of the job. */
  readonly jobId: string
  /** How failures reach the caller. Default `throw`. */
  readonly onError?: Mode | undefined
  /** The answer of the create call, when there was one. */
  readonly created?: JobResponse | undefined
}

const DRY_RUN = {
  status: 200,
  otherwise: 'It knows no dry run: look whether it has created the job.',
}

/** A job that exists: what `fit` gives, or made from an id. */
export class TrainingJob<Mode extends OnError = 'throw'> extends JobCalls<Mode> {
  /** UUID of the job. */
  readonly jobId: string
  /** The job as the create call answered it; undefined for a handle made from an id. */
  readonly created: JobResponse | undefined

  constructor(options: TrainingJobOptions<Mode>) {
    super(options.session, options.onError)
    this.jobId = options.jobId
    this.created = options.created
  }

  /** UUID of the job. */
  get id(): string {
    return this.jobId
  }

  /** Creates a job from a request of the wire. Not repeated on trouble: look the name up before creating again. */
  static async create(
    session: Session,
    request: CreateTrainingJobRequest,
    options: CallOptions = {},
  ): Promise<TrainingJob> {
    const created = await session.send(OPERATIONS.createTrainingJob, { ...options, body: request })
    return new TrainingJob({ session, jobId: created.metadata.id, created })
  }

  /**
   * A dry run of `create`: the same checks and refusals, and nothing is kept. Gives the job as it would be created; its
   * id leads to no job.
   */
  static validate(
    session: Session,
    request: CreateTrainingJobRequest,
    options: CallOptions = {},
  ): Promise<JobResponse> {
    const query = { dry_run: true }
    return session.send(OPERATIONS.createTrainingJob, { ...options, body: request, query, expected: DRY_RUN })
  }
}
