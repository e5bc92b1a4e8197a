import { access, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { TrainyardError } from '../../contract/trainyard-error.ts'
import { copyObjects } from '../../objects/filesystem/copy-objects.ts'
import { copyStore } from '../../store/sqlite/copy-store.ts'
import { configFile } from '../config.ts'
import { dataPaths } from '../data-directory.ts'
import { packageVersion } from '../version.ts'
import { Archive, HEAD_NAME } from './archive.ts'

/** Version of the layout inside a backup. */
export const BACKUP_FORMAT = 1

/** What a backup holds. */
export interface BackupSummary {
  readonly objects: number
  readonly logs: number
  readonly bytes: number
  /** What could not be backed up as it should be: objects that are damaged in the store itself. */
  readonly damaged: readonly string[]
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

const refused = (message: string, solution: string): TrainyardError =>
  new TrainyardError('invalid_argument', message, { solution })

/**
 * Writes a backup of a data directory to a tar file, whole or not at all, readable by its owner alone. A server may run
 * meanwhile. The jobs are copied before the objects: what a job of the backup says it has made is then there.
 * @throws TrainyardError `invalid_argument` when there is nothing to back up, or the file is there already.
 */
export const backUp = async (dataDirectory: string, file: string): Promise<BackupSummary> => {
  const paths = dataPaths(dataDirectory)
  if (!(await isThere(paths.database))) {
    throw refused(`${dataDirectory} is not a data directory.`, 'Name the one of the server with --data.')
  }
  if (await isThere(file)) throw refused(`${file} is there already.`, 'Name another file, or remove it.')
  // Beside the file: there is where space was meant to be used.
  const staging = await mkdtemp(join(dirname(file), `.${basename(file)}-`))
  try {
    const partial = join(staging, 'backup.tar')
    const handle = await open(partial, 'wx', 0o600)
    try {
      const summary = await fill(new Archive(handle, join(staging, 'sums')), dataDirectory, staging)
      await rename(partial, file)
      await syncDirectory(dirname(file))
      return summary
    } finally {
      await handle.close()
    }
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

const fill = async (archive: Archive, dataDirectory: string, staging: string): Promise<BackupSummary> => {
  const paths = dataPaths(dataDirectory)
  const head = { format: BACKUP_FORMAT, version: packageVersion(), created_at: new Date().toISOString() }
  await archive.addText(HEAD_NAME, `${JSON.stringify(head)}\n`)
  const store = join(staging, 'store.db')
  await copyStore(paths.database, store)
  const index = join(staging, 'index.db')
  const damaged: string[] = []
  let objects = 0
  const missing = await copyObjects(paths.objects, index, async ({ name, file, checksum }) => {
    const found = await archive.addFile(`objects/${name}`, file)
    if (found === undefined) return false
    objects += 1
    if (found !== checksum) damaged.push(`the content in ${file} has changed on the disk`)
    return true
  })
  damaged.push(...missing.map((name) => `the content of object ${name} is missing`))
  await archive.addFile('objects/index.db', index)
  const logs = await addLogs(archive, paths.logs)
  for (const file of [paths.secretKey, paths.credentials, configFile(dataDirectory)]) {
    await archive.addFile(basename(file), file)
  }
  // Last but for the checksums: without it, nothing can be taken for a whole data directory.
  await archive.addFile(basename(paths.database), store)
  await archive.end()
  return { objects, logs, bytes: archive.bytes, damaged }
}

/** Adds the logs as they are now; those of running jobs grow on. */
const addLogs = async (archive: Archive, logs: string): Promise<number> => {
  let added = 0
  for (const job of await namesIn(logs)) {
    for (const name of await namesIn(join(logs, job))) {
      const checksum = await archive.addFile(`logs/${job}/${name}`, join(logs, job, name))
      if (checksum !== undefined) added += 1
    }
  }
  return added
}

/** Names in a directory; none when it is gone, or no directory. */
const namesIn = (directory: string): Promise<string[]> =>
  readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
    throw error
  })

const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
