import type { ErrorCode } from './error-codes.ts'

/** What a caller must be allowed to do. The first seven are the vendor's style of name. */
export const PERMISSIONS = [
  'modelarts:trainJob:list',
  'modelarts:trainJob:get',
  'modelarts:trainJob:create',
  'modelarts:trainJob:update',
  'modelarts:trainJob:stop',
  'modelarts:trainJob:delete',
  'modelarts:trainJob:logs',
  'trainyard:objects:read',
  'trainyard:objects:write',
] as const
export type Permission = (typeof PERMISSIONS)[number]

/** One call of the API without its schemas: all that a client needs while it runs. */
export interface Call {
  /** The vendor SDKs' name of the call, or our own in the same style. */
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD'
  /** Path with `{name}` parameters; `{name*}` takes the rest of the path. */
  readonly path: string
  readonly tag: string
  readonly summary: string
  /** Needed permission; `signed-in` takes any caller, `public` needs no sign-in. */
  readonly access: Permission | 'signed-in' | 'public'
  /** A request without a body is read as `{}`. */
  readonly bodyOptional?: boolean
  /** Body of raw bytes instead of JSON. */
  readonly rawBody?: boolean
  /** HTTP status of success. */
  readonly status: number
  /** HTTP status of a dry run that finds nothing wrong; absent where there is no dry run. */
  readonly dryRunStatus?: number
  /** JSON type of the answer; absent when the answer is bytes or empty. */
  readonly answers?: 'object' | 'array' | 'string' | 'null'
  /** Code of a bad query parameter. Default `ModelArts.2764`. */
  readonly queryCode?: ErrorCode
}

const JOBS = '/v2/{project_id}/training-jobs'
const JOB = `${JOBS}/{training_job_id}` as const
const TASK = `${JOB}/tasks/{task_id}` as const
const OBJECTS = '/v2/{project_id}/objects'
const OBJECT = `${OBJECTS}/{bucket}/{key*}` as const

/**
 * Every call, by the name the code uses for it. Without schemas, which outweigh all else: `operations.ts` adds them for
 * the server, the SDK has their types alone.
 */
