import { rename } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { refusal } from '../../contract/trainyard-error.ts'
import { logFileName } from '../../domain/task-names.ts'
import type { PathMap, RunSpec } from '../../domain/task-spec.ts'
import {
  isThere,
  makeDurableDirectory,
  readIfThere,
  removeTree,
  systemCode,
  writeDurably,
} from './durable-file.ts'

/** Where things of one task are. */
export interface TaskPaths {
  /** What the task sees as its own tree. */
  readonly sandbox: string
  /** Files of the start script and the executor about this task. */
  readonly control: string
  readonly script: string
  readonly log: string
  /** Shows canonical paths below the sandbox. */
  readonly place: PathMap
}

const SAFE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/

/** Whether a job or task id can be the name of a file. Ids are ours, but a path must never depend on trust. */
export const isSafeName = (name: string): boolean => SAFE_NAME.test(name)

const checked = (name: string): string => {
  if (!isSafeName(name)) throw refusal('ModelArts.2950', `Not a name for a file: ${JSON.stringify(name)}.`)
  return name
}

/** Directory of the logs of a job. */
export const jobLogDirectory = (logRoot: string, jobId: string): string => join(logRoot, checked(jobId))

/** Log file of a task. */
export const taskLog = (logRoot: string, jobId: string, task: string): string =>
  join(jobLogDirectory(logRoot, jobId), logFileName(jobId, checked(task)))

/** Directory of all runs of a job. */
export const jobDirectory = (root: string, jobId: string): string => join(root, checked(jobId))

/**
 * Moves a directory out of sight, then removes it: a crash half-way must not leave a run without some of its marks.
 * What stays behind begins with `.` and is removed by the next sweep.
 */
export const discard = async (root: string, path: string): Promise<void> => {
  const hidden = join(root, `.removed-${process.pid}-${Date.now()}-${Math.random().toString(36).slice(2)}`)
  try {
    await rename(path, hidden)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return
    throw error
  }
  await removeTree(hidden)
}

/** What is on disk of one run: `<root>/<job>/<attempt>/`, with a directory for each task. */
export class RunDirectory {
  readonly path: string
  readonly #root: string
  readonly #logRoot: string
  readonly #jobId: string

  constructor(root: string, logRoot: string, jobId: string, attempt: number) {
    this.#root = root
    this.#logRoot = logRoot
    this.#jobId = jobId
    this.path = join(jobDirectory(root, jobId), checked(String(attempt)))
  }

  task(task: string): TaskPaths {
    const directory = join(this.path, checked(task))
    const sandbox = join(directory, 'sandbox')
    const control = join(directory, 'control')
    return {
      sandbox,
      control,
      script: join(control, 'task.sh'),
      log: taskLog(this.#logRoot, this.#jobId, task),
      // Normalizing an absolute path leaves no `..` that could lead out.
      place: (canonical) => join(sandbox, posix.normalize(`/${canonical}`)).replace(/(?<=.)\/$/, ''),
    }
  }

  /** The run as it was asked for; undefined when it was not. */
  async readRun(): Promise<RunSpec | undefined> {
    const text = await readIfThere(join(this.path, 'run.json'))
    return text === undefined ? undefined : JSON.parse(text)
  }

  async writeRun(run: RunSpec): Promise<void> {
    await makeDurableDirectory(this.path)
    await writeDurably(join(this.path, 'run.json'), JSON.stringify(run))
  }

  /** Boot id of the machine when all tasks had been prepared; undefined before. */
  async readPrepared(): Promise<string | undefined> {
    return readIfThere(join(this.path, 'prepared'))
  }

  async writePrepared(bootId: string): Promise<void> {
    await writeDurably(join(this.path, 'prepared'), bootId)
  }

  /** When the run was asked to end, epoch ms; undefined when it was not. Without a run it says: never start one. */
  async readStopping(): Promise<number | undefined> {
    const text = await readIfThere(join(this.path, 'stopping'))
    return text === undefined ? undefined : Number(text)
  }

  async writeStopping(at: number): Promise<void> {
    await makeDurableDirectory(this.path)
    await writeDurably(join(this.path, 'stopping'), String(at))
  }

  async exists(): Promise<boolean> {
    return isThere(this.path)
  }

  /** Removes the run; logs stay. */
  async remove(): Promise<void> {
    await discard(this.#root, this.path)
  }
}
