import {
  type CreateTrainingJobRequest,
  checkJobName,
  Estimator,
  type JobResponse,
  type Session,
  TrainingJob,
  TrainyardError,
} from '../sdk/node/index.ts'
import type { Cli } from './cli.ts'
import { engineOf } from './job-columns.ts'
import { printLog, printLogs } from './logs.ts'
import { printJob } from './print-jobs.ts'
import { withDefaults } from './submit-defaults.ts'
import type { JobFile } from './submit-file.ts'
import type { SubmitOptions } from './submit-options.ts'
import { toRequest } from './submit-request.ts'
import { findLocalSources, type LocalSources, uploadSources, withBootFile } from './submit-uploads.ts'
import { printable } from './terminal.ts'
import { waitAndPrint } from './wait.ts'

/** A job to create: a request that may be incomplete, and options that win over it. */
export interface JobDraft {
  readonly base: JobFile
  readonly options: SubmitOptions
  readonly name: string
  readonly workspace: string | undefined
}

interface Prepared {
  readonly request: CreateTrainingJobRequest
  readonly sources: LocalSources
}

/** Everything that can be wrong here is found before the first byte is uploaded. */
const prepare = async (session: Session, draft: JobDraft): Promise<Prepared> => {
  const { base, options, name, workspace } = draft
  checkJobName(name)
  const sources = await findLocalSources(base, options)
  const request = await withBootFile(toRequest(base, options, name, workspace), sources)
  return { request: await withDefaults(session, request, options), sources }
}

const isLocal = ({ code, inputs }: LocalSources): boolean => code !== undefined || inputs.size > 0

/** The engine of local code is looked up here: in the request, a command stands in the place of the code. */
const checkEngine = async (session: Session, { algorithm }: CreateTrainingJobRequest): Promise<void> => {
  const { engine_id: id, engine_name: name, engine_version: version } = algorithm?.engine ?? {}
  const engines = await Estimator.getEngines({ session })
  const isThere = engines.some((one) =>
    id ? one.engine_id === id : one.engine_name === name && one.engine_version === version,
  )
  if (isThere) return
  throw new TrainyardError('ModelArts.2780', `There is no engine ${id ?? `${name} ${version}`}.`)
}

/** A request that the server can check without what is local: local inputs are left out, a command stands for local code. */
const withoutLocal = ({ request, sources }: Prepared): CreateTrainingJobRequest => {
  const { code_dir: _code, boot_file: bootFile, ...algorithm } = request.algorithm ?? {}
  const inputs = algorithm.inputs?.filter(({ name }) => name === undefined || !sources.inputs.has(name))
  const rest = { ...algorithm, ...(inputs === undefined ? {} : { inputs }) }
  if (sources.code === undefined) return { ...request, algorithm: { ...request.algorithm, ...rest } }
  if (bootFile === undefined) return { ...request, algorithm: rest }
  return { ...request, algorithm: { ...rest, command: 'true', engine: { engine_id: 'command' } } }
}

const dryRun = async (
  cli: Cli,
  session: Session,
  prepared: Prepared,
  options: SubmitOptions,
): Promise<void> => {
  const { request, sources } = prepared
  const hasLocal = isLocal(sources)
  if (sources.code !== undefined && request.algorithm?.boot_file !== undefined)
    await checkEngine(session, request)
  const job = await TrainingJob.validate(session, hasLocal ? withoutLocal(prepared) : request)
  // Its id leads to no job.
  if (options.format !== 'ids') await printJob(cli.terminal, options.format, job)
  const { resource } = job.spec ?? {}
  const engine = hasLocal ? '' : ` with ${printable(engineOf(job))}`
  cli.terminal.note(
    `nothing is wrong: would create ${job.metadata.name}${engine} on ${resource?.node_count ?? 1} x ${resource?.flavor_id}`,
  )
  if (hasLocal) cli.terminal.note('local code and data would be uploaded; the server has not seen them')
}

const hintNext = ({ terminal }: Cli, { metadata }: JobResponse): void => {
  const { name } = metadata
  terminal.hint('')
  terminal.hint(`  trainyard logs ${name} -f      follow its log`)
  terminal.hint(`  trainyard show ${name}         see its state`)
  terminal.hint(`  trainyard stop ${name}         stop it`)
}

const followLogs = (cli: Cli, job: TrainingJob, tasks: readonly string[]): Promise<boolean> => {
  const [only] = tasks
  return tasks.length === 1 && only !== undefined
    ? printLog(cli, job, only, { follow: true })
    : printLogs(cli, job, tasks, { follow: true })
}

/**
 * Creates a job, prints it, and waits as the options say; with `--dry-run` it is checked only. `onCreated` is called once
 * the server has it.
 */
export const createJob = async (
  cli: Cli,
  session: Session,
  draft: JobDraft,
  onCreated: () => void = () => undefined,
): Promise<void> => {
  const { options } = draft
  const prepared = await prepare(session, draft)
  if (options.dryRun === true) return dryRun(cli, session, prepared, options)
  const request = await uploadSources(session, cli.terminal, prepared.request, prepared.sources)
  const job = await TrainingJob.create(session, request)
  onCreated()
  const created = job.created ?? (await job.info())
  const isWaiting = options.follow === true || options.wait === true
  // One document: with --wait and -o json it is the job as it ended.
  if (!isWaiting || options.format === 'ids') await printJob(cli.terminal, options.format, created)
  if (!isWaiting) return hintNext(cli, created)
  if (options.follow === true) await followLogs(cli, job, created.status.tasks)
  return waitAndPrint(cli, job, { format: options.format })
}
