import type { JobEvent, ListEventsQuery, ListEventsResponse } from '../contract/events.ts'
import type { LogPreviewResponse } from '../contract/logs.ts'
import type { MetricsResponse } from '../contract/metrics.ts'
import { isFinal } from '../contract/phases.ts'
import type { ListTasksQuery, ListTasksResponse } from '../contract/tasks.ts'
import type { TrainingJob as JobResponse } from '../contract/training-job.ts'
import { type FollowLogOptions, followLog, type LogSource } from './follow-log.ts'
import { type IterateEventsOptions, iterateEvents } from './iterate-events.ts'
import { reachLink } from './link.ts'
import { type LogLine, logLines } from './log-lines.ts'
import { OPERATIONS } from './operations.ts'
import { type OnError, type Outcome, settle } from './outcome.ts'
import type { CallOptions } from './request.ts'
import type { Session } from './session.ts'
import { type WaitOptions, waitForJob } from './wait-for-job.ts'

/** The task whose log and metrics are meant when none is named. */
export const FIRST_TASK = 'worker-0'

/** Stops a job that is not final. @throws TrainyardError `ModelArts.2796` when it is final or being stopped. */
export const stopJob = (session: Session, jobId: string, options: CallOptions = {}): Promise<JobResponse> =>
  session.send(OPERATIONS.stopTrainingJob, {
    ...options,
    params: { training_job_id: jobId },
    body: { action_type: 'terminate' },
  })

/** Deletes a job in any phase. @throws TrainyardError `ModelArts.2775` when there is none. */
export const deleteJob = async (
  session: Session,
  jobId: string,
  options: CallOptions = {},
): Promise<void> => {
  await session.send(OPERATIONS.deleteTrainingJob, {
    ...options,
    params: { training_job_id: jobId },
    goneCode: 'ModelArts.2775',
  })
}

/**
 * What can be asked of one job. Each call has a plain name and the name of the Python SDK in camelCase.
 * An unknown job is `ModelArts.2775`, an unknown task `ModelArts.2788`.
 */
export abstract class JobCalls<Mode extends OnError = 'throw'> {
  /** Who calls, and where to. */
  readonly session: Session
  /** How failures reach the caller. */
  protected readonly onError: Mode | undefined

  constructor(session: Session, onError: Mode | undefined) {
    this.session = session
    this.onError = onError
  }

  /** UUID of the job. */
  abstract get jobId(): string

