import type { CreateTrainingJobRequest } from '../contract/create-training-job.ts'
import type { EngineItem } from '../contract/engine.ts'
import type { FlavorResponse, FlavorType } from '../contract/flavor.ts'
import { MAX_LIMIT } from '../contract/limits.ts'
import type {
  Filter,
  GroupKey,
  SearchRequest,
  SearchResponse,
  SortKey,
  SortOrder,
  TagFilter,
} from '../contract/search.ts'
import type { TrainingJob as JobResponse } from '../contract/training-job.ts'
import { TrainyardError } from '../contract/trainyard-error.ts'
import { deleteJob, JobCalls, stopJob } from './job-calls.ts'
import { generateJobName, type JobDescription, toCreateRequest } from './job-description.ts'
import { OPERATIONS } from './operations.ts'
import { type OnError, type Outcome, settle } from './outcome.ts'
import { present } from './present.ts'
import type { CallOptions } from './request.ts'
import type { Session } from './session.ts'
import { TrainingJob } from './training-job.ts'
import type { InputDataOptions } from './value-classes.ts'

/** What a class-level call takes besides its own arguments. */
export interface ClassCallOptions<Mode extends OnError = 'throw'> extends CallOptions {
  /** Who calls, and where to. */
  readonly session: Session
  /** How failures reach the caller. Default `throw`. */
  readonly onError?: Mode | undefined
}

/** What an estimator is made of: a job to create, or the id of one that exists. */
export interface EstimatorOptions<Mode extends OnError = 'throw'> extends JobDescription {
  /** Who calls, and where to. */
  readonly session: Session
  /** Addresses an existing job instead of describing a new one. */
  readonly jobId?: string | undefined
  /** How failures reach the caller. Default `throw`. */
  readonly onError?: Mode | undefined
}

/** How a job is created. */
export interface FitOptions extends CallOptions {
  /** Input channels; replace those of the constructor. */
  readonly inputs?: readonly InputDataOptions[] | undefined
  /** Waits until the job is final. Default false. */
  readonly wait?: boolean | undefined
  /** 1 to 64 letters, digits, `_` or `-`. Default: generated. */
  readonly jobName?: string | undefined
}

/** The search body, in camelCase. What is left out is not sent; ranges and defaults are the server's. */
export interface JobListOptions<Mode extends OnError = 'throw'> extends ClassCallOptions<Mode> {
  /** Jobs to skip: 1 starts at the second. */
  readonly offset?: number | undefined
  /** 1 to 50. */
  readonly limit?: number | undefined
  /** Key to sort by. Default `create_time`. */
  readonly sortBy?: SortKey | (string & {}) | undefined
  /** Direction. Default `desc`. */
  readonly order?: SortOrder | undefined
  /** Key whose equal values stand together. */
  readonly groupBy?: GroupKey | (string & {}) | undefined
  /** Conditions that all hold. */
  readonly filters?: readonly Filter[] | undefined
  /** Workspace to look into. Default `"0"`. */
  readonly workspaceId?: string | undefined
  /** Kind of fine-tuning. */
  readonly trainType?: string | undefined
  /** Whether jobs of all kinds are wanted. */
  readonly unifiedJobs?: boolean | undefined
  /** Tags that the jobs have. */
  readonly tags?: readonly TagFilter[] | undefined
  /** Addresses of nodes that ran a task of the job. */
  readonly hostIps?: readonly string[] | undefined
}

const invalid = (message: string): TrainyardError => new TrainyardError('invalid_argument', message)

const toSearchRequest = (options: JobListOptions<OnError>): SearchRequest => {
  const { offset, limit } = options
  if (offset !== undefined && !(Number.isInteger(offset) && offset >= 0)) {
    throw invalid('offset is a whole number from 0.')
  }
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT)) {
    throw invalid(`limit is a whole number from 1 to ${MAX_LIMIT}.`)
  }
  return present({
    offset,
    limit,
    sort_by: options.sortBy,
    order: options.order,
    group_by: options.groupBy,
    filters: options.filters && [...options.filters],
    workspace_id: options.workspaceId,
    train_type: options.trainType,
    unified_jobs: options.unifiedJobs,
    tags: options.tags && [...options.tags],
    host_ips: options.hostIps && [...options.hostIps],
  })
}

