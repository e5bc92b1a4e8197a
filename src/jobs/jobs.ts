import type { Catalog } from '../catalog/catalog.ts'
import type { CreateTrainingJobRequest } from '../contract/create-training-job.ts'
import type { ErrorCode } from '../contract/error-codes.ts'
import type { ListEventsQuery, ListEventsResponse } from '../contract/events.ts'
import type { LogPreviewResponse } from '../contract/logs.ts'
import type { MetricsResponse } from '../contract/metrics.ts'
import { isStoppable } from '../contract/phases.ts'
import type { SearchRequest } from '../contract/search.ts'
import type { ListTasksResponse } from '../contract/tasks.ts'
import type { TrainingJob } from '../contract/training-job.ts'
import { isTrainyardError, refusal } from '../contract/trainyard-error.ts'
import type { EventRecord, JobRecord, Move } from '../domain/job-record.ts'
import { beginStop } from '../domain/lifecycle.ts'
import { parseSearch } from '../domain/parse-search.ts'
import type { Executor } from '../executors/executor.ts'
import type { ObjectStore } from '../objects/object-store.ts'
import type { ChangeNotes, Store } from '../store/store.ts'
import { checkPrefixesFree, outputPrefixes } from './check-channels.ts'
import { buildJob, readRequest } from './create-job.ts'
import { listEvents } from './list-events.ts'
import { presentJob, presentPage } from './present-job.ts'
import { readLogPreview } from './read-log.ts'
import type { Requester, WorkspaceAccess } from './requester.ts'
import { showMetrics } from './show-metrics.ts'

export interface JobsOptions {
  readonly store: Store
  readonly objects: ObjectStore
  readonly executor: Executor
  readonly catalog: Catalog
  readonly workspaces: WorkspaceAccess
  /** Resolves when jobs can be checked and taken; throws the refusal when the server takes none now. */
  readonly checkTaking?: () => Promise<void>
  /** Called after every change, so that the scheduler looks at once. */
  readonly wake: () => void
  /** Epoch ms. */
  readonly clock?: () => number
}

/** How often a change is tried again when the scheduler was faster. */
const MAX_TRIES = 10

/** Codes by which `WorkspaceAccess` says that a caller may not look into a workspace. */
const WORKSPACE_CLOSED: readonly string[] = ['ModelArts.0102', 'ModelArts.0112'] satisfies ErrorCode[]

/** What a changed record becomes, and what is written with it. */
interface Change {
  readonly record: JobRecord
  readonly notes: ChangeNotes
}

/** Everything a caller can ask of training jobs. A job of another project, or not visible, is unknown: `ModelArts.2775`. */
export class Jobs {
  readonly #options: JobsOptions
  /** Creates run one after another, so that two cannot claim the same output path at once. */
  #creating: Promise<unknown> = Promise.resolve()

  constructor(options: JobsOptions) {
    this.#options = options
  }

  /**
   * Checks and keeps a new job. Once this resolves, no crash loses it. A dry run checks the same and keeps nothing: it
   * answers the job as it would be created.
   */
  async create(
    requester: Requester,
    body: CreateTrainingJobRequest,
    { isDryRun = false }: { readonly isDryRun?: boolean } = {},
  ): Promise<TrainingJob> {
    const request = readRequest(body)
    await this.#options.workspaces.visibility(requester, request.metadata.workspace_id || '0')
    await this.#options.checkTaking?.()
    const created = this.#creating.then(() => this.#create(requester, request, isDryRun))
    this.#creating = created.catch(() => undefined)
    const record = await created
    if (!isDryRun) this.#options.wake()
    return record.job
  }

