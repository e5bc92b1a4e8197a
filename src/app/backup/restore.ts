import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { TrainyardError } from '../../contract/trainyard-error.ts'
import { dataPaths, lockDataDirectory, makeDataDirectory } from '../data-directory.ts'
import { HEAD_NAME, SUMS_NAME, sumLine } from './archive.ts'
import { BACKUP_FORMAT } from './backup.ts'
import { readTar, type TarEntry } from './tar-reader.ts'

/** What a backup may hold, and so all that is ever written. */
const NAMES = [
  /^(?:trainyard\.db|secret\.key|credentials\.json|trainyard\.yaml)$/,
  /^objects\/index\.db$/,
  /^objects\/blobs\/[0-9a-f]{2}\/[0-9a-f]{32}$/,
  /^logs\/[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\/[A-Za-z0-9_][A-Za-z0-9_.-]{0,250}$/,
]

/** What makes a directory a data directory; comes last, when all else is there. */
const LAST_NAME = 'trainyard.db'
const MAX_HEAD_BYTES = 4096

export interface RestoreSummary {
  readonly files: number
  readonly bytes: number
  /** When the backup was made, RFC 3339. */
  readonly createdAt: string
}

const refused = (message: string, solution: string): TrainyardError =>
  new TrainyardError('invalid_argument', message, { solution })

const damaged = (file: string, why: string): TrainyardError =>
  refused(`${file} is not a whole backup: ${why}.`, 'Take another copy of it; nothing was restored.')

/**
 * Makes a data directory from a backup. Nothing is put into its place before every checksum was right; what was written
 * until then is removed again.
 * @throws TrainyardError `invalid_argument` when the directory is not empty or the file is not a whole backup.
 */
export const restore = async (file: string, dataDirectory: string): Promise<RestoreSummary> => {
  const paths = dataPaths(dataDirectory)
  const present = await readdir(dataDirectory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  if (present.length > 0) throw refused(`${dataDirectory} is not empty.`, 'Name an empty or a new directory.')
  const archive = await open(file, 'r')
  try {
    await makeDataDirectory(dataDirectory)
    const unlock = lockDataDirectory(paths.lock)
    try {
      const summary = await extract(archive, file, paths.restoring)
      await putIntoPlace(paths.restoring, dataDirectory)
      return summary
    } finally {
      unlock()
      await rm(paths.restoring, { recursive: true, force: true })
      // After a failure the directory is empty again, as it was.
      await rm(paths.lock, { force: true })
    }
  } finally {
    await archive.close()
  }
}

type Archive = Parameters<typeof readTar>[0]

const extract = async (archive: Archive, file: string, target: string): Promise<RestoreSummary> => {
  await mkdir(target, { mode: 0o700 })
  const sums = join(target, SUMS_NAME)
  const written = await open(sums, 'wx', 0o600)
  let createdAt = ''
  let files = 0
  let bytes = 0
  let isComplete = false
  try {
    for await (const entry of readTar(archive)) {
      if (isComplete) throw new Error('something follows the checksums')
      if (entry.name === SUMS_NAME) {
        await compareSums(sums, entry)
        isComplete = true
        continue
      }
      const isHead = files === 0
      const checksum = isHead
        ? await readHead(entry, (time) => {
            createdAt = time
          })
        : await writeEntry(entry, target)
      await written.appendFile(sumLine(checksum, entry.name))
      files += 1
      bytes += entry.sizeBytes
    }
    if (!isComplete) throw new Error('the checksums are missing')
  } catch (error) {
    if (error instanceof TrainyardError) throw error
    throw damaged(file, error instanceof Error ? error.message : String(error))
  } finally {
    await written.close()
  }
  await rm(sums)
  return { files, bytes, createdAt }
}

/** The first file says what this is. Answers its checksum. */
const readHead = async (entry: TarEntry, tellTime: (createdAt: string) => void): Promise<string> => {
  if (entry.name !== HEAD_NAME || entry.sizeBytes > MAX_HEAD_BYTES)
    throw new Error('it was not made by trainyard backup')
  const chunks: Uint8Array[] = []
  for await (const chunk of entry.content) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  const head = JSON.parse(bytes.toString()) as { format?: unknown; created_at?: unknown; version?: unknown }
  if (head.format !== BACKUP_FORMAT) {
    throw refused(
      `The backup has format ${JSON.stringify(head.format)}, made by Trainyard ${String(head.version)}.`,
      'Restore it with that version.',
    )
  }
  tellTime(String(head.created_at))
  return createHash('sha256').update(bytes).digest('hex')
}

const writeEntry = async (entry: TarEntry, target: string): Promise<string> => {
  if (!NAMES.some((pattern) => pattern.test(entry.name))) {
    throw new Error(`it holds ${JSON.stringify(entry.name.slice(0, 100))}`)
  }
  const path = join(target, entry.name)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const hash = createHash('sha256')
  const handle = await open(path, 'wx', 0o600)
  try {
    for await (const chunk of entry.content) {
      hash.update(chunk)
      await handle.writeFile(chunk)
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
  return hash.digest('hex')
}

/** Compares the checksums of what was read with those of the backup, line by line: there may be millions. */
const compareSums = async (sums: string, entry: TarEntry): Promise<void> => {
  const found = createInterface({ input: createReadStream(sums) })[Symbol.asyncIterator]()
  for await (const line of linesOf(entry.content)) {
    const { value, done } = await found.next()
    if (done || value !== line)
      throw new Error(`${(done ? line : value).slice(66)} does not have its checksum`)
  }
  const { done, value } = await found.next()
  if (!done) throw new Error(`${value.slice(66)} has no checksum`)
}

async function* linesOf(content: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of content) {
    const lines = (rest + Buffer.from(chunk).toString('latin1')).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}

/** Moves everything into the data directory. What makes it one comes last, so that a crash leaves no half of it. */
const putIntoPlace = async (restoring: string, dataDirectory: string): Promise<void> => {
  const names = await readdir(restoring)
  if (!names.includes(LAST_NAME)) throw refused('The backup holds no jobs.', 'Take another copy of it.')
  for (const name of names.filter((entry) => entry !== LAST_NAME)) {
    await rename(join(restoring, name), join(dataDirectory, name))
  }
  await rename(join(restoring, LAST_NAME), join(dataDirectory, LAST_NAME))
  const handle = await open(dataDirectory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
