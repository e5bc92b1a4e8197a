import { Command } from 'commander'
import { isTrainyardError, type JobResponse, type TrainingJob, TrainyardError } from '../sdk/node/index.ts'
import { type Cli, connectionOptions, openSession } from './cli.ts'
import { findJob } from './find-job.ts'
import { type Format, formatOption } from './format.ts'
import { paintOfPhase } from './job-columns.ts'
import { parseSpanMs } from './option-values.ts'
import { printJob, printJobs } from './print-jobs.ts'
import { printable } from './terminal.ts'
import { toDuration } from './times.ts'

/** How waiting goes. */
export interface WaitSettings {
  readonly timeoutMs?: number | undefined
  /** `table` and `ids` print a line, the others the job. */
  readonly format: Format
  /** Takes the job instead of printing it. */
  readonly take?: (job: JobResponse) => void
}

const printEnd = ({ terminal }: Cli, job: JobResponse, { format, take }: WaitSettings): Promise<void> => {
  if (take !== undefined) return Promise.resolve(take(job))
  if (format !== 'table' && format !== 'ids') return printJob(terminal, format, job)
  const { metadata, status } = job
  const phase = terminal.paint(status.phase, ...paintOfPhase(status.phase))
  return terminal.print(`${printable(metadata.name)}  ${phase}  ${toDuration(status.duration)}`)
}

/**
 * Waits until a job is final, and prints how it ended. Phases on the way go to stderr.
 * @throws TrainyardError `job_not_successful` unless it is Completed.
 */
export const waitAndPrint = async (cli: Cli, job: TrainingJob, settings: WaitSettings): Promise<void> => {
  const { terminal } = cli
  try {
    const ended = await job.waitForCompletion({
      timeoutMs: settings.timeoutMs,
      onChange: ({ metadata, status }) => terminal.hint(`${printable(metadata.name)}  ${status.phase}`),
    })
    await printEnd(cli, ended, settings)
    if (ended.status.phase !== 'Completed') {
      throw new TrainyardError('job_not_successful', `Job ${ended.metadata.name} was stopped.`)
    }
  } catch (error) {
    const isFailed = isTrainyardError(error) && error.code === 'job_not_successful'
    if (isFailed && error.cause !== undefined) await printEnd(cli, error.cause as JobResponse, settings)
    throw error
  }
}

interface WaitOptions {
  readonly timeout?: number
  readonly format: Format
}

/** `trainyard wait`. */
export const waitCommand = (cli: Cli): Command =>
  new Command('wait')
    .description('wait until jobs have ended; exits 1 unless all are Completed')
    .argument('<job...>', 'names, ids, or begins of ids')
    .option('--timeout <span>', 'longest wait, such as 90s, 15m or 2h', parseSpanMs)
    .addHelpText(
      'after',
      `
Examples:
  trainyard wait resnet50 && trainyard cp -r obs://lab/out/resnet50/ ./out
  trainyard wait iris-1 iris-2 --timeout 10m`,
    )
    .addOption(formatOption())
    .action(async (references: string[], { timeout, format }: WaitOptions, command: Command) => {
      const session = openSession(cli, command)
      const { workspace } = connectionOptions(command)
      const jobs = await Promise.all(references.map((reference) => findJob(session, reference, workspace)))
      const ended: JobResponse[] = []
      // A table is read while one waits; the others are one document.
      const take = format === 'table' ? {} : { take: (job: JobResponse) => void ended.push(job) }
      const settings = { timeoutMs: timeout, format, ...take }
      const ends = await Promise.allSettled(jobs.map((job) => waitAndPrint(cli, job, settings)))
      if (format !== 'table') await printJobs(cli.terminal, format, ended)
      const errors = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []))
      // A refusal says more than a job that failed: it decides about the exit code.
      const isFailure = (error: unknown) => isTrainyardError(error) && error.code === 'job_not_successful'
      const worst = errors.find((error) => !isFailure(error)) ?? errors[0]
      if (worst !== undefined) throw worst
    })
