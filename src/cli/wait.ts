import { Command } from 'commander'
import { isTrainyardError, type JobResponse, type TrainingJob, TrainyardError } from '../sdk/node/index.ts'
import { type Cli, connectionOptions, openSession } from './cli.ts'
import { findJob } from './find-job.ts'
import { type Format, formatOption } from './format.ts'
import { paintOfPhase } from './job-columns.ts'
import { parseSpanMs } from './option-values.ts'
import { printJob, printJobs } from './print-jobs.ts'
import { ProgressLine } from './progress.ts'
import { printable, type Terminal } from './terminal.ts'
import { toDuration } from './times.ts'

/** How waiting goes. */
export interface WaitSettings {
  readonly timeoutMs?: number | undefined
  /** `table` and `ids` print a line, the others the job. */
  readonly format: Format
  /** Takes the job instead of printing it. */
  readonly take?: (job: JobResponse) => void
  /** Shows how far the jobs have come; default: a line of this job alone. */
  readonly line?: WaitLine
}

/** One line on stderr: which phases the jobs waited for are in. */
export class WaitLine {
  readonly #line: ProgressLine
  readonly #total: number
  readonly #phases = new Map<string, string>()
  #ended = 0

  constructor(terminal: Terminal, total: number) {
    this.#line = new ProgressLine(terminal, total === 1 ? 'waiting' : `waiting for ${total} jobs`)
    this.#total = total
    this.#line.keepShowing(() => ({ done: 0, text: this.#text() }))
  }

  note({ metadata, status }: JobResponse): void {
    this.#phases.set(metadata.name, status.phase)
  }

  /** One job needs no line any more; the last one takes the line away. */
  end(): void {
    this.#ended += 1
    if (this.#ended >= this.#total) this.#line.end()
  }

  #text(): string {
    const [first] = this.#phases
    if (this.#total === 1) return first === undefined ? '' : `${printable(first[0])}  ${first[1]}`
    const counts = Object.entries(Object.groupBy(this.#phases.values(), (phase) => phase))
    return counts.map(([phase, jobs = []]) => `${jobs.length} ${phase}`).join(', ')
  }
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
  const line = settings.line ?? new WaitLine(cli.terminal, 1)
  try {
    const ended = await job
      .waitForCompletion({ timeoutMs: settings.timeoutMs, onChange: (info) => line.note(info) })
      .finally(() => line.end())
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
      const line = new WaitLine(cli.terminal, jobs.length)
      const settings = { timeoutMs: timeout, format, line, ...take }
      const ends = await Promise.allSettled(jobs.map((job) => waitAndPrint(cli, job, settings)))
      if (format !== 'table') await printJobs(cli.terminal, format, ended)
      const errors = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []))
      // A refusal says more than a job that failed: it decides about the exit code.
      const isFailure = (error: unknown) => isTrainyardError(error) && error.code === 'job_not_successful'
      const worst = errors.find((error) => !isFailure(error)) ?? errors[0]
      if (worst !== undefined) throw worst
    })