export const CALLS = {
  listTrainingJobs: {
    id: 'ListTrainingJobs',
    method: 'POST',
    path: '/v2/{project_id}/training-job-searches',
    tag: 'Training jobs',
    summary: 'Lists training jobs. A read: safe to repeat.',
    access: 'modelarts:trainJob:list',
    bodyOptional: true,
    status: 200,
    answers: 'object',
  },
  createTrainingJob: {
    id: 'CreateTrainingJob',
    method: 'POST',
    path: JOBS,
    tag: 'Training jobs',
    summary: 'Creates a training job and puts it into the queue; with `dry_run` checks it only.',
    access: 'modelarts:trainJob:create',
    status: 201,
    dryRunStatus: 200,
    answers: 'object',
  },
  showTrainingJob: {
    id: 'ShowTrainingJobDetails',
    method: 'GET',
    path: JOB,
    tag: 'Training jobs',
    summary: 'Shows one training job.',
    access: 'modelarts:trainJob:get',
    status: 200,
    answers: 'object',
  },
  updateTrainingJob: {
    id: 'ChangeTrainingJobDescription',
    method: 'PUT',
    path: JOB,
    tag: 'Training jobs',
    summary: 'Changes the description of a job, in any phase.',
    access: 'modelarts:trainJob:update',
    bodyOptional: true,
    status: 200,
    answers: 'null',
  },
  deleteTrainingJob: {
    id: 'DeleteTrainingJob',
    method: 'DELETE',
    path: JOB,
    tag: 'Training jobs',
    summary: 'Deletes a job in any phase, stopping it first. Its outputs in the object store stay.',
    access: 'modelarts:trainJob:delete',
    status: 202,
    answers: 'string',
  },
  stopTrainingJob: {
    id: 'StopTrainingJob',
    method: 'POST',
    path: `${JOB}/actions`,
    tag: 'Training jobs',
    summary: 'Stops a job that is not final.',
    access: 'modelarts:trainJob:stop',
    status: 202,
    answers: 'object',
  },
  listTasks: {
    id: 'ListTrainingJobTasks',
    method: 'GET',
    path: `${JOB}/tasks`,
    tag: 'Training jobs',
    summary: 'Lists where the tasks of a job ran.',
    access: 'modelarts:trainJob:get',
    status: 200,
    answers: 'array',
  },
  previewLog: {
    id: 'ShowTrainingJobLogsPreview',
    method: 'GET',
    path: `${TASK}/logs/preview`,
    tag: 'Logs, events, metrics',
    summary: 'Returns the log of a task, at most its newest 5 MB.',
    access: 'modelarts:trainJob:logs',
    status: 200,
    answers: 'object',
  },
  linkLog: {
    id: 'ShowObsUrlOfTrainingJobLogs',
    method: 'GET',
    path: `${TASK}/logs/url`,
    tag: 'Logs, events, metrics',
    summary: 'Returns a signed link to the whole log of a task.',
    access: 'modelarts:trainJob:logs',
    status: 200,
    answers: 'object',
  },
  showMetrics: {
    id: 'ShowTrainingJobMetrics',
    method: 'GET',
    path: `${JOB}/metrics/{task_id}`,
    tag: 'Logs, events, metrics',
    summary: 'Returns the resource usage of a task, one value per minute.',
    access: 'modelarts:trainJob:get',
    status: 200,
    answers: 'object',
  },
  listEvents: {
    id: 'ListTrainingJobEvents',
    method: 'GET',
    path: `${JOB}/events`,
    tag: 'Logs, events, metrics',
    summary: 'Lists what happened to a job.',
    access: 'modelarts:trainJob:get',
    status: 200,
    queryCode: 'ModelArts.50004000',
    answers: 'object',
  },
  listFlavors: {
    id: 'ShowTrainingJobFlavors',
    method: 'GET',
    path: '/v2/{project_id}/training-job-flavors',
    tag: 'Catalogue',
    summary: 'Lists the flavors: sizes of nodes a job can ask for.',
    access: 'modelarts:trainJob:list',
    status: 200,
    answers: 'object',
  },
  listEngines: {
    id: 'ShowTrainingJobEngines',
    method: 'GET',
    path: '/v2/{project_id}/training-job-engines',
    tag: 'Catalogue',
    summary: 'Lists the engines: AI frameworks a job can name.',
    access: 'modelarts:trainJob:list',
    status: 200,
    answers: 'object',
  },
  listBuckets: {
    id: 'ListBuckets',
    method: 'GET',
    path: OBJECTS,
    tag: 'Object store',
    summary: 'Lists the buckets of the project.',
    access: 'trainyard:objects:read',
    status: 200,
    answers: 'object',
  },
  listObjects: {
    id: 'ListObjects',
    method: 'GET',
    path: `${OBJECTS}/{bucket}`,
    tag: 'Object store',
    summary: 'Lists the objects of a bucket in the order of their keys.',
    access: 'trainyard:objects:read',
    status: 200,
    answers: 'object',
  },
  putObject: {
    id: 'PutObject',
    method: 'PUT',
    path: OBJECT,
    tag: 'Object store',
    summary: 'Writes an object, whole or not at all. A bucket comes into being with its first object.',
    access: 'trainyard:objects:write',
    rawBody: true,
    status: 201,
    answers: 'object',
  },
  getObject: {
    id: 'GetObject',
    method: 'GET',
    path: OBJECT,
    tag: 'Object store',
    summary: 'Returns the bytes of an object; understands Range.',
    access: 'trainyard:objects:read',
    status: 200,
  },
  headObject: {
    id: 'HeadObject',
    method: 'HEAD',
    path: OBJECT,
    tag: 'Object store',
    summary: 'Returns size, time and checksum of an object as headers.',
    access: 'trainyard:objects:read',
    status: 200,
  },
  deleteObject: {
    id: 'DeleteObject',
    method: 'DELETE',
    path: OBJECT,
    tag: 'Object store',
    summary: 'Deletes an object, or with `recursive` everything below a prefix. Gone already is success.',
    access: 'trainyard:objects:write',
    status: 204,
  },
  createToken: {
    id: 'CreateToken',
    method: 'POST',
    path: '/v3/auth/tokens',
    tag: 'Identity',
    summary: 'Issues a token for 24 hours, in the header X-Subject-Token.',
    access: 'public',
    status: 201,
    answers: 'object',
  },
  showToken: {
    id: 'ShowToken',
    method: 'GET',
    path: '/v3/auth/tokens',
    tag: 'Identity',
    summary: 'Checks the token in the header X-Subject-Token.',
    access: 'signed-in',
    status: 200,
    answers: 'object',
  },
  listProjects: {
    id: 'ListProjects',
    method: 'GET',
    path: '/v3/projects',
    tag: 'Identity',
    summary: 'Lists the projects of the caller.',
    access: 'signed-in',
    status: 200,
    answers: 'object',
  },
} as const satisfies Record<string, Call>
