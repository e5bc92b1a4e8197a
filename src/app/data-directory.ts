import { randomUUID } from 'node:crypto'
import { access, chmod, mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { TrainyardError } from '../contract/trainyard-error.ts'

/** Places inside the data directory. */
export const dataPaths = (directory: string) => ({
  root: directory,
  credentials: join(directory, 'credentials.json'),
  database: join(directory, 'trainyard.db'),
  secretKey: join(directory, 'secret.key'),
  lock: join(directory, 'server.lock'),
  objects: join(directory, 'objects'),
  runs: join(directory, 'runs'),
  logs: join(directory, 'logs'),
  restoring: join(directory, '.restoring'),
})

/** The path itself if something is there, else the nearest directory above it that is there. */
export const nearestDirectory = async (path: string): Promise<string> => {
  let place = path
  while (place !== dirname(place)) {
    const isThere = await access(place).then(
      () => true,
      () => false,
    )
    if (isThere) break
    place = dirname(place)
  }
  return place
}

/** Makes the data directory, readable by its owner alone. */
export const makeDataDirectory = async (directory: string): Promise<void> => {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await chmod(directory, 0o700)
}

/** @throws Error when a restore into this directory was cut off: what is there is not the whole backup. */
export const refuseHalfRestored = async ({ restoring }: ReturnType<typeof dataPaths>): Promise<void> => {
  if (
    await access(restoring).then(
      () => true,
      () => false,
    )
  ) {
    throw new Error(
      `A restore was cut off (${restoring} is there). Empty the data directory and restore again.`,
    )
  }
}

/**
 * Takes the lock of a data directory, so that one server owns it. The kernel holds the lock as long as the process lives:
 * `kill -9` frees it, and no stale lock can be left.
 * @throws Error when another server has it.
 */
export const lockDataDirectory = (lockFile: string): (() => void) => {
  const database = new DatabaseSync(lockFile, { timeout: 0 })
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    throw new Error(`Another server uses this data directory (${lockFile} is locked).`, { cause: error })
  }
  return () => database.close()
}

/** Whether a server has the lock of a data directory. Takes it for a moment where nobody has it. */
export const isLocked = async (lockFile: string): Promise<boolean> => {
  // Nothing is made where there is nothing.
  if ((await nearestDirectory(lockFile)) !== lockFile) return false
  try {
    lockDataDirectory(lockFile)()
    return false
  } catch {
    return true
  }
}

/** `credentials.json`: what SDK and CLI find by themselves. */
export interface Credentials {
  readonly endpoint: string
  readonly project_id: string
  readonly access_key: string
  readonly secret_key: string
  readonly user_name: string
  /** Empty when the file was lost and made anew: a password cannot be read back. */
  readonly password: string
  readonly domain_name: string
  readonly region: string
}

/**
 * Reads `credentials.json`; undefined when there is none.
 * @throws TrainyardError `invalid_argument` naming the file when it is not JSON, without a word of what is in it.
 */
export const readCredentials = async (file: string): Promise<Credentials | undefined> => {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Credentials
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    if (!(error instanceof SyntaxError)) throw error
    throw new TrainyardError('invalid_argument', `${file} is not JSON.`, {
      solution: 'Correct or remove the file, and start again: without it new keys are made.',
    })
  }
}

/** Writes `credentials.json` whole or not at all, mode 0600. */
export const writeCredentials = async (file: string, credentials: Credentials): Promise<void> => {
  const temporary = `${file}.${randomUUID()}.tmp`
  const handle = await open(temporary, 'wx', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify(credentials, null, 2)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(temporary, file)
}
