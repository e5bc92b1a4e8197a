import { chmod, type FileHandle, lstat, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Error code of the system (`ENOENT`), or '' for other errors. */
export const systemCode = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** Content of a text file; undefined when there is none. */
export const readIfThere = async (file: string): Promise<string | undefined> => {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined
    throw error
  }
}

/** Whether something has this name. A broken link counts. */
export const isThere = async (path: string): Promise<boolean> => {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return false
    throw error
  }
}

/** Makes a directory, private to this account, and those above it, and has them survive a power cut. */
export const makeDurableDirectory = async (path: string): Promise<void> => {
  const first = await mkdir(path, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncDirectory(dirname(made))
}

/** Writes a private file whole or not at all; when this returns, it survives a power cut. */
export const writeDurably = async (file: string, text: string): Promise<void> => {
  const temporary = `${file}.tmp`
  await using(await open(temporary, 'w', 0o600), async (handle) => {
    await handle.writeFile(text)
    await handle.sync()
  })
  await rename(temporary, file)
  await syncDirectory(dirname(file))
}

/** Writes a private file whole or not at all, as far as other processes can see. */
export const writeWhole = async (file: string, text: string): Promise<void> => {
  const temporary = `${file}.tmp`
  await using(await open(temporary, 'w', 0o600), (handle) => handle.writeFile(text))
  await rename(temporary, file)
}

/** Removes a directory and all below, also where a program took away its own right to do so. */
export const removeTree = async (path: string): Promise<void> => {
  try {
    await rm(path, { recursive: true, force: true })
  } catch (error) {
    if (!['EACCES', 'EPERM', 'ENOTEMPTY'].includes(systemCode(error))) throw error
    await allowAll(path)
    await rm(path, { recursive: true, force: true })
  }
}

const allowAll = async (directory: string): Promise<void> => {
  await chmod(directory, 0o700)
  for (const entry of await readdir(directory, { withFileTypes: true }))
    if (entry.isDirectory()) await allowAll(join(directory, entry.name))
}

const syncDirectory = async (directory: string): Promise<void> =>
  using(await open(directory, 'r'), (handle) => handle.sync())

const using = async <T>(handle: FileHandle, work: (handle: FileHandle) => Promise<T>): Promise<T> => {
  try {
    return await work(handle)
  } finally {
    await handle.close()
  }
}