  async #create(
    requester: Requester,
    request: CreateTrainingJobRequest,
    isDryRun: boolean,
  ): Promise<JobRecord> {
    const { store, catalog, objects, executor } = this.#options
    const now = this.#now()
    const { name, workspace_id: workspaceId = '0' } = request.metadata
    const nameTaken = () => refusal('ModelArts.2751', `There is a job called ${name} already.`)
    if (await this.#hasName(requester.projectId, workspaceId || '0', name)) throw nameTaken()
    const record = await buildJob(request, { requester, catalog, objects, executor: executor.name, now })
    await this.#checkOutputsFree(record)
    if (isDryRun) return record
    const move: Move = {
      jobId: record.id,
      version: 1,
      from: null,
      to: 'Creating',
      secondaryPhase: 'Creating',
      reason: null,
      time: now,
    }
    const event: EventRecord = {
      jobId: record.id,
      source: 'Job',
      level: 'Info',
      message: 'Job created.',
      time: now,
    }
    if ((await store.jobs.create(record, { move, events: [event] })) === 'name_taken') throw nameTaken()
    return record
  }

  async show(requester: Requester, id: string): Promise<TrainingJob> {
    return presentJob(await this.#find(requester, id), this.#now())
  }

  /** A page of jobs as JSON text. */
  async search(requester: Requester, request: SearchRequest): Promise<string> {
    const now = this.#now()
    const workspaceId = request.workspace_id || '0'
    const access = await this.#options.workspaces.visibility(requester, workspaceId)
    const visible = { projectId: requester.projectId, workspaceId, ...access }
    const { query, echo } = parseSearch(request, { visible }, now)
    const page = await this.#options.store.jobs.search(query)
    return presentPage({ ...echo, ai_project: 'default-ai-project' }, page, now)
  }

  async updateDescription(requester: Requester, id: string, description: string): Promise<void> {
    await this.#change(requester, id, (record) => ({
      record: { ...record, job: { ...record.job, metadata: { ...record.job.metadata, description } } },
      notes: {},
    }))
  }

  /** Deletes a job in any phase. It is invisible at once; what it left is removed by the scheduler. */
  async delete(requester: Requester, id: string): Promise<void> {
    await this.#change(requester, id, (record) => {
      const { phase, secondary_phase: secondaryPhase } = record.job.status
      const deleted = { ...record, deletedAt: this.#now() }
      if (!isStoppable(phase, secondaryPhase)) return { record: deleted, notes: {} }
      const { record: stopping, move } = beginStop(deleted, 'stopped_by_user', this.#now())
      return { record: stopping, notes: move ? { move } : {} }
    })
  }

  /** Asks a job to stop. @throws TrainyardError `ModelArts.2796` when its phase does not allow it. */
  async stop(requester: Requester, id: string): Promise<TrainingJob> {
    const stopping = await this.#change(requester, id, (record) => {
      const { phase, secondary_phase: secondaryPhase } = record.job.status
      if (!isStoppable(phase, secondaryPhase)) {
        throw refusal('ModelArts.2796', `Training job ${id} is ${phase} and cannot be stopped.`)
      }
      const decision = beginStop(record, 'stopped_by_user', this.#now())
      return { record: decision.record, notes: decision.move ? { move: decision.move } : {} }
    })
    return presentJob(stopping, this.#now())
  }

  async previewLog(requester: Requester, id: string, task: string): Promise<LogPreviewResponse> {
    const record = await this.#findTask(requester, id, task)
    const { file } = await this.#options.executor.log(record.id, task)
    if (file === null) await this.#checkNotCleared(record.id, task)
    return readLogPreview(file, task)
  }

  /** Checks that a task has a log. @throws TrainyardError `ModelArts.2818` when it has not written any. */
  async findLog(requester: Requester, id: string, task: string): Promise<void> {
    const record = await this.#findTask(requester, id, task)
    await this.#logFile(record.id, task)
  }

  /** The log file behind a signed link; the link stands for the permission. */
  async linkedLog(projectId: string, id: string, task: string): Promise<string> {
    const record = await this.#options.store.jobs.find(projectId, id)
    if (!record) throw jobUnknown(id)
    checkTask(record, task)
    return this.#logFile(record.id, task)
  }

  async showMetrics(requester: Requester, id: string, task: string): Promise<MetricsResponse> {
    const record = await this.#findTask(requester, id, task)
    return showMetrics(this.#options.store.metrics, record, task, this.#now())
  }

  async listEvents(requester: Requester, id: string, query: ListEventsQuery): Promise<ListEventsResponse> {
    const record = await this.#find(requester, id)
    return listEvents(this.#options.store.events, record.id, query)
  }

  /** Where the tasks ran, of one scheduling or of all. */
  async listTasks(requester: Requester, id: string, scheduleCount?: number): Promise<ListTasksResponse> {
    const record = await this.#find(requester, id)
    return this.#options.store.jobs.listPlacements(record.id, scheduleCount)
  }

  #now(): number {
    return (this.#options.clock ?? Date.now)()
  }

  async #logFile(jobId: string, task: string): Promise<string> {
    const { file } = await this.#options.executor.log(jobId, task)
    if (file !== null) return file
    await this.#checkNotCleared(jobId, task)
    throw refusal('ModelArts.2818', `Task ${task} has not written a log.`)
  }

  async #checkNotCleared(jobId: string, task: string): Promise<void> {
    if (await this.#options.store.upkeep.areLogsCleared(jobId)) {
      throw refusal('ModelArts.2819', `The log of task ${task} was removed after its retention time.`)
    }
  }

  async #find(requester: Requester, id: string): Promise<JobRecord> {
    const record = await this.#options.store.jobs.find(requester.projectId, id)
    if (!record || !(await this.#isVisible(requester, record))) throw jobUnknown(id)
    return record
  }

  async #findTask(requester: Requester, id: string, task: string): Promise<JobRecord> {
    const record = await this.#find(requester, id)
    checkTask(record, task)
    return record
  }

  async #isVisible(requester: Requester, record: JobRecord): Promise<boolean> {
    try {
      const { ownerId } = await this.#options.workspaces.visibility(
        requester,
        record.job.metadata.workspace_id,
      )
      return ownerId === undefined || ownerId === record.ownerId
    } catch (error) {
      // Only what says so hides the job: trouble of the storage must not look like a job that is gone.
      if (isTrainyardError(error) && WORKSPACE_CLOSED.includes(error.code)) return false
      throw error
    }
  }

  /** Changes a job as it is now. When somebody else was faster, the change is worked out anew on what they left. */
  async #change(requester: Requester, id: string, work: (record: JobRecord) => Change): Promise<JobRecord> {
    for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
      const { record, notes } = work(await this.#find(requester, id))
      if (await this.#options.store.jobs.change(record, notes)) {
        this.#options.wake()
        return record
      }
    }
    throw refusal('ModelArts.2878', `Training job ${id} keeps changing.`)
  }

  async #hasName(projectId: string, workspaceId: string, name: string): Promise<boolean> {
    const { query } = parseSearch(
      { filters: [{ key: 'name', operator: 'in', value: [name] }], limit: 1 },
      { visible: { projectId, workspaceId } },
      this.#now(),
    )
    return (await this.#options.store.jobs.search(query)).count > 0
  }

  async #checkOutputsFree(record: JobRecord): Promise<void> {
    const wanted = outputPrefixes(record.job.algorithm?.outputs ?? [])
    if (wanted.length === 0) return
    const active = await this.#options.store.jobs.listActive()
    const others = active.filter(
      ({ projectId, job }) =>
        projectId === record.projectId && ['Creating', 'Pending', 'Running'].includes(job.status.phase),
    )
    checkPrefixesFree(
      wanted,
      others.flatMap(({ job }) => outputPrefixes(job.algorithm?.outputs ?? [])),
    )
  }
}

const jobUnknown = (id: string) =>
  refusal('ModelArts.2775', `Training job ${id.slice(0, 64)} does not exist.`)

const checkTask = (record: JobRecord, task: string): void => {
  if (!record.job.status.tasks.includes(task)) {
    throw refusal(
      'ModelArts.2788',
      `Training job ${record.id} has no task ${JSON.stringify(task.slice(0, 64))}.`,
    )
  }
}
