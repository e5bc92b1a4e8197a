import type { Command } from 'commander'
import {
  type CreateTrainingJobRequest,
  checkJobName,
  generateJobName,
  type Session,
  TrainingJob,
} from '../sdk/node/index.ts'
import { type Cli, connectionOptions, openSession } from './cli.ts'
import { printLog } from './logs.ts'
import { printJob } from './print-jobs.ts'
import { withDefaults } from './submit-defaults.ts'
import { readJobFile } from './submit-file.ts'
import { type SubmitOptions, submitOptions } from './submit-options.ts'
import { toRequest } from './submit-request.ts'
import { findLocalSources, uploadSources, withBootFile } from './submit-uploads.ts'
import { waitAndPrint } from './wait.ts'

/** Everything that can be wrong here is found before the first byte is uploaded. */
const prepare = async (
  cli: Cli,
  session: Session,
  options: SubmitOptions,
  workspace: string | undefined,
): Promise<CreateTrainingJobRequest> => {
  const base = options.file === undefined ? {} : await readJobFile(options.file)
  const name = options.name ?? base.metadata?.name ?? generateJobName(Date.now())
  checkJobName(name)
  const sources = await findLocalSources(base, options)
  const request = await withBootFile(toRequest(base, options, name, workspace), sources)
  const complete = await withDefaults(session, request, options)
  return uploadSources(session, cli.terminal, complete, sources)
}

const hintNext = ({ terminal }: Cli, job: TrainingJob): void => {
  const name = job.created?.metadata.name ?? job.jobId
  terminal.hint('')
  terminal.hint(`  trainyard logs ${name} -f      follow its log`)
  terminal.hint(`  trainyard show ${name}         see its state`)
  terminal.hint(`  trainyard stop ${name}         stop it`)
}

/** `trainyard submit`. */
export const submitCommand = (cli: Cli): Command =>
  submitOptions().action(async (options: SubmitOptions, command: Command) => {
    const session = openSession(cli, command)
    const request = await prepare(cli, session, options, connectionOptions(command).workspace)
    const job = await TrainingJob.create(session, request)
    const isWaiting = options.follow === true || options.wait === true
    // One document: with --wait and -o json it is the job as it ended.
    if (job.created !== undefined && (!isWaiting || options.format === 'ids')) {
      await printJob(cli.terminal, options.format, job.created)
    }
    if (!isWaiting) {
      hintNext(cli, job)
      return
    }
    if (options.follow === true) await printLog(cli, job, 'worker-0', { follow: true })
    await waitAndPrint(cli, job, { format: options.format })
  })
