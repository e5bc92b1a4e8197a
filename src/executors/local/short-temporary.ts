import { createHash } from 'node:crypto'
import { lstat, readdir, readlink, symlink, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isThere, systemCode } from './durable-file.ts'
import type { TaskPaths } from './run-directory.ts'

// Python and others make sockets below TMPDIR with names of about 40 bytes; 107 is the most the system takes.
const LONGEST_PATH = 60

const linkPath = (paths: TaskPaths): string =>
  join(tmpdir(), `trainyard-${createHash('sha256').update(paths.sandbox).digest('hex').slice(0, 16)}`)

/** Directory for temporary files of a task: in its sandbox, by a short name where the true one is too long for sockets. */
export const makeTemporary = async (paths: TaskPaths): Promise<string> => {
  const real = paths.place('/tmp')
  if (Buffer.byteLength(real) <= LONGEST_PATH) return real
  const link = linkPath(paths)
  try {
    await symlink(real, link)
    return link
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
  }
  // Somebody else may have made that name: it is used only when it is ours and leads where it should.
  return (await isOurs(link, real)) ? link : real
}

/** Removes the short name. */
export const removeTemporary = async (paths: TaskPaths): Promise<void> => {
  const link = linkPath(paths)
  if (await isOurs(link, paths.place('/tmp'))) await unlink(link)
}

/** Removes short names that lead nowhere: of sandboxes whose data directory was removed by hand. */
export const removeStaleTemporaries = async (): Promise<void> => {
  for (const name of await readdir(tmpdir())) {
    if (!/^trainyard-[0-9a-f]{16}$/.test(name)) continue
    const link = join(tmpdir(), name)
    const real = await readlink(link).catch(() => '')
    if (real === '' || !(await isOurs(link, real)) || (await isThere(real))) continue
    await unlink(link).catch(() => undefined)
  }
}

const isOurs = async (link: string, real: string): Promise<boolean> => {
  try {
    const { uid } = await lstat(link)
    return uid === process.getuid?.() && (await readlink(link)) === real
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'EINVAL') return false
    throw error
  }
}
