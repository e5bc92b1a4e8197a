import { randomUUID } from 'node:crypto'
import { Value } from 'typebox/value'
import type { Catalog } from '../catalog/catalog.ts'
import type { JobAlgorithmResponse } from '../contract/algorithm.ts'
import {
  type AlgorithmRequest,
  CreateTrainingJobRequest,
  MAX_DESCRIPTION,
} from '../contract/create-training-job.ts'
import type { TrainingJob } from '../contract/training-job.ts'
import { refusal } from '../contract/trainyard-error.ts'
import type { JobRecord } from '../domain/job-record.ts'
import { taskId } from '../domain/task-names.ts'
import type { ObjectStore } from '../objects/object-store.ts'
import { checkAlgorithm } from './check-algorithm.ts'
import { checkInputs, checkOutputs, checkRemotes } from './check-channels.ts'
import { checkEnvironments, checkLocalCodeDir, checkWorkingDir } from './check-environment.ts'
import { checkParameters } from './check-parameters.ts'
import { checkSpec, checkSpecFields } from './check-spec.ts'
import type { Requester } from './requester.ts'

/** What a new job is made from, beside the request. */
export interface CreateContext {
  readonly requester: Requester
  readonly catalog: Catalog
  readonly objects: ObjectStore
  /** Name of the executor that will run it. */
  readonly executor: string
  readonly now: number
}

/** Fields that no request may leave as it likes, without unknown ones: a posted-back answer becomes a clean request. */
export const readRequest = (body: CreateTrainingJobRequest): CreateTrainingJobRequest => {
  const request = Value.Clean(CreateTrainingJobRequest, structuredClone(body)) as CreateTrainingJobRequest
  const kind = request.kind ?? 'job'
  if (kind !== 'job')
    throw refusal('ModelArts.2858', `Jobs of kind ${kind} cannot be run by this server yet.`)
  if (request.ftjob_config || request.train_type) {
    throw refusal('ModelArts.2858', 'Fine-tuning jobs cannot be run by this server.')
  }
  if (request.tasks) throw refusal('ModelArts.2788', 'tasks belongs to jobs of kind hetero_job.')
  if (!request.algorithm) throw refusal('ModelArts.2788', 'algorithm is missing.')
  if (!request.spec?.resource) throw refusal('ModelArts.2788', 'spec.resource is missing.')
  refuseSearch(request.algorithm)
  checkAnnotations(request.metadata.annotations ?? {})
  checkSpecFields(request.spec)
  // Characters, not UTF-16 units: the update call counts the same way.
  if ([...(request.metadata.description ?? '')].length > MAX_DESCRIPTION) {
    throw refusal('ModelArts.2816', `metadata.description is longer than ${MAX_DESCRIPTION} characters.`)
  }
  checkEnvironments(request.algorithm.environments ?? {})
  return request
}

const refuseSearch = (algorithm: AlgorithmRequest): void => {
  if (algorithm.policies?.auto_search || algorithm.autosearch_config_path) {
    throw refusal('ModelArts.2858', 'Hyperparameter search cannot be run by this server yet.')
  }
}

const MAX_ANNOTATIONS = 100
const RETRY_ANNOTATION = 'fault-tolerance/job-retry-num'

const checkAnnotations = (annotations: Readonly<Record<string, string>>): void => {
  if (Object.keys(annotations).length > MAX_ANNOTATIONS) {
    throw refusal('ModelArts.2816', `metadata.annotations has more than ${MAX_ANNOTATIONS} entries.`)
  }
  const retries = annotations[RETRY_ANNOTATION]
  if (retries !== undefined && !/^([1-9]|[1-9]\d|1[01]\d|12[0-8])$/.test(retries)) {
    throw refusal('ModelArts.2788', `Annotation ${RETRY_ANNOTATION} is not a number from 1 to 128.`)
  }
}

/** Makes the record of a new job, or refuses it with the code of the first mistake. */
export const buildJob = async (
  request: CreateTrainingJobRequest,
  context: CreateContext,
): Promise<JobRecord> => {
  const { requester, executor, now } = context
  checkExperiment(request)
  const { algorithm, secrets } = await buildAlgorithm(request.algorithm ?? {}, context)
  const spec = checkSpec(request.spec ?? {}, context.catalog)
  const id = randomUUID()
  const nodeCount = spec.resource?.node_count ?? 1
  const job: TrainingJob = {
    kind: 'job',
    metadata: buildMetadata(id, request, requester, now),
    status: {
      phase: 'Creating',
      secondary_phase: 'Creating',
      duration: 0,
      node_count_metrics: null,
      tasks: Array.from({ length: nodeCount }, (_, index) => taskId('worker', index)),
      start_time: '0',
    },
    algorithm,
    spec,
    ...(request.endpoints ? { endpoints: request.endpoints } : {}),
    trainyard: { owner: requester.userId, executor },
  }
  return {
    id,
    projectId: requester.projectId,
    ownerId: requester.userId,
    version: 1,
    job,
    secrets,
    run: null,
    startTime: null,
    endTime: null,
    deletedAt: null,
  }
}

const checkExperiment = ({ metadata }: CreateTrainingJobRequest): void => {
  const reference = metadata.training_experiment_reference
  if (reference?.id)
    throw refusal('ModelArts.2842', `There is no experiment ${JSON.stringify(reference.id)}.`)
  if (reference?.name) throw refusal('ModelArts.2858', 'This server keeps no experiments yet.')
}

const buildMetadata = (
  id: string,
  { metadata }: CreateTrainingJobRequest,
  requester: Requester,
  now: number,
): TrainingJob['metadata'] => ({
  id,
  name: metadata.name,
  workspace_id: metadata.workspace_id || '0',
  description: metadata.description ?? '',
  create_time: now,
  user_name: requester.userName,
  annotations: { job_template: 'Template DL', ...metadata.annotations, key_task: 'worker' },
  ai_project: 'default-ai-project',
})

const buildAlgorithm = async (
  request: AlgorithmRequest,
  { catalog, objects, requester }: CreateContext,
): Promise<{ algorithm: JobAlgorithmResponse; secrets: Record<string, string> }> => {
  const code = await checkAlgorithm(request, { catalog, objects, projectId: requester.projectId })
  const { parameters, secrets } = checkParameters(request.parameters ?? [])
  const taken = new Set<string>()
  const inputs = checkInputs(request.inputs ?? [], taken)
  const outputs = checkOutputs(request.outputs ?? [], taken)
  checkRemotes(inputs, outputs)
  const both = parameters.find(({ name }) => taken.has(name ?? ''))
  if (both) throw refusal('ModelArts.2767', `${both.name} is both a parameter and a channel.`)
  checkLocalCodeDir(request.local_code_dir)
  checkWorkingDir(request.working_dir)
  const algorithm: JobAlgorithmResponse = {
    ...code,
    parameters,
    policies: {},
    ...(request.inputs ? { inputs } : {}),
    ...(request.outputs ? { outputs } : {}),
    ...(request.environments ? { environments: request.environments } : {}),
    ...(request.local_code_dir ? { local_code_dir: request.local_code_dir } : {}),
    ...(request.working_dir ? { working_dir: request.working_dir } : {}),
    ...(request.summary ? { summary: request.summary } : {}),
  }
  return { algorithm, secrets }
}
