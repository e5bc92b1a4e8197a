import type { Input, Output } from '../contract/channels.ts'
import { parseStorageUrl, type StoragePlace } from '../contract/storage-url.ts'
import type { TrainingJob } from '../contract/training-job.ts'
import { nodeDemand } from './demand.ts'
import type { JobRecord, Run } from './job-record.ts'
import { codeDirectory, JOB_DIRECTORY } from './task-names.ts'
import type { ChannelSpec, ProgramSpec, RunSpec, TaskSpec } from './task-spec.ts'

/** Interpreter of an engine, by engine id; undefined when there is no such engine. */
export type InterpreterOf = (engineId: string) => string | undefined

/** What answers show instead of a sensitive value. */
export const MASK = '******'

/** Everything an executor needs to run a placed job, or, as text, why that cannot be told. */
export const planRun = (record: JobRecord, interpreterOf: InterpreterOf): RunSpec | string => {
  const { run, job } = record
  if (!run) return 'it has no place.'
  const program = planProgram(job, interpreterOf)
  if (typeof program === 'string') return program
  const tasks = run.tasks.map((_, index) => planTask(record, run, program, index))
  return {
    jobId: record.id,
    projectId: record.projectId,
    jobName: job.metadata.name,
    attempt: run.attempt,
    tasks,
  }
}

const planProgram = (job: TrainingJob, interpreterOf: InterpreterOf): ProgramSpec | string => {
  const algorithm = job.algorithm ?? {}
  if (algorithm.command) return { kind: 'command', command: algorithm.command }
  const engineId = algorithm.engine?.engine_id ?? ''
  const interpreter = interpreterOf(engineId)
  if (interpreter === undefined) return `the engine ${engineId} is not on this machine.`
  const codePath = parseStorageUrl(algorithm.code_dir ?? '').key
  const bootPath = parseStorageUrl(algorithm.boot_file ?? '').key
  return { kind: 'boot_file', interpreter, bootFile: bootPath.slice(codePath.length) }
}

const planTask = (record: JobRecord, run: Run, program: ProgramSpec, index: number): TaskSpec => {
  const { job } = record
  const algorithm = job.algorithm ?? {}
  const demand = nodeDemand(job)
  const task = job.status.tasks[index] ?? ''
  const codePlace = algorithm.code_dir ? parseStorageUrl(algorithm.code_dir) : null
  const directory = algorithm.local_code_dir || codeDirectory(algorithm.code_dir ?? '')
  const exportUrl = job.spec?.log_export_path?.obs_url
  return {
    jobId: record.id,
    projectId: record.projectId,
    kind: job.kind,
    attempt: run.attempt,
    task,
    role: 'worker',
    index,
    roles: { worker: job.status.tasks },
    program,
    code: codePlace ? { place: codePlace, directory } : null,
    workingDirectory: algorithm.working_dir || (codePlace ? directory : JOB_DIRECTORY),
    inputs: (algorithm.inputs ?? []).map(planChannel),
    outputs: (algorithm.outputs ?? []).map(planChannel),
    parameters: planParameters(record),
    environments: algorithm.environments ?? {},
    engineName: algorithm.engine?.engine_name ?? '',
    engineVersion: algorithm.engine?.engine_version ?? '',
    flavorType: flavorType(job),
    cores: demand.cores,
    memoryBytes: demand.memoryBytes,
    devices: run.tasks[index]?.devices ?? [],
    masterPort: run.masterPort,
    logExport: exportUrl ? asDirectory(parseStorageUrl(exportUrl)) : null,
  }
}

const flavorType = (job: TrainingJob): TaskSpec['flavorType'] => {
  const type = job.spec?.resource?.flavor_detail?.flavor_type
  return type === 'GPU' || type === 'Ascend' ? type : 'CPU'
}

const planChannel = (channel: Input | Output): ChannelSpec => ({
  name: channel.name ?? '',
  place: parseStorageUrl(channel.remote?.obs?.obs_url ?? ''),
  directory: channel.local_dir ?? '',
  access: channel.access_method === 'env' ? 'env' : 'parameter',
})

/** Values as the program gets them: what answers mask comes from the record. */
const planParameters = (record: JobRecord): TaskSpec['parameters'] =>
  (record.job.algorithm?.parameters ?? []).map(({ name = '', value = '' }) => ({
    name,
    // A parameter may be called `constructor`, which every object seems to have.
    value: (Object.hasOwn(record.secrets, name) ? record.secrets[name] : undefined) ?? value,
  }))

const asDirectory = (place: StoragePlace): StoragePlace =>
  place.key === '' || place.key.endsWith('/') ? place : { ...place, key: `${place.key}/` }