const callOptions = ({ signal, timeoutMs }: CallOptions): CallOptions => ({ signal, timeoutMs })

const uploadLocalSources = async (
  session: Session,
  job: JobDescription,
  signal: AbortSignal | undefined,
): Promise<void> => {
  const files = job.trainingFiles
  const code = files?.obsPath === undefined ? [] : [{ from: files.codeDir, to: files.obsPath }]
  const data = (job.inputs ?? [])
    .filter(({ isLocalSource }) => isLocalSource === true)
    .map(({ localPath, obsPath }) => {
      if (localPath === undefined || obsPath === undefined) {
        throw invalid('An input with isLocalSource needs localPath and obsPath.')
      }
      return { from: localPath, to: obsPath }
    })
  for (const { from, to } of [...code, ...data]) {
    if (session.localFiles === undefined) throw invalid('Only a session of Node can upload local files.')
    await session.localFiles.uploadPath(from, to, { signal })
  }
}

/**
 * The estimator of the vendor's Python SDK: describes a job and creates it with `fit`, or addresses one by `jobId`.
 * @example
 * const estimator = new Estimator({ session, frameworkType: 'Python', frameworkVersion: '3.12',
 *   trainingFiles: { codeDir: 'obs://lab/code/', bootFile: 'train.py' }, trainInstanceType: 'yard.cpu.1' })
 * const job = await estimator.fit({ jobName: 'first', wait: true })
 */
export class Estimator<Mode extends OnError = 'throw'> extends JobCalls<Mode> {
  readonly #description: JobDescription
  #jobId: string | undefined

  constructor(options: EstimatorOptions<Mode>) {
    super(options.session, options.onError)
    const { session: _session, jobId, onError: _onError, ...description } = options
    this.#description = description
    this.#jobId = jobId
  }

  /** The job addressed, or the one `fit` created last. @throws TrainyardError `invalid_argument` before that. */
  get jobId(): string {
    if (this.#jobId === undefined) throw invalid('There is no job yet: pass jobId, or call fit first.')
    return this.#jobId
  }

  /**
   * Creates the job, after uploading local sources. With `wait`, a job that fails is `job_not_successful`.
   * Creating is not repeated on trouble: look the name up before calling again.
   */
  fit(options?: FitOptions & { readonly dryRun?: false }): Promise<Outcome<TrainingJob<Mode>, Mode>>
  /** With `dryRun` as `validate`. */
  fit(options: FitOptions & { readonly dryRun: true }): Promise<Outcome<JobResponse, Mode>>
  fit(
    options: FitOptions & { readonly dryRun?: boolean } = {},
  ): Promise<Outcome<TrainingJob<Mode> | JobResponse, Mode>> {
    return options.dryRun === true ? this.validate(options) : this.#create(options)
  }

  /**
   * Has the server check the job as `fit` would, with the same refusals, and creates nothing. Gives the job as it would
   * be created; its id leads to no job. Uploads nothing: local code that `fit` would upload has to be there already.
   */
  validate(options: FitOptions = {}): Promise<Outcome<JobResponse, Mode>> {
    return this.settle(async () => {
      const { request } = this.#toRequest(options)
      return TrainingJob.validate(this.session, request, callOptions(options))
    })
  }

  #toRequest(options: FitOptions): { description: JobDescription; request: CreateTrainingJobRequest } {
    const description = { ...this.#description, inputs: options.inputs ?? this.#description.inputs }
    return {
      description,
      request: toCreateRequest(description, options.jobName ?? generateJobName(Date.now())),
    }
  }

  #create(options: FitOptions): Promise<Outcome<TrainingJob<Mode>, Mode>> {
    return this.settle(async () => {
      const { description, request } = this.#toRequest(options)
      await uploadLocalSources(this.session, description, options.signal)
      const { jobId, created } = await TrainingJob.create(this.session, request, callOptions(options))
      this.#jobId = jobId
      const { session, onError } = this
      if (options.wait === true)
        await new TrainingJob({ session, jobId }).waitForCompletion({ signal: options.signal })
      return new TrainingJob<Mode>({ session, jobId, onError, created })
    })
  }

