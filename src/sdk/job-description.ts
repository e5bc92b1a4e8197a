import type { Input, Output } from '../contract/channels.ts'
import type { AlgorithmRequest, CreateTrainingJobRequest } from '../contract/create-training-job.ts'
import type { JobEngine } from '../contract/engine.ts'
import { JOB_NAME_PATTERN } from '../contract/limits.ts'
import type { JobKind } from '../contract/phases.ts'
import type { JobSpec } from '../contract/spec.ts'
import { TrainyardError } from '../contract/trainyard-error.ts'
import { present, presentOrNothing } from './present.ts'
import type { InputDataOptions, OutputDataOptions, TrainingFilesOptions } from './value-classes.ts'

/** A job to create, in the words of the Python SDK. */
export interface JobDescription {
  /** Code and start file. */
  readonly trainingFiles?: TrainingFilesOptions | undefined
  /** Data that the job reads. */
  readonly inputs?: readonly InputDataOptions[] | undefined
  /** Results that are kept. */
  readonly outputs?: readonly OutputDataOptions[] | undefined
  /** Hyperparameters; values are sent as text, null leaves one out. */
  readonly parameters?: readonly { name: string; value?: string | number | boolean | null }[] | undefined
  /** Name of the engine, such as `PyTorch`; together with `frameworkVersion`. */
  readonly frameworkType?: string | undefined
  /** Version of the engine, such as `pytorch_2.3-py_3.11`. */
  readonly frameworkVersion?: string | undefined
  /** Engine by id, instead of name and version. */
  readonly engineId?: string | undefined
  /** Container image of your own; together with `userCommand`. */
  readonly userImageUrl?: string | undefined
  /** Command to run instead of a start file. */
  readonly userCommand?: string | undefined
  /** Managed algorithm, instead of code and engine. */
  readonly algorithmId?: string | undefined
  /** Subscribed algorithm; together with `itemVersionId`. */
  readonly subscriptionId?: string | undefined
  /** Version of the subscribed algorithm. */
  readonly itemVersionId?: string | undefined
  /** Flavor: the size of one node. */
  readonly trainInstanceType?: string | undefined
  /** Number of nodes, at least 1. */
  readonly trainInstanceCount?: number | undefined
  /** Dedicated pool. Default: the public one. */
  readonly poolId?: string | undefined
  /** Storage directory the logs are copied to. */
  readonly logUrl?: string | undefined
  /** Environment variables of the program, at most 100. */
  readonly envVariables?: Readonly<Record<string, string>> | undefined
  /** Working directory of the program, absolute. */
  readonly workingDir?: string | undefined
  /** Directory for the code on the node. */
  readonly localCodeDir?: string | undefined
  /** Free text, at most 256 characters. */
  readonly jobDescription?: string | undefined
  /** Volumes to mount. */
  readonly volumes?: JobSpec['volumes'] | undefined
  /** Settings by key. */
  readonly annotations?: Readonly<Record<string, string>> | undefined
  /** Workspace of the job. Default `"0"`. */
  readonly workspaceId?: string | undefined
  /** Stops the job after it ran this long: whole hours, at least 1. */
  readonly autoStop?: { readonly hours: number } | undefined
  /** Kind of the job. Default `job`. */
  readonly kind?: JobKind | undefined
}

const invalid = (message: string): TrainyardError => new TrainyardError('invalid_argument', message)

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'

/** A name for a job without one: `job-`, the time in UTC and four random letters. */
export const generateJobName = (nowMs: number): string => {
  const time = new Date(nowMs)
    .toISOString()
    .replace(/[-:]|\.\d+Z$/g, '')
    .replace('T', '-')
  const letters = [...crypto.getRandomValues(new Uint8Array(4))].map((byte) => LETTERS[byte % 26]).join('')
  return `job-${time}-${letters}`
}

/** @throws TrainyardError `invalid_argument` for a name the server would refuse. */
export const checkJobName = (name: string): void => {
  if (!new RegExp(JOB_NAME_PATTERN).test(name)) {
    throw invalid(
      `Not a job name: ${JSON.stringify(name.slice(0, 100))}. Use 1 to 64 letters, digits, "_" or "-".`,
    )
  }
}

