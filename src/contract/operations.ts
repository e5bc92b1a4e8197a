import { type Static, type TSchema, Type } from 'typebox'
import { CALLS, type Call } from './calls.ts'
import {
  CreateTrainingJobQuery,
  CreateTrainingJobRequest,
  TrainingJobAction,
  UpdateTrainingJobRequest,
} from './create-training-job.ts'
import { ListEnginesResponse } from './engine.ts'
import { ListEventsQuery, ListEventsResponse } from './events.ts'
import { ListFlavorsQuery, ListFlavorsResponse } from './flavor.ts'
import {
  CreateTokenQuery,
  CreateTokenRequest,
  ListProjectsQuery,
  ListProjectsResponse,
  TokenResponse,
} from './identity.ts'
import { LogLinkQuery, LogLinkResponse, LogPreviewResponse } from './logs.ts'
import { MetricsResponse } from './metrics.ts'
import {
  DeleteObjectQuery,
  ListBucketsResponse,
  ListObjectsQuery,
  ListObjectsResponse,
  PutObjectResponse,
} from './objects.ts'
import type { Operation } from './operation.ts'
import { SearchRequest, SearchResponse } from './search.ts'
import { ListTasksQuery, ListTasksResponse } from './tasks.ts'
import { TrainingJob } from './training-job.ts'

export { type Operation, PERMISSIONS, type Permission } from './operation.ts'

const define = <const Definition extends Operation>(definition: Definition): Definition => definition

/** Every call with its schemas, by the name the code uses for it. */
export const OPERATIONS = {
  listTrainingJobs: define({
    ...CALLS.listTrainingJobs,
    body: SearchRequest,
    answer: SearchResponse,
  }),
  createTrainingJob: define({
    ...CALLS.createTrainingJob,
    query: CreateTrainingJobQuery,
    body: CreateTrainingJobRequest,
    answer: TrainingJob,
  }),
  showTrainingJob: define({
    ...CALLS.showTrainingJob,
    answer: TrainingJob,
  }),
  updateTrainingJob: define({
    ...CALLS.updateTrainingJob,
    body: UpdateTrainingJobRequest,
    answer: Type.Null({ description: 'Always null.' }),
  }),
  deleteTrainingJob: define({
    ...CALLS.deleteTrainingJob,
    answer: Type.String({ description: 'Always empty.' }),
  }),
  stopTrainingJob: define({
    ...CALLS.stopTrainingJob,
    body: TrainingJobAction,
    answer: TrainingJob,
  }),
  listTasks: define({
    ...CALLS.listTasks,
    query: ListTasksQuery,
    answer: ListTasksResponse,
  }),
  previewLog: define({
    ...CALLS.previewLog,
    answer: LogPreviewResponse,
  }),
  linkLog: define({
    ...CALLS.linkLog,
    query: LogLinkQuery,
    answer: LogLinkResponse,
  }),
  showMetrics: define({
    ...CALLS.showMetrics,
    answer: MetricsResponse,
  }),
  listEvents: define({
    ...CALLS.listEvents,
    query: ListEventsQuery,
    answer: ListEventsResponse,
  }),
  listFlavors: define({
    ...CALLS.listFlavors,
    query: ListFlavorsQuery,
    answer: ListFlavorsResponse,
  }),
  listEngines: define({
    ...CALLS.listEngines,
    answer: ListEnginesResponse,
  }),
  listBuckets: define({
    ...CALLS.listBuckets,
    answer: ListBucketsResponse,
  }),
  listObjects: define({
    ...CALLS.listObjects,
    query: ListObjectsQuery,
    answer: ListObjectsResponse,
  }),
  putObject: define({
    ...CALLS.putObject,
    answer: PutObjectResponse,
  }),
  getObject: define({ ...CALLS.getObject }),
  headObject: define({ ...CALLS.headObject }),
  deleteObject: define({
    ...CALLS.deleteObject,
    query: DeleteObjectQuery,
  }),
  createToken: define({
    ...CALLS.createToken,
    query: CreateTokenQuery,
    body: CreateTokenRequest,
    answer: TokenResponse,
  }),
  showToken: define({
    ...CALLS.showToken,
    answer: TokenResponse,
  }),
  listProjects: define({
    ...CALLS.listProjects,
    query: ListProjectsQuery,
    answer: ListProjectsResponse,
  }),
} as const

/** Names of the parameters in a path. */
type PathNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? (Name extends `${infer Plain}*` ? Plain : Name) | PathNames<Rest>
  : never

type StaticOf<Schema> = Schema extends TSchema ? Static<Schema> : undefined

export type PathParameters<O extends Call> = { readonly [Name in PathNames<O['path']>]: string }
export type QueryOf<O extends Call> = O extends { query?: infer Schema } ? StaticOf<Schema> : undefined
export type BodyOf<O extends Call> = O extends { body?: infer Schema } ? StaticOf<Schema> : undefined
export type AnswerOf<O extends Call> = O extends { answer?: infer Schema } ? StaticOf<Schema> : undefined

type SchemaName = 'query' | 'body' | 'answer'

/** An operation as a client holds it: the schemas are there as types, at run time they may be missing. */
export type ClientCall<O extends Operation> = Omit<O, SchemaName> & {
  readonly [Name in keyof O & SchemaName]?: O[Name]
}
