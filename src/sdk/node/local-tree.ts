import type { Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'

/** A file below a directory. */
export interface LocalFile {
  /** Path relative to the directory, with `/`. */
  readonly path: string
  /** Path on this machine. */
  readonly file: string
  /** Bytes of the file. */
  readonly sizeBytes: number
}

/** The files below a directory, and what was left out. */
export interface LocalTree {
  readonly files: readonly LocalFile[]
  /** Links that lead outside or to directories, sockets and the like, relative to the directory. */
  readonly skipped: readonly string[]
}

/** Files of one directory that are taken at most; a wrong path such as `/` must end. */
export const MAX_FILES = 100_000

const isInside = (root: string, path: string): boolean => path === root || path.startsWith(root + sep)

/** Size of the file behind a link, if that is a regular file below the root. */
const linkedFile = async (root: string, link: string): Promise<number | undefined> => {
  try {
    if (!isInside(root, await realpath(link))) return undefined
    const about = await stat(link)
    return about.isFile() ? about.size : undefined
  } catch {
    return undefined
  }
}

/**
 * Lists the files below a directory, in the order of their names. Links are followed to files inside only.
 * `isExcluded` gets paths relative to the directory; an excluded directory is not entered.
 */
export const readTree = async (
  directory: string,
  isExcluded: (path: string) => boolean = () => false,
): Promise<LocalTree> => {
  const root = await realpath(directory)
  const files: LocalFile[] = []
  const skipped: string[] = []
  const sizeOf = async (entry: Dirent, file: string): Promise<number | undefined> => {
    if (entry.isFile()) return (await stat(file)).size
    return entry.isSymbolicLink() ? linkedFile(root, file) : undefined
  }
  const walk = async (below: string): Promise<void> => {
    const entries = await readdir(join(root, below), { withFileTypes: true })
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      if (isExcluded(path)) continue
      if (entry.isDirectory()) {
        await walk(path)
        continue
      }
      const file = join(root, path)
      const sizeBytes = await sizeOf(entry, file)
      if (sizeBytes === undefined) skipped.push(path)
      else files.push({ path, file, sizeBytes })
      if (files.length > MAX_FILES) throw new RangeError(`${directory} has more than ${MAX_FILES} files`)
    }
  }
  await walk('')
  return { files, skipped }
}
