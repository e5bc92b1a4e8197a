import { mkdir, readdir, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { CONTROL_FILES } from '../../domain/task-script.ts'
import { readIfThere, systemCode, writeWhole } from './durable-file.ts'
import { type ProcessId, parseProcessId } from './processes.ts'

/** How a task goes, as its control directory tells. Times are epoch ms. */
export interface ControlState {
  readonly claimedAt: number | undefined
  readonly process: ProcessId | undefined
  readonly packagesBegunAt: number | undefined
  readonly packagesDoneAt: number | undefined
  readonly startedAt: number | undefined
  readonly exit: { readonly code: number; readonly at: number } | undefined
  readonly trouble: string | undefined
  /** When SIGTERM was sent. */
  readonly terminatedAt: number | undefined
  readonly uploadTrouble: string | undefined
  /** When nothing more was to be done for the task. */
  readonly finishedAt: number | undefined
}

/** Files of the executor alone, beside those it shares with the start script. */
const OWN_FILES = { terminated: 'terminated', uploadTrouble: 'upload_trouble', finished: 'uploaded' } as const

/** Reads the state of a task. */
export const readControl = async (control: string): Promise<ControlState> => {
  const names = new Set(await listNames(control))
  const time = async (name: string): Promise<number | undefined> =>
    names.has(name) ? Math.round((await stat(join(control, name))).mtimeMs) : undefined
  const text = async (name: string): Promise<string | undefined> =>
    names.has(name) ? readIfThere(join(control, name)) : undefined
  const F = CONTROL_FILES
  const code = /^(\d{1,3})\n/.exec((await text(F.exitCode)) ?? '')?.[1]
  const exitAt = code === undefined ? undefined : await time(F.exitCode)
  return {
    claimedAt: await time(F.claim),
    process: parseProcessId((await text(F.process)) ?? ''),
    packagesBegunAt: await time(F.packagesBegun),
    packagesDoneAt: await time(F.packagesDone),
    startedAt: await time(F.programStarted),
    exit: exitAt === undefined ? undefined : { code: Number(code), at: exitAt },
    trouble: (await text(F.trouble))?.trim(),
    terminatedAt: await time(OWN_FILES.terminated),
    uploadTrouble: (await text(OWN_FILES.uploadTrouble))?.trim(),
    finishedAt: await time(OWN_FILES.finished),
  }
}

const listNames = async (control: string): Promise<string[]> => {
  try {
    return await readdir(control)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}

/** Takes the one right to start a task, so that its script never will; false when somebody has it already. */
export const claim = async (control: string): Promise<boolean> => {
  await mkdir(control, { recursive: true, mode: 0o700 })
  try {
    await mkdir(join(control, CONTROL_FILES.claim), { mode: 0o700 })
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw error
  }
}

/** Writes down the end of a task whose program never ran. */
export const writeEnd = async (control: string, code: number, trouble?: string): Promise<void> => {
  await mkdir(control, { recursive: true, mode: 0o700 })
  if (trouble !== undefined) await writeWhole(join(control, CONTROL_FILES.trouble), `${trouble}\n`)
  await writeWhole(join(control, CONTROL_FILES.exitCode), `${code}\n`)
}

export const writeAbandoned = (control: string): Promise<void> =>
  writeWhole(join(control, CONTROL_FILES.abandoned), '')

/** Writes down when SIGTERM was sent: the grace time counts from there, also for a server started later. */
export const writeTerminated = async (control: string, at: number): Promise<void> => {
  const file = join(control, OWN_FILES.terminated)
  await writeWhole(file, '')
  await utimes(file, at / 1000, at / 1000)
}

export const writeUploadTrouble = (control: string, message: string): Promise<void> =>
  writeWhole(join(control, OWN_FILES.uploadTrouble), `${message}\n`)

export const writeFinished = (control: string): Promise<void> =>
  writeWhole(join(control, OWN_FILES.finished), '')