const channelName = (name: string | undefined, index: number, first: string, what: string): string => {
  if (name !== undefined) return name
  if (index === 0) return first
  throw invalid(`${what} ${index + 1} needs a name: only the first has one of its own (${first}).`)
}

const toInput = (input: InputDataOptions, index: number): Input => {
  const { dataset, obsPath } = input
  if (dataset === undefined && obsPath === undefined)
    throw invalid(`Input ${index + 1} needs obsPath or dataset.`)
  return present({
    name: channelName(input.name, index, 'data_url', 'Input'),
    // With a local source, `localPath` is a directory of this machine: the server chooses the node's.
    local_dir: input.isLocalSource === true ? undefined : input.localPath,
    access_method: input.accessMethod,
    remote: present({
      dataset: dataset && present({ id: dataset.id, version_id: dataset.versionId }),
      obs: obsPath === undefined ? undefined : { obs_url: obsPath },
    }),
  })
}

const toOutput = (output: OutputDataOptions, index: number): Output =>
  present({
    name: channelName(output.name, index, 'train_url', 'Output'),
    local_dir: output.localPath,
    access_method: output.accessMethod,
    remote: { obs: { obs_url: output.obsPath } },
  })

const checkEngineChoice = (job: JobDescription): void => {
  if ((job.frameworkType === undefined) !== (job.frameworkVersion === undefined)) {
    throw invalid('frameworkType and frameworkVersion belong together.')
  }
  if (job.userImageUrl !== undefined && job.userCommand === undefined) {
    throw invalid('userImageUrl needs userCommand.')
  }
  if ((job.subscriptionId === undefined) !== (job.itemVersionId === undefined)) {
    throw invalid('subscriptionId and itemVersionId belong together.')
  }
  const ways = [job.algorithmId, job.subscriptionId, job.frameworkType ?? job.engineId ?? job.userImageUrl]
  const named = ways.filter((way) => way !== undefined).length
  if (named === 0) {
    throw invalid('Say what to run: frameworkType with frameworkVersion, or userImageUrl with userCommand.')
  }
  if (named > 1) throw invalid('An algorithm brings its own engine: give either the one or the other.')
}

const toEngine = (job: JobDescription): JobEngine | undefined =>
  presentOrNothing({
    engine_id: job.engineId,
    engine_name: job.frameworkType,
    engine_version: job.frameworkVersion,
    image_url: job.userImageUrl,
  })

const toAlgorithm = (job: JobDescription): AlgorithmRequest => {
  const files = job.trainingFiles
  return present({
    id: job.algorithmId,
    subscription_id: job.subscriptionId,
    item_version_id: job.itemVersionId,
    code_dir: files?.obsPath ?? files?.codeDir,
    boot_file: files?.bootFile,
    command: job.userCommand,
    engine: toEngine(job),
    local_code_dir: job.localCodeDir,
    working_dir: job.workingDir,
    // The vendor's documentation passes numbers; on the wire every value is text.
    parameters: job.parameters
      ?.filter(({ value }) => value !== null && value !== undefined)
      .map(({ name, value }) => ({ name, value: String(value) })),
    inputs: job.inputs?.map(toInput),
    outputs: job.outputs?.map(toOutput),
    environments: job.envVariables && { ...job.envVariables },
  })
}

const toSpec = (job: JobDescription): JobSpec | undefined =>
  presentOrNothing({
    resource: presentOrNothing({
      flavor_id: job.trainInstanceType,
      node_count: job.trainInstanceCount,
      pool_id: job.poolId,
    }),
    volumes: job.volumes,
    log_export_path: job.logUrl === undefined ? undefined : { obs_url: job.logUrl },
    auto_stop: job.autoStop && { time_unit: 'HOURS', duration: job.autoStop.hours },
  })

/**
 * Writes a description as the create request of the wire.
 * @throws TrainyardError `invalid_argument` for what the server would certainly refuse: a bad name, no engine or two
 * ways to name one, channels without name.
 */
export const toCreateRequest = (job: JobDescription, name: string): CreateTrainingJobRequest => {
  checkJobName(name)
  checkEngineChoice(job)
  return present({
    kind: job.kind ?? 'job',
    metadata: present({
      name,
      workspace_id: job.workspaceId,
      description: job.jobDescription,
      annotations: job.annotations && { ...job.annotations },
    }),
    algorithm: toAlgorithm(job),
    spec: toSpec(job),
  })
}
