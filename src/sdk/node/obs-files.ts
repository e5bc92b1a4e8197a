import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, openAsBlob } from 'node:fs'
import { mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import type { PutObjectResponse } from '../../contract/objects.ts'
import { isObjectKey } from '../../contract/storage-url.ts'
import { TrainyardError } from '../../contract/trainyard-error.ts'
import type { LocalFiles } from '../local-files.ts'
import { Obs, parseDirectoryUrl, parseObjectUrl, type StoredContent, toObsUrl } from '../obs.ts'
import type { CallOptions } from '../request.ts'
import { backoffMs, DEFAULT_RETRY, isPassingTrouble, pause, throwIfAborted } from '../retry.ts'
import { type LocalFile, readTree } from './local-tree.ts'
import { forEachParallel } from './parallel.ts'

/** How far a transfer has come. */
export interface TransferProgress {
  /** The file just moved, relative to its directory. */
  readonly path: string
  /** Files moved so far. */
  readonly filesDone: number
  /** Bytes moved so far. */
  readonly bytesDone: number
  /** Files in all; undefined while a download is still listing. */
  readonly filesTotal: number | undefined
  /** Bytes in all; known for uploads. */
  readonly bytesTotal: number | undefined
}

/** How files are moved. */
export interface TransferOptions extends CallOptions {
  /** Told of each file moved. */
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined
}

/** How a directory is uploaded. */
export interface UploadDirOptions extends TransferOptions {
  /** Leaves out files and directories, by their path relative to the directory. */
  readonly isExcluded?: ((path: string) => boolean) | undefined
}

/** What a transfer moved. */
export interface TransferResult {
  /** Files moved. */
  readonly files: number
  /** Bytes moved. */
  readonly bytes: number
  /** Links that lead outside or to directories, sockets and the like: not uploaded. */
  readonly skipped: readonly string[]
}

const invalid = (message: string, cause?: unknown): TrainyardError =>
  new TrainyardError('invalid_argument', message, cause === undefined ? {} : { cause })

const kindOf = async (path: string): Promise<'file' | 'directory' | 'other'> => {
  try {
    const about = await stat(path)
    return about.isFile() ? 'file' : about.isDirectory() ? 'directory' : 'other'
  } catch (error) {
    throw invalid(`Cannot read ${path} (${(error as NodeJS.ErrnoException).code ?? 'unknown'}).`, error)
  }
}

const hashFile = async (file: string, signal: AbortSignal | undefined): Promise<string> => {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) {
    throwIfAborted(signal)
    hash.update(chunk as Buffer)
  }
  return hash.digest('hex')
}

const isInside = (root: string, path: string): boolean =>
  path.startsWith(root.endsWith(sep) ? root : root + sep)

/** Where an object of a downloaded directory goes; never outside the directory, whatever the server sends. */
const targetOf = (directory: string, relative: string): string => {
  const file = resolve(directory, relative)
  if (!isObjectKey(relative) || !isInside(directory, file)) {
    throw new TrainyardError(
      'unexpected_answer',
      `The server lists a key that is none: ${JSON.stringify(relative)}.`,
    )
  }
  return file
}

class Progress {
  readonly #report: TransferOptions['onProgress']
  readonly #filesTotal: number | undefined
  readonly #bytesTotal: number | undefined
  files = 0
  bytes = 0

  constructor(report: TransferOptions['onProgress'], filesTotal?: number, bytesTotal?: number) {
    this.#report = report
    this.#filesTotal = filesTotal
    this.#bytesTotal = bytesTotal
  }

  add(path: string, bytes: number): void {
    this.files += 1
    this.bytes += bytes
    this.#report?.({
      path,
      filesDone: this.files,
      bytesDone: this.bytes,
      filesTotal: this.#filesTotal,
      bytesTotal: this.#bytesTotal,
    })
  }
}

/**
 * The object store with files of this machine. A storage directory is `obs://bucket/path/`, with `/` at its end; so
 * is a local directory, where a missing `/` is forgiven. All bytes are checked by SHA-256.
 */
export class ObsFiles extends Obs implements LocalFiles {
  /** Uploads a file into a storage directory, under its own name. */
  async uploadFile(
    localFile: string,
    obsDirectory: string,
    options: TransferOptions = {},
  ): Promise<PutObjectResponse> {
    const { bucket, key } = parseDirectoryUrl(obsDirectory)
    const url = toObsUrl({ bucket, key: `${key}${basename(localFile)}` })
    const stored = await this.putFile(localFile, url, options)
    new Progress(options.onProgress, 1).add(basename(localFile), stored.size)
    return stored
  }

  /** Uploads a file as the object of a path. The file must not change meanwhile: its upload would be refused. */
  async putFile(localFile: string, url: string, options: CallOptions = {}): Promise<PutObjectResponse> {
    parseObjectUrl(url)
    if ((await kindOf(localFile)) !== 'file') throw invalid(`${localFile} is not a file.`)
    const checksum = await hashFile(localFile, options.signal)
    // A blob of a file is read from the disk while it is sent, and again when the upload is repeated.
    return this.put(url, await openAsBlob(localFile), { ...options, checksum })
  }

