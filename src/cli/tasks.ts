import { Command } from 'commander'
import { isFinal, type JobResponse, type TaskPlacement } from '../sdk/node/index.ts'
import { type Cli, connectionOptions, openSession } from './cli.ts'
import { findJob } from './find-job.ts'
import { type Format, formatOption, printRows } from './format.ts'
import { paintOfPhase } from './job-columns.ts'
import { parseWhole } from './option-values.ts'
import type { Column } from './table.ts'

interface TasksOptions {
  readonly attempt?: number
  readonly format: Format
}

/** A task of one scheduling, beside what the job tells of it. */
type TaskRow = TaskPlacement & { readonly state: string; readonly exit_code?: number }

/**
 * What is known of a task: in a job that lives or went well, its phase holds for all; in one that did not, only the
 * first failed task has an exit code, and how the others ended is not told.
 */
const aboutTask = ({ status }: JobResponse, task: string): Pick<TaskRow, 'state' | 'exit_code'> => {
  const failed = status.task_statuses?.find((one) => one.task === task)
  if (failed !== undefined) {
    return {
      state: status.phase === 'Terminated' ? 'Terminated' : 'Failed',
      ...(failed.exit_code === undefined ? {} : { exit_code: failed.exit_code }),
    }
  }
  if (status.phase === 'Completed') return { state: 'Completed', exit_code: 0 }
  return { state: isFinal(status.phase, status.secondary_phase) ? '' : status.phase }
}

const toRows = (
  job: JobResponse,
  places: readonly TaskPlacement[],
  attempt: number | undefined,
): TaskRow[] => {
  const last = Math.max(0, ...places.map((place) => place.schedule_count))
  const rows = places.map((place) => ({
    ...place,
    ...(place.schedule_count === last || attempt !== undefined ? aboutTask(job, place.task) : { state: '' }),
  }))
  if (places.length > 0 || attempt !== undefined) return rows
  const nowhere = { ip: '', host_ip: '', schedule_count: 0 }
  return job.status.tasks.map((task) => ({ task, ...nowhere, ...aboutTask(job, task) }))
}

const COLUMNS: readonly Column<TaskRow>[] = [
  { title: 'TASK', value: ({ task }) => task, dropOrder: 0 },
  { title: 'STATE', value: ({ state }) => state, paint: ({ state }) => paintOfPhase(state), dropOrder: 0 },
  {
    title: 'EXIT',
    key: 'exit_code',
    value: ({ exit_code: code }) => String(code ?? ''),
    align: 'right',
    dropOrder: 1,
  },
  { title: 'NODE', key: 'host_ip', value: ({ host_ip: ip }) => ip, dropOrder: 2 },
  { title: 'ADDRESS', key: 'ip', value: ({ ip }) => ip, dropOrder: 4 },
  {
    title: 'ATTEMPT',
    key: 'schedule_count',
    value: ({ schedule_count: count }) => (count === 0 ? '' : String(count)),
    align: 'right',
    dropOrder: 3,
  },
]

/** `trainyard tasks`. */
export const tasksCommand = (cli: Cli): Command =>
  new Command('tasks')
    .description('show the tasks of a job: where they ran, and how they ended')
    .argument('<job>', 'name, id, or the begin of an id')
    .option('--attempt <number>', 'only this run attempt', parseWhole(1, 1_000_000))
    .addOption(formatOption())
    .addHelpText(
      'after',
      `
A job that failed tells the exit code of the task that failed first; see its events for the others.

Examples:
  trainyard tasks resnet50
  trainyard tasks resnet50 -o json
  trainyard tasks resnet50 -o ids`,
    )
    .action(async (reference: string, { attempt, format }: TasksOptions, command: Command) => {
      const job = await findJob(openSession(cli, command), reference, connectionOptions(command).workspace)
      const query = attempt === undefined ? {} : { schedule_count: attempt }
      const [info, places] = await Promise.all([job.info(), job.tasks(query)])
      const rows = toRows(info, places, attempt)
      await printRows(cli.terminal, format, rows, { columns: COLUMNS, idOf: ({ task }) => task })
      if (rows.length === 0) cli.terminal.hint('there was no such attempt')
    })
