import { constants } from 'node:fs'
import { access, stat, statfs } from 'node:fs/promises'
import { isTrainyardError } from '../../contract/trainyard-error.ts'
import { readConfig } from '../config.ts'
import { checkConfig } from '../config-check.ts'
import { dataPaths, isLocked, nearestDirectory } from '../data-directory.ts'
import { defaultMinFreeBytes, diskSpace } from '../disk-guard.ts'
import { type Finding, ok, problem, warning } from './finding.ts'

const BYTES_PER_GB = 1024 ** 3

/** File systems over a network, by the number `statfs` gives: SQLite's locks and syncs cannot be relied on there. */
const NETWORK_DISKS: Readonly<Record<number, string>> = {
  26985: 'NFS',
  20859: 'SMB',
  4283649346: 'CIFS',
  4266872130: 'SMB2',
}

const gigabytes = (bytes: number): string => `${(bytes / BYTES_PER_GB).toFixed(1)} GB`

const checkDirectory = async (directory: string): Promise<Finding> => {
  const name = 'data directory'
  const found = await stat(directory).catch(() => undefined)
  const place = found ? directory : await nearestDirectory(directory)
  if (found && !found.isDirectory()) {
    return problem(
      name,
      `${directory} is not a directory`,
      'Move the file away, or name another with --data.',
    )
  }
  try {
    await access(place, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch {
    return problem(
      name,
      `${place} cannot be written`,
      `Run as its owner, or chown it to user ${process.getuid?.()}.`,
    )
  }
  if (!found) return ok(name, `${directory} is not there yet; the first start makes it`)
  if (found.uid !== process.getuid?.()) {
    return problem(
      name,
      `${directory} belongs to user ${found.uid}`,
      'Run as that user, or chown it to yours.',
    )
  }
  return (found.mode & 0o077) === 0
    ? ok(name, directory)
    : warning(name, `${directory} is open to others`, `chmod 700 ${directory} (the next start does it).`)
}

const checkDisk = async (directory: string): Promise<Finding> => {
  const place = await nearestDirectory(directory)
  const { type } = await statfs(place)
  const network = NETWORK_DISKS[type]
  const space = await diskSpace(place)
  const { limits } = await readConfig(directory).then(
    ({ config }) => config,
    () => ({ limits: undefined }),
  )
  const least = limits?.min_free_bytes ?? defaultMinFreeBytes(space.sizeBytes)
  const found = `${gigabytes(space.freeBytes)} free of ${gigabytes(space.sizeBytes)}`
  if (network) {
    return problem('disk', `${network}, ${found}`, 'Put the data directory on a local disk: --data.')
  }
  return space.freeBytes >= least
    ? ok('disk', found)
    : problem(
        'disk',
        found,
        `Free space: below ${gigabytes(least)} nothing new is taken (limits.min_free_bytes).`,
      )
}

const checkConfiguration = async (directory: string): Promise<Finding> => {
  try {
    return ok('configuration', await checkConfig(directory))
  } catch (error) {
    if (!isTrainyardError(error)) throw error
    return problem('configuration', error.message, error.solution ?? 'Correct the file.')
  }
}

/** Looks at the data directory: can a server work in it? */
export const checkData = async (directory: string): Promise<{ findings: Finding[]; isServed: boolean }> => {
  const isServed = await isLocked(dataPaths(directory).lock)
  const lock = ok('lock', isServed ? 'held: a server runs on this data directory' : 'free')
  const findings = await Promise.all([
    checkDirectory(directory),
    checkDisk(directory),
    checkConfiguration(directory),
  ])
  return { findings: [...findings, lock], isServed }
}
