export type { CreateTrainingJobRequest } from '../contract/create-training-job.ts'
export type { EngineItem } from '../contract/engine.ts'
export type { JobEvent, ListEventsQuery, ListEventsResponse } from '../contract/events.ts'
export type { FlavorResponse, FlavorType } from '../contract/flavor.ts'
export type { LogPreviewResponse } from '../contract/logs.ts'
export type { MetricsResponse } from '../contract/metrics.ts'
export type { ObjectInfo, PutObjectResponse } from '../contract/objects.ts'
export { isFinal, isStoppable, PHASES, type Phase, type SecondaryPhase } from '../contract/phases.ts'
export type { Filter, SearchRequest, SearchResponse } from '../contract/search.ts'
export type { ListTasksQuery, ListTasksResponse, TaskPlacement } from '../contract/tasks.ts'
export type { TrainingJob as JobResponse } from '../contract/training-job.ts'
export { isTrainyardError, TrainyardError } from '../contract/trainyard-error.ts'
export { type ErrorCode, hasCode } from './error-code.ts'
export {
  type ClassCallOptions,
  Estimator,
  type EstimatorOptions,
  type FitOptions,
  type JobListOptions,
} from './estimator.ts'
export type { FollowLogOptions } from './follow-log.ts'
export type { BytesAnswer, Fetch } from './http.ts'
export type { IterateEventsOptions } from './iterate-events.ts'
export { iterateJobs, iteratePages, type JobPage } from './iterate-jobs.ts'
export { checkJobName, generateJobName, type JobDescription } from './job-description.ts'
export type { LocalFiles } from './local-files.ts'
export type { LogLine } from './log-lines.ts'
export {
  type ListOptions,
  Obs,
  type ObsEntry,
  type PutOptions,
  parseDirectoryUrl,
  parseObjectUrl,
  type StoredContent,
  toObsUrl,
} from './obs.ts'
export { OPERATIONS } from './operations.ts'
export type { ErrorResult, OnError, Outcome } from './outcome.ts'
export type { CallOptions, Content } from './request.ts'
export type { RetryPolicy } from './retry.ts'
export type { Sender, SessionRequest } from './sender.ts'
export { type Endpoints, Session, type SessionOptions } from './session.ts'
export { TrainingJob, type TrainingJobOptions } from './training-job.ts'
export {
  type AccessMethod,
  InputData,
  type InputDataOptions,
  OutputData,
  type OutputDataOptions,
  TrainingFiles,
  type TrainingFilesOptions,
} from './value-classes.ts'
export { SDK_VERSION } from './version.ts'
export type { WaitOptions } from './wait-for-job.ts'
