import { randomUUID } from 'node:crypto'
import { rename } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { refusal } from '../../contract/trainyard-error.ts'
import { logFileName } from '../../domain/task-names.ts'
import type { PathMap, RunSpec } from '../../domain/task-spec.ts'
import { makeDurableDirectory, readIfThere, systemCode, writeDurably } from './durable-file.ts'

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

const REMOVED = '.removed-'

/** Whether an entry of the root is what a removal left half-way. */
export const isRemoved = (name: string): boolean => name.startsWith(REMOVED)

/**
 * Moves a directory out of sight and returns where to, for it to be removed at leisure: a crash half-way must not leave
 * a run without some of its marks. Undefined when there is none.
 */
export const putAside = async (root: string, path: string): Promise<string | undefined> => {
  const aside = join(root, `${REMOVED}${randomUUID()}`)
  try {
    await rename(path, aside)
    return aside
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** What is on disk of one run: `<root>/<job>/<attempt>/`, with a directory for each task. */
export class RunDirectory {
  readonly path: string
  readonly #logRoot: string
  readonly #jobId: string

  constructor(root: string, logRoot: string, jobId: string, attempt: number) {
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
}