  /**
   * Lists jobs, newest first unless `sortBy` and `order` say otherwise. `count` is exact for the filters; `total`
   * ignores them. A refused filter key is `ModelArts.2807`, an operator `2808`, a value `2809`.
   * @example const { items } = await Estimator.getJobList({ session, filters: [{ key: 'phase', value: ['Running'] }] })
   */
  static getJobList<Mode extends OnError = 'throw'>(
    options: JobListOptions<Mode>,
  ): Promise<Outcome<SearchResponse, Mode>> {
    return settle(options.onError, async () => {
      const body = toSearchRequest(options)
      return options.session.send(OPERATIONS.listTrainingJobs, { body, ...callOptions(options) })
    })
  }

  /** Stops a job by its id. */
  static controlJobById<Mode extends OnError = 'throw'>(
    options: ClassCallOptions<Mode> & { readonly jobId: string },
  ): Promise<Outcome<JobResponse, Mode>> {
    return settle(options.onError, () => stopJob(options.session, options.jobId, callOptions(options)))
  }

  /** Deletes a job by its id. */
  static deleteJobById<Mode extends OnError = 'throw'>(
    options: ClassCallOptions<Mode> & { readonly jobId: string },
  ): Promise<Outcome<void, Mode>> {
    return settle(options.onError, () => deleteJob(options.session, options.jobId, callOptions(options)))
  }

  /** The flavors a job can ask for. */
  static getFlavors<Mode extends OnError = 'throw'>(
    options: ClassCallOptions<Mode> & { readonly flavorType?: FlavorType | undefined },
  ): Promise<Outcome<FlavorResponse[], Mode>> {
    return settle(options.onError, () => listFlavors(options.session, options.flavorType, options))
  }

  /** The engines a job can name. */
  static getEngines<Mode extends OnError = 'throw'>(
    options: ClassCallOptions<Mode>,
  ): Promise<Outcome<EngineItem[], Mode>> {
    return settle(options.onError, () => listEngines(options))
  }

  /** The ids of the flavors. */
  static getTrainInstanceTypes<Mode extends OnError = 'throw'>(
    options: ClassCallOptions<Mode>,
  ): Promise<Outcome<string[], Mode>> {
    return settle(options.onError, async () => {
      const flavors = await listFlavors(options.session, undefined, options)
      return flavors.flatMap(({ flavor_id: id }) => (id === undefined ? [] : [id]))
    })
  }

  /** Names and versions of the engines. */
  static getFrameworkList<Mode extends OnError = 'throw'>(
    options: ClassCallOptions<Mode>,
  ): Promise<Outcome<{ framework_type: string; framework_version: string }[], Mode>> {
    return settle(options.onError, async () =>
      (await listEngines(options)).map((engine) => ({
        framework_type: engine.engine_name,
        framework_version: engine.engine_version,
      })),
    )
  }
}

const listFlavors = async (
  session: Session,
  flavorType: FlavorType | undefined,
  options: CallOptions,
): Promise<FlavorResponse[]> => {
  const query = present({ flavor_type: flavorType })
  return (await session.send(OPERATIONS.listFlavors, { query, ...callOptions(options) })).flavors
}

const listEngines = async (options: ClassCallOptions<OnError>): Promise<EngineItem[]> =>
  (await options.session.send(OPERATIONS.listEngines, callOptions(options))).items
