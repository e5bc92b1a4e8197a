import { type Static, type TSchema, Type } from 'typebox'
import {
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
import { TrainingJob } from './training-job.ts'

export { type Operation, PERMISSIONS, type Permission } from './operation.ts'

const define = <const Definition extends Operation>(definition: Definition): Definition => definition

const JOBS = '/v2/{project_id}/training-jobs'
const JOB = `${JOBS}/{training_job_id}` as const
const TASK = `${JOB}/tasks/{task_id}` as const
const OBJECTS = '/v2/{project_id}/objects'
const OBJECT = `${OBJECTS}/{bucket}/{key*}` as const

/** Every call, by the name the code uses for it. */
export const OPERATIONS = {
  listTrainingJobs: define({
    id: 'ListTrainingJobs',
    method: 'POST',
    path: '/v2/{project_id}/training-job-searches',
    tag: 'Training jobs',
    summary: 'Lists training jobs. A read: safe to repeat.',
    access: 'modelarts:trainJob:list',
    body: SearchRequest,
    bodyOptional: true,
    status: 200,
    answer: SearchResponse,
  }),
  createTrainingJob: define({
    id: 'CreateTrainingJob',
    method: 'POST',
    path: JOBS,
    tag: 'Training jobs',
    summary: 'Creates a training job and puts it into the queue.',
    access: 'modelarts:trainJob:create',
    body: CreateTrainingJobRequest,
    status: 201,
    answer: TrainingJob,
  }),
  showTrainingJob: define({
    id: 'ShowTrainingJobDetails',
    method: 'GET',
    path: JOB,
    tag: 'Training jobs',
    summary: 'Shows one training job.',
    access: 'modelarts:trainJob:get',
    status: 200,
    answer: TrainingJob,
  }),
  updateTrainingJob: define({
    id: 'ChangeTrainingJobDescription',
    method: 'PUT',
    path: JOB,
    tag: 'Training jobs',
    summary: 'Changes the description of a job, in any phase.',
    access: 'modelarts:trainJob:update',
    body: UpdateTrainingJobRequest,
    bodyOptional: true,
    status: 200,
    answer: Type.Null({ description: 'Always null.' }),
  }),
  deleteTrainingJob: define({
    id: 'DeleteTrainingJob',
    method: 'DELETE',
    path: JOB,
    tag: 'Training jobs',
    summary: 'Deletes a job in any phase, stopping it first. Its outputs in the object store stay.',
    access: 'modelarts:trainJob:delete',
    status: 202,
    answer: Type.String({ description: 'Always empty.' }),
  }),
  stopTrainingJob: define({
    id: 'StopTrainingJob',
    method: 'POST',
    path: `${JOB}/actions`,
    tag: 'Training jobs',
    summary: 'Stops a job that is not final.',
    access: 'modelarts:trainJob:stop',
    body: TrainingJobAction,
    status: 202,
    answer: TrainingJob,
  }),
  previewLog: define({
    id: 'ShowTrainingJobLogsPreview',
    method: 'GET',
    path: `${TASK}/logs/preview`,
    tag: 'Logs, events, metrics',
    summary: 'Returns the log of a task, at most its newest 5 MB.',
    access: 'modelarts:trainJob:logs',
    status: 200,
    answer: LogPreviewResponse,
  }),
  linkLog: define({
    id: 'ShowObsUrlOfTrainingJobLogs',
    method: 'GET',
    path: `${TASK}/logs/url`,
    tag: 'Logs, events, metrics',
    summary: 'Returns a signed link to the whole log of a task.',
    access: 'modelarts:trainJob:logs',
    query: LogLinkQuery,
    status: 200,
    answer: LogLinkResponse,
  }),
  showMetrics: define({
    id: 'ShowTrainingJobMetrics',
    method: 'GET',
    path: `${JOB}/metrics/{task_id}`,
    tag: 'Logs, events, metrics',
    summary: 'Returns the resource usage of a task, one value per minute.',
    access: 'modelarts:trainJob:get',
    status: 200,
    answer: MetricsResponse,
  }),
  listEvents: define({
    id: 'ListTrainingJobEvents',
    method: 'GET',
    path: `${JOB}/events`,
    tag: 'Logs, events, metrics',
    summary: 'Lists what happened to a job.',
    access: 'modelarts:trainJob:get',
    query: ListEventsQuery,
    status: 200,
    answer: ListEventsResponse,
    queryCode: 'ModelArts.50004000',
  }),
  listFlavors: define({
    id: 'ShowTrainingJobFlavors',
    method: 'GET',
    path: '/v2/{project_id}/training-job-flavors',
    tag: 'Catalogue',
    summary: 'Lists the flavors: sizes of nodes a job can ask for.',
    access: 'modelarts:trainJob:list',
    query: ListFlavorsQuery,
    status: 200,
    answer: ListFlavorsResponse,
  }),
  listEngines: define({
    id: 'ShowTrainingJobEngines',
    method: 'GET',
    path: '/v2/{project_id}/training-job-engines',
    tag: 'Catalogue',
    summary: 'Lists the engines: AI frameworks a job can name.',
    access: 'modelarts:trainJob:list',
    status: 200,
    answer: ListEnginesResponse,
  }),
  listBuckets: define({
    id: 'ListBuckets',
    method: 'GET',
    path: OBJECTS,
    tag: 'Object store',
    summary: 'Lists the buckets of the project.',
    access: 'trainyard:objects:read',
    status: 200,
    answer: ListBucketsResponse,
  }),
  listObjects: define({
    id: 'ListObjects',
    method: 'GET',
    path: `${OBJECTS}/{bucket}`,
    tag: 'Object store',
    summary: 'Lists the objects of a bucket in the order of their keys.',
    access: 'trainyard:objects:read',
    query: ListObjectsQuery,
    status: 200,
    answer: ListObjectsResponse,
  }),
  putObject: define({
    id: 'PutObject',
    method: 'PUT',
    path: OBJECT,
    tag: 'Object store',
    summary: 'Writes an object, whole or not at all. A bucket comes into being with its first object.',
    access: 'trainyard:objects:write',
    rawBody: true,
    status: 201,
    answer: PutObjectResponse,
  }),
  getObject: define({
    id: 'GetObject',
    method: 'GET',
    path: OBJECT,
    tag: 'Object store',
    summary: 'Returns the bytes of an object; understands Range.',
    access: 'trainyard:objects:read',
    status: 200,
  }),
  headObject: define({
    id: 'HeadObject',
    method: 'HEAD',
    path: OBJECT,
    tag: 'Object store',
    summary: 'Returns size, time and checksum of an object as headers.',
    access: 'trainyard:objects:read',
    status: 200,
  }),
  deleteObject: define({
    id: 'DeleteObject',
    method: 'DELETE',
    path: OBJECT,
    tag: 'Object store',
    summary: 'Deletes an object, or with `recursive` everything below a prefix. Gone already is success.',
    access: 'trainyard:objects:write',
    query: DeleteObjectQuery,
    status: 204,
  }),
  createToken: define({
    id: 'CreateToken',
    method: 'POST',
    path: '/v3/auth/tokens',
    tag: 'Identity',
    summary: 'Issues a token for 24 hours, in the header X-Subject-Token.',
    access: 'public',
    query: CreateTokenQuery,
    body: CreateTokenRequest,
    status: 201,
    answer: TokenResponse,
  }),
  showToken: define({
    id: 'ShowToken',
    method: 'GET',
    path: '/v3/auth/tokens',
    tag: 'Identity',
    summary: 'Checks the token in the header X-Subject-Token.',
    access: 'signed-in',
    status: 200,
    answer: TokenResponse,
  }),
  listProjects: define({
    id: 'ListProjects',
    method: 'GET',
    path: '/v3/projects',
    tag: 'Identity',
    summary: 'Lists the projects of the caller.',
    access: 'signed-in',
    query: ListProjectsQuery,
    status: 200,
    answer: ListProjectsResponse,
  }),
} as const

/** Names of the parameters in a path. */
type PathNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? (Name extends `${infer Plain}*` ? Plain : Name) | PathNames<Rest>
  : never

type StaticOf<Schema> = Schema extends TSchema ? Static<Schema> : undefined

export type PathParameters<O extends Operation> = { readonly [Name in PathNames<O['path']>]: string }
export type QueryOf<O extends Operation> = O extends { query: infer Schema } ? StaticOf<Schema> : undefined
export type BodyOf<O extends Operation> = O extends { body: infer Schema } ? StaticOf<Schema> : undefined
export type AnswerOf<O extends Operation> = O extends { answer: infer Schema } ? StaticOf<Schema> : undefined
