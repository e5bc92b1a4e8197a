import { Command } from 'commander'
import { isTrainyardError, type TrainingJob, TrainyardError } from '../sdk/node/index.ts'
import { type Cli, connectionOptions, openSession } from './cli.ts'
import { findJob } from './find-job.ts'
import { parseWhole } from './option-values.ts'

interface LogsOptions {
  follow?: boolean
  tail?: number
}

/** The last lines of a text; a text that does not end a line keeps its unfinished one. */
export const lastLines = (text: string, count: number): string => {
  if (count === 0) return ''
  const end = text.endsWith('\n') ? text.length - 1 : text.length
  let at = end
  for (let line = 0; line < count && at > 0; line += 1) at = text.lastIndexOf('\n', at - 1)
  return text.slice(at <= 0 && text[0] !== '\n' ? 0 : at + 1)
}

const isNotReady = (error: unknown): boolean => isTrainyardError(error) && error.code === 'ModelArts.2818'

/** Prints the last lines; gives the byte where what comes later begins. */
const printTail = async (cli: Cli, job: TrainingJob, task: string, count: number): Promise<number> => {
  try {
    const preview = await job.log(task)
    await cli.terminal.write(lastLines(preview.content, count))
    return preview.full_size
  } catch (error) {
    if (isNotReady(error)) return 0
    throw error
  }
}

/** Prints the log of a task, and what comes later when following. Gives whether anything was printed. */
export const printLog = async (
  cli: Cli,
  job: TrainingJob,
  task: string,
  options: LogsOptions,
): Promise<boolean> => {
  const offset = options.tail === undefined ? 0 : await printTail(cli, job, task, options.tail)
  if (options.tail !== undefined && options.follow !== true) return offset > 0
  let isEmpty = offset === 0
  for await (const text of job.followLog(task, { offset, follow: options.follow === true })) {
    isEmpty = false
    await cli.terminal.write(text)
  }
  return !isEmpty
}

/** `trainyard logs`. */
export const logsCommand = (cli: Cli): Command =>
  new Command('logs')
    .description('print the log of a task')
    .argument('<job>', 'name, id, or the begin of an id')
    .argument('[task]', 'task, such as worker-1', 'worker-0')
    .option('-f, --follow', 'wait for more, until the job ends')
    .option('-t, --tail <lines>', 'only the last lines', parseWhole(0, 1_000_000))
    .addHelpText(
      'after',
      `
Examples:
  trainyard logs resnet50
  trainyard logs resnet50 worker-1 --tail 20 -f`,
    )
    .action(async (reference: string, task: string, options: LogsOptions, command: Command) => {
      const session = openSession(cli, command)
      const job = await findJob(session, reference, connectionOptions(command).workspace)
      const { status } = await job.info()
      if (!status.tasks.includes(task)) {
        throw new TrainyardError('invalid_argument', `There is no task ${task}.`, {
          solution: `The tasks are ${status.tasks.join(', ')}.`,
        })
      }
      const hasOutput = await printLog(cli, job, task, options)
      if (!hasOutput) cli.terminal.note(`${task} has written nothing yet (${status.phase}).`)
    })