  /** The job as it is now. */
  info(options: CallOptions = {}): Promise<Outcome<JobResponse, Mode>> {
    return this.settle(() => this.#show(options))
  }

  /** As `info`. */
  getJobInfo(options: CallOptions = {}): Promise<Outcome<JobResponse, Mode>> {
    return this.info(options)
  }

  /** Changes the description, 0 to 256 characters, in any phase. */
  updateDescription(description: string, options: CallOptions = {}): Promise<Outcome<void, Mode>> {
    return this.settle(async () => {
      await this.session.send(OPERATIONS.updateTrainingJob, {
        ...this.#about(options),
        body: { description },
      })
    })
  }

  /** As `updateDescription`. */
  updateJobConfigs(
    configs: { readonly description: string },
    options: CallOptions = {},
  ): Promise<Outcome<void, Mode>> {
    return this.updateDescription(configs.description, options)
  }

  /** Stops the job; a failure with `ModelArts.2796` when it is final or being stopped. */
  stop(options: CallOptions = {}): Promise<Outcome<JobResponse, Mode>> {
    return this.settle(() => stopJob(this.session, this.jobId, options))
  }

  /** As `stop`. */
  controlJob(options: CallOptions = {}): Promise<Outcome<JobResponse, Mode>> {
    return this.stop(options)
  }

  /** Deletes the job in any phase, stopping it first. */
  delete(options: CallOptions = {}): Promise<Outcome<void, Mode>> {
    return this.settle(() => deleteJob(this.session, this.jobId, options))
  }

  /** As `delete`. */
  deleteJob(options: CallOptions = {}): Promise<Outcome<void, Mode>> {
    return this.delete(options)
  }

  /** The log of a task, at most its newest 5 MB; a failure with `ModelArts.2818` before the first output. */
  log(taskId: string = FIRST_TASK, options: CallOptions = {}): Promise<Outcome<LogPreviewResponse, Mode>> {
    return this.settle(() => this.session.send(OPERATIONS.previewLog, this.#aboutTask(taskId, options)))
  }

  /** As `log`. */
  getJobLog(
    taskId: string = FIRST_TASK,
    options: CallOptions = {},
  ): Promise<Outcome<LogPreviewResponse, Mode>> {
    return this.log(taskId, options)
  }

  /** Resource usage of a task: six series, one value per minute, -1 where nothing was measured. */
  metrics(taskId: string = FIRST_TASK, options: CallOptions = {}): Promise<Outcome<MetricsResponse, Mode>> {
    return this.settle(() => this.session.send(OPERATIONS.showMetrics, this.#aboutTask(taskId, options)))
  }

  /** As `metrics`. */
  getJobMetrics(
    taskId: string = FIRST_TASK,
    options: CallOptions = {},
  ): Promise<Outcome<MetricsResponse, Mode>> {
    return this.metrics(taskId, options)
  }

  /** What happened to the job, newest first unless `order` says otherwise. */
  events(query: ListEventsQuery = {}, options: CallOptions = {}): Promise<Outcome<ListEventsResponse, Mode>> {
    return this.settle(() => this.session.send(OPERATIONS.listEvents, { ...this.#about(options), query }))
  }

  /** As `events`. */
  getJobEvents(
    query: ListEventsQuery = {},
    options: CallOptions = {},
  ): Promise<Outcome<ListEventsResponse, Mode>> {
    return this.events(query, options)
  }

  /** Where the tasks ran, by scheduling and then by task; empty before the job has its place. */
  tasks(query: ListTasksQuery = {}, options: CallOptions = {}): Promise<Outcome<ListTasksResponse, Mode>> {
    return this.settle(() => this.session.send(OPERATIONS.listTasks, { ...this.#about(options), query }))
  }

  /** As `tasks`. */
  getJobTasks(
    query: ListTasksQuery = {},
    options: CallOptions = {},
  ): Promise<Outcome<ListTasksResponse, Mode>> {
    return this.tasks(query, options)
  }

  /** A link to the whole log of a task, valid 5 minutes for whoever has it. */
  logUrl(
    taskId: string = FIRST_TASK,
    options: CallOptions & { readonly download?: boolean | undefined } = {},
  ): Promise<Outcome<string, Mode>> {
    return this.settle(() => this.#link(taskId, options.download === true, options))
  }

  /** As `logUrl`. */
  getJobLogUrl(
    taskId: string = FIRST_TASK,
    options: CallOptions & { readonly download?: boolean | undefined } = {},
  ): Promise<Outcome<string, Mode>> {
    return this.logUrl(taskId, options)
  }

  /**
   * The log of a task as it grows, in pieces of text that may end anywhere; ends when the job is final and all is
   * read. Outlives expired links and restarts of the server. Always throws, whatever `onError` says.
   * @example for await (const text of job.followLog()) process.stdout.write(text)
   */
  followLog(taskId: string = FIRST_TASK, options: FollowLogOptions = {}): AsyncGenerator<string> {
    return followLog(this.#logSource(taskId), options)
  }

  /**
   * As `followLog`, line by line, each line once. To go on later, pass the `nextOffset` of the last line as `offset`.
   * @example for await (const { text } of job.logLines()) console.log(text)
   */
  logLines(taskId: string = FIRST_TASK, options: FollowLogOptions = {}): AsyncGenerator<LogLine> {
    return logLines(this.#logSource(taskId), options)
  }

  /**
   * What happened to the job, each event once, oldest first unless the query says otherwise. With `follow` also what is
   * yet to happen, until the job is final. Always throws, whatever `onError` says.
   * @example for await (const { time, message } of job.iterateEvents({}, { follow: true })) console.log(time, message)
   */
  iterateEvents(query: ListEventsQuery = {}, options: IterateEventsOptions = {}): AsyncGenerator<JobEvent> {
    const source = {
      isLocal: this.session.isLocal,
      isFinal: (call: CallOptions) => this.#isFinal(call),
      list: (page: ListEventsQuery, call: CallOptions) =>
        this.session.send(OPERATIONS.listEvents, { ...this.#about(call), query: page }),
    }
    return iterateEvents(source, query, options)
  }

  /**
   * Waits until the job is final; gives it when Completed or Terminated. A failure with `job_not_successful` on Failed
   * or Abnormal (the error's `cause` is the job), with `request_timeout` when `timeoutMs` is over.
   */
  waitForCompletion(options: WaitOptions = {}): Promise<Outcome<JobResponse, Mode>> {
    const job = { isLocal: this.session.isLocal, info: (call: CallOptions) => this.#show(call) }
    return this.settle(() => waitForJob(job, options))
  }

  protected settle<T>(work: () => Promise<T>): Promise<Outcome<T, Mode>> {
    return settle(this.onError, work)
  }

  #show(options: CallOptions): Promise<JobResponse> {
    return this.session.send(OPERATIONS.showTrainingJob, this.#about(options))
  }

  async #isFinal(options: CallOptions): Promise<boolean> {
    const { phase, secondary_phase: secondaryPhase } = (await this.#show(options)).status
    return isFinal(phase, secondaryPhase)
  }

  #logSource(taskId: string): LogSource {
    return {
      isLocal: this.session.isLocal,
      isFinal: (signal) => this.#isFinal({ signal }),
      link: (signal) => this.#link(taskId, false, { signal }),
      open: (link, offset, signal) => this.session.openLink(link, offset, { signal }),
    }
  }

  async #link(taskId: string, isDownload: boolean, options: CallOptions): Promise<string> {
    const query = { 'Content-Type': isDownload ? 'application/octet-stream' : 'text/plain' }
    const { signal, timeoutMs } = options
    const request = { ...this.#aboutTask(taskId, { signal, timeoutMs }), query }
    return reachLink((await this.session.send(OPERATIONS.linkLog, request)).obs_url, this.session.endpoint)
  }

  #about(options: CallOptions) {
    return { ...options, params: { training_job_id: this.jobId } }
  }

  #aboutTask(taskId: string, options: CallOptions) {
    return { ...options, params: { training_job_id: this.jobId, task_id: taskId } }
  }
}