  /**
   * Uploads what is below a directory to a storage directory; the directory's own name is not part of the keys.
   * Links are followed to files inside the directory only; `skipped` names the others. Nothing is deleted there.
   */
  async uploadDir(
    localDirectory: string,
    obsDirectory: string,
    options: UploadDirOptions = {},
  ): Promise<TransferResult> {
    const { bucket, key } = parseDirectoryUrl(obsDirectory)
    if ((await kindOf(localDirectory)) !== 'directory') throw invalid(`${localDirectory} is not a directory.`)
    const { files, skipped } = await readTree(localDirectory, options.isExcluded)
    const urlOf = (file: LocalFile): string => toObsUrl({ bucket, key: `${key}${file.path}` })
    // A name that cannot be a key is found before the first byte is sent.
    for (const file of files) parseObjectUrl(urlOf(file))
    const bytesTotal = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    const progress = new Progress(options.onProgress, files.length, bytesTotal)
    const { timeoutMs } = options
    await forEachParallel(
      files,
      async (file, signal) => {
        const stored = await this.putFile(file.file, urlOf(file), { signal, timeoutMs })
        progress.add(file.path, stored.size)
      },
      options.signal,
    )
    throwIfAborted(options.signal)
    return { files: progress.files, bytes: progress.bytes, skipped }
  }

  /** Uploads a file into, or what is below a directory to, a storage directory. */
  async uploadPath(localPath: string, obsDirectory: string, options: TransferOptions = {}): Promise<void> {
    if ((await kindOf(localPath)) === 'directory') await this.uploadDir(localPath, obsDirectory, options)
    else await this.uploadFile(localPath, obsDirectory, options)
  }

  /** Downloads an object into a local directory, under its own name. Gives the path of the file. */
  async downloadFile(url: string, localDirectory: string, options: TransferOptions = {}): Promise<string> {
    const { key } = parseObjectUrl(url)
    const directory = resolve(localDirectory)
    const file = targetOf(directory, key.slice(key.lastIndexOf('/') + 1))
    await mkdir(directory, { recursive: true })
    const bytes = await this.getFile(url, file, options)
    new Progress(options.onProgress, 1).add(basename(file), bytes)
    return file
  }

  /**
   * Downloads an object to a local file, whole or not at all. Gives its size in bytes.
   * @throws TrainyardError `ModelArts.4404` when there is no such object.
   */
  async getFile(url: string, localFile: string, options: CallOptions = {}): Promise<number> {
    for (let attempt = 0; ; attempt += 1) {
      const content = await this.get(url, options)
      try {
        return await writeWhole(localFile, content)
      } catch (error) {
        if (attempt >= DEFAULT_RETRY.maxRetries || !isPassingTrouble(error)) throw error
      } finally {
        await content.discard()
      }
      await pause(backoffMs(attempt, DEFAULT_RETRY), options.signal)
    }
  }

  /** Downloads everything below a storage directory to a local one. Writes nothing outside it. */
  async downloadDir(
    obsDirectory: string,
    localDirectory: string,
    options: TransferOptions = {},
  ): Promise<TransferResult> {
    const source = parseDirectoryUrl(obsDirectory)
    await mkdir(localDirectory, { recursive: true })
    const root = await realpath(localDirectory)
    const progress = new Progress(options.onProgress)
    const { signal: caller, timeoutMs } = options
    await forEachParallel(
      this.list(toObsUrl(source), { recursive: true, signal: caller, timeoutMs }),
      async (entry, signal) => {
        if (entry.kind !== 'object') return
        const path = entry.info.key.slice(source.key.length)
        const file = targetOf(root, path)
        await mkdir(dirname(file), { recursive: true })
        // A link in the local directory could lead the path elsewhere.
        const parent = await realpath(dirname(file))
        if (parent !== root && !isInside(root, parent))
          throw invalid(`${dirname(file)} leads outside ${root}.`)
        progress.add(path, await this.getFile(entry.url, file, { signal, timeoutMs }))
      },
      caller,
    )
    throwIfAborted(caller)
    return { files: progress.files, bytes: progress.bytes, skipped: [] }
  }

  /** Whether there is such an object, or anything below such a directory. */
  async isObsPathExists(url: string, options: CallOptions = {}): Promise<boolean> {
    if (await this.exists(url, options)) return true
    return url.endsWith('/') ? false : this.exists(`${url}/`, options)
  }
}

/** The part file lies beside its goal, so that the rename stays in one file system. */
const writeWhole = async (localFile: string, content: StoredContent): Promise<number> => {
  const name = `.${basename(localFile).slice(0, 100)}.${randomBytes(6).toString('hex')}.part`
  const part = join(dirname(localFile), name)
  try {
    const bytes = await writeChecked(part, content)
    await rename(part, localFile)
    return bytes
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}

const writeChecked = async (file: string, content: StoredContent): Promise<number> => {
  const hash = createHash('sha256')
  let bytes = 0
  const handle = await open(file, 'wx')
  try {
    for await (const chunk of content.chunks) {
      hash.update(chunk)
      bytes += chunk.byteLength
      await handle.writeFile(chunk)
    }
  } finally {
    await handle.close()
  }
  const isShort = content.sizeBytes !== undefined && content.sizeBytes !== bytes
  if (isShort || (content.checksum !== undefined && content.checksum !== hash.digest('hex'))) {
    throw new TrainyardError('connection_failed', 'The object arrived damaged.', {
      solution: 'Download it again.',
    })
  }
  return bytes
}
