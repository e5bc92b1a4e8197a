import {
  type CreateTrainingJobRequest,
  type JobResponse,
  OPERATIONS,
  type Session,
} from '../sdk/node/index.ts'
import type { JobFile } from './submit-file.ts'
import type { SubmitOptions } from './submit-options.ts'

type Json = { readonly [key: string]: unknown }

const isMap = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Fields of answers that the server alone writes, by the object they are in. */
const SERVER_OWNED: Readonly<Record<string, readonly string[]>> = {
  '': ['status', 'trainyard'],
  metadata: ['id', 'create_time', 'update_time', 'user_name', 'ai_project', 'tags'],
  engine: ['v1_compatible', 'run_user', 'usage', 'support_groups', 'tags'],
  endpoints: ['jupyter_lab', 'tensorboard', 'mindstudio_insight'],
  resource: ['flavor_name', 'flavor_detail', 'main_container_allocated_resources'],
  ssh: ['task_urls'],
}

const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  value === '' ||
  (Array.isArray(value) && value.length === 0) ||
  (isMap(value) && Object.keys(value).length === 0)

/** A copy without what the server owns, and without fields that say nothing. */
const cleaned = (value: unknown, place = ''): unknown => {
  if (Array.isArray(value)) return value.map((one) => (isMap(one) ? cleaned(one, 'item') : one))
  if (!isMap(value)) return value
  const owned = SERVER_OWNED[place] ?? []
  const entries = Object.entries(value)
    .filter(([key]) => !owned.includes(key))
    .map(([key, one]) => [key, KEPT.includes(key) ? one : cleaned(one, key)] as const)
    .filter(([key, one]) => KEPT.includes(key) || !isEmpty(one))
  return Object.fromEntries(entries)
}

/** Maps of the user's own: an empty value there is a value. */
const KEPT: readonly string[] = ['environments', 'annotations', 'value']

/** The map of a list of maps, which servers set up for the vendor's typed clients answer. */
const toMap = (environments: unknown): unknown =>
  Array.isArray(environments) ? Object.assign({}, ...environments) : environments

/** The create request that makes a job like this one. */
export const toCloneRequest = (job: JobResponse): CreateTrainingJobRequest => {
  const { algorithm } = job
  const plain =
    algorithm?.environments === undefined
      ? job
      : { ...job, algorithm: { ...algorithm, environments: toMap(algorithm.environments) } }
  // Cleaning leaves fields out and changes none.
  return cleaned(plain) as CreateTrainingJobRequest
}

/** An option that names another way to run takes the old way's place. */
export const withoutOldWay = (base: JobFile, options: SubmitOptions): JobFile => {
  if (base.algorithm === undefined) return base
  if (options.command !== undefined && base.algorithm.boot_file !== undefined) {
    const { boot_file: _file, engine: _engine, ...algorithm } = base.algorithm
    return { ...base, algorithm }
  }
  const namesFile = options.bootFile !== undefined || options.codeDir !== undefined
  if (namesFile && options.command === undefined && base.algorithm.command !== undefined) {
    const { command: _command, engine: _engine, ...algorithm } = base.algorithm
    return { ...base, algorithm }
  }
  return base
}

const MAX_NAME = 64
/** Names looked through for a free one, newest first. */
const NAMES = 50

/** A free name after the one of a job: `resnet` is followed by `resnet-2`, that by `resnet-3`. */
export const nextName = async (session: Session, job: JobResponse): Promise<string> => {
  const { name, workspace_id: workspace } = job.metadata
  const stem = name.replace(/-\d{1,6}$/, '').slice(0, MAX_NAME - 7)
  const filters = [{ key: 'name', operator: 'like', value: [`${stem}-`] }]
  const body = { filters, limit: NAMES, workspace_id: workspace }
  const { items } = await session.send(OPERATIONS.listTrainingJobs, { body })
  const numbers = [name, ...items.map(({ metadata }) => metadata.name)].map((one) => {
    const [, before, number] = /^(.*)-(\d{1,6})$/.exec(one) ?? []
    return before === stem ? Number(number) : 1
  })
  return `${stem}-${Math.max(...numbers) + 1}`
}
