import { Command } from 'commander'
import { type LogLine, type TrainingJob, TrainyardError } from '../sdk/node/index.ts'
import { type Cli, connectionOptions, openSession } from './cli.ts'
import { findJob } from './find-job.ts'
import { findTail } from './log-tail.ts'
import { parseWhole } from './option-values.ts'

interface LogsOptions {
  readonly follow?: boolean
  readonly tail?: number
}

/** The byte where printing begins. */
const beginOf = async (job: TrainingJob, task: string, { tail }: LogsOptions): Promise<number> =>
  tail === undefined ? 0 : ((await findTail(job, task, tail)) ?? 0)

/** Prints the log of a task, and what comes later when following. Gives whether anything was printed. */
export const printLog = async (
  cli: Cli,
  job: TrainingJob,
  task: string,
  options: LogsOptions,
): Promise<boolean> => {
  const offset = await beginOf(job, task, options)
  let isEmpty = offset === 0
  for await (const text of job.followLog(task, { offset, follow: options.follow === true })) {
    isEmpty = false
    await cli.terminal.write(text)
  }
  return !isEmpty
}

/** A carriage return would write over what says whose line it is: of a line that was, its last state is shown. */
const lastState = (text: string): string => text.replace(/\r+$/, '').replace(/^.*\r/s, '')

/**
 * Prints the logs of several tasks, each line behind the name of its task: while following as they come, else one task
 * after another. Gives whether anything was printed.
 */
export const printLogs = async (
  cli: Cli,
  job: TrainingJob,
  tasks: readonly string[],
  options: LogsOptions,
): Promise<boolean> => {
  const { terminal } = cli
  let isEmpty = true
  const print = async (task: string, { text }: LogLine): Promise<void> => {
    isEmpty = false
    await terminal.write(`${terminal.paint(`[${task}]`, 'dim')} ${lastState(text)}\n`)
  }
  const printTask = async (task: string, signal?: AbortSignal): Promise<void> => {
    const offset = await beginOf(job, task, options)
    const follow = options.follow === true
    for await (const line of job.logLines(task, { offset, follow, signal })) await print(task, line)
  }
  if (options.follow !== true) {
    for (const task of tasks) await printTask(task)
    return !isEmpty
  }
  // The first that fails ends the others: what it says must not come after hours.
  const failed = new AbortController()
  await Promise.all(
    tasks.map((task) =>
      printTask(task, failed.signal).catch((error: unknown) => {
        failed.abort(error)
        throw error
      }),
    ),
  )
  return !isEmpty
}

const HELP = `
Without a task, the logs of a job with several are printed together, each line behind [its task].
The last lines are found from the end: of a long log, nothing else is read.

Examples:
  trainyard logs resnet50
  trainyard logs resnet50 --tail 20
  trainyard logs resnet50 worker-0 -f
  trainyard logs resnet50 -f | grep loss`

/** `trainyard logs`. */
export const logsCommand = (cli: Cli): Command =>
  new Command('logs')
    .description('print the logs of a job, or that of one task')
    .argument('<job>', 'name, id, or the begin of an id')
    .argument('[task]', 'task, such as worker-1; default: all')
    .option('-f, --follow', 'wait for more, until the job ends')
    .option('-t, --tail <lines>', 'only the last lines of each task', parseWhole(0, 1_000_000))
    .addHelpText('after', HELP)
    .action(async (reference: string, task: string | undefined, options: LogsOptions, command: Command) => {
      const session = openSession(cli, command)
      const job = await findJob(session, reference, connectionOptions(command).workspace)
      const { status } = await job.info()
      if (task !== undefined && !status.tasks.includes(task)) {
        throw new TrainyardError('invalid_argument', `There is no task ${task}.`, {
          solution: `The tasks are ${status.tasks.join(', ')}.`,
        })
      }
      const tasks = task === undefined ? status.tasks : [task]
      const [only = ''] = tasks
      const hasOutput =
        tasks.length === 1
          ? await printLog(cli, job, only, options)
          : await printLogs(cli, job, tasks, options)
      const whose = tasks.length === 1 ? `${only} has` : 'its tasks have'
      if (!hasOutput && options.tail !== 0)
        cli.terminal.note(`${whose} written nothing yet (${status.phase}).`)
    })
