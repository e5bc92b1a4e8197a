import { createHash, randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import {
  chmod,
  constants,
  copyFile,
  type FileHandle,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  stat,
} from 'node:fs/promises'
import { join } from 'node:path'
import { refusal } from '../../contract/trainyard-error.ts'
import { isIndexFull, isMissing } from './storage-errors.ts'

/** Content that is on the disk, though nothing names it yet. */
export interface WrittenBlob {
  readonly blob: string
  readonly size: number
  readonly checksum: string
}

const MAX_OBJECT_BYTES = 2 ** 40
const BLOB_NAME = /^[0-9a-f]{32}$/
const FOLDER_NAME = /^[0-9a-f]{2}$/

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const syncFolderNow = (folder: string): void => {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

const missingIsUndefined = (error: unknown): undefined => {
  if (!isMissing(error)) throw error
}

/** Counts and hashes what passes. */
class Measure {
  readonly #hash = createHash('sha256')
  #size = 0

  async *pass(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of content) {
      this.#size += chunk.byteLength
      if (this.#size > MAX_OBJECT_BYTES) {
        throw refusal('ModelArts.2816', 'An object has at most 1 TiB (1,099,511,627,776 bytes).')
      }
      this.#hash.update(chunk)
      yield chunk
    }
  }

  end(): { size: number; checksum: string } {
    return { size: this.#size, checksum: this.#hash.digest('hex') }
  }
}

/**
 * The files that hold content, under names of our own making: `blobs/<2 hex>/<32 hex>`. A blob is written once and
 * never changed, so that whoever opened it reads it to the end, also after it was replaced and unlinked.
 */
export class BlobFiles {
  readonly #incoming: string
  readonly #blobs: string
  /** Blobs being written: not named by the index yet, and not to be swept. */
  readonly #writing = new Set<string>()
  readonly #folders = new Set<string>()

  constructor(root: string) {
    this.#incoming = join(root, 'incoming')
    this.#blobs = join(root, 'blobs')
    mkdirSync(this.#incoming, { recursive: true, mode: 0o700 })
    mkdirSync(this.#blobs, { recursive: true, mode: 0o700 })
    syncFolderNow(root)
  }

  pathOf(blob: string): string {
    return join(this.#blobs, blob.slice(0, 2), blob)
  }

  /**
   * Writes content as a new blob and hands it to `name`, which makes it the content of an object. When anything
   * fails, the blob is removed.
   * @throws TrainyardError `ModelArts.2788` when the SHA-256 of the content is not `checksum`.
   */
  async write<Result>(
    content: AsyncIterable<Uint8Array>,
    checksum: string | undefined,
    name: (written: WrittenBlob) => Result,
  ): Promise<Result> {
    return this.#keep(async (file) => {
      const handle = await open(file, 'wx', 0o600)
      try {
        const measure = new Measure()
        await handle.writeFile(measure.pass(content))
        const measured = measure.end()
        if (checksum !== undefined && checksum.toLowerCase() !== measured.checksum) {
          throw refusal('ModelArts.2788', 'The content does not have the SHA-256 that was sent with it.')
        }
        await handle.sync()
        return measured
      } finally {
        await handle.close()
      }
    }, name)
  }

  /** As `write`, with the content of a local file, by reflink where the file system can. */
  async copyIn<Result>(source: string, name: (written: WrittenBlob) => Result): Promise<Result> {
    const found = await stat(source).catch(missingIsUndefined)
    // A copy of a pipe or device would never end.
    if (!found?.isFile()) {
      throw refusal('ModelArts.2788', 'What is to become an object is not there, or is not a regular file.')
    }
    return this.#keep(async (file) => {
      await copyFile(source, file, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
      // The copy took over the mode of its source.
      await chmod(file, 0o600)
      const handle = await open(file, 'r')
      try {
        const measure = new Measure()
        const bytes = handle.createReadStream({ autoClose: false, highWaterMark: 1 << 20 })
        for await (const _chunk of measure.pass(bytes));
        await handle.sync()
        return measure.end()
      } finally {
        await handle.close()
      }
    }, name)
  }

  /** Opens a blob for reading; undefined when it was removed. */
  async open(blob: string): Promise<FileHandle | undefined> {
    return open(this.pathOf(blob), 'r').catch(missingIsUndefined)
  }

  /** Copies a blob to a file; false when it was removed. A copy that fails half-way leaves no file. */
  async copyOut(blob: string, file: string): Promise<boolean> {
    const source = this.pathOf(blob)
    try {
      await copyFile(source, file, constants.COPYFILE_FICLONE)
      return true
    } catch (error) {
      const gone = isMissing(error) && (await stat(source).catch(missingIsUndefined)) === undefined
      if (gone) return false
      await rm(file, { force: true }).catch(() => {})
      throw error
    }
  }

  /** Removes blobs that nothing names any more. What cannot be removed now is swept at the next start. */
  async remove(blobs: readonly string[]): Promise<void> {
    for (const blob of blobs) await rm(this.pathOf(blob), { force: true }).catch(() => {})
  }

  /**
   * Removes what a crash left behind: files older than `before` (epoch ms) that are neither in use nor being written.
   * Goes folder by folder; stops early when `stopped` says so.
   */
  async sweep(
    before: number,
    inUse: (folder: string) => ReadonlySet<string>,
    stopped: () => boolean,
  ): Promise<void> {
    await this.#sweepFolder(this.#incoming, before, () => new Set(), stopped)
    for (const folder of await readdir(this.#blobs)) {
      if (stopped()) return
      if (FOLDER_NAME.test(folder)) {
        await this.#sweepFolder(join(this.#blobs, folder), before, () => inUse(folder), stopped)
      }
    }
  }

  async #sweepFolder(
    folder: string,
    before: number,
    inUse: () => ReadonlySet<string>,
    stopped: () => boolean,
  ): Promise<void> {
    const names = await readdir(folder)
    // Decided in one go after reading the folder: what was there and is neither named nor being written now, never
    // will be named.
    const used = inUse()
    const orphans = names.filter(
      (name) => BLOB_NAME.test(name) && !used.has(name) && !this.#writing.has(name),
    )
    for (const name of orphans) {
      if (stopped()) return
      const found = await stat(join(folder, name)).catch(missingIsUndefined)
      if (found && found.mtimeMs < before) await rm(join(folder, name), { force: true })
    }
  }

  async #keep<Result>(
    fill: (file: string) => Promise<{ size: number; checksum: string }>,
    name: (written: WrittenBlob) => Result,
  ): Promise<Result> {
    const blob = randomBytes(16).toString('hex')
    const incoming = join(this.#incoming, blob)
    this.#writing.add(blob)
    try {
      const written = await this.#settled(fill, incoming, blob)
      return name(written)
    } catch (error) {
      // After any other failure of a commit it is open whether a later start finds it done. Then the blob has to be
      // there, and if not, the sweep of that start removes it.
      if (isIndexFull(error)) await this.remove([blob])
      throw error
    } finally {
      this.#writing.delete(blob)
    }
  }

  async #settled(
    fill: (file: string) => Promise<{ size: number; checksum: string }>,
    incoming: string,
    blob: string,
  ): Promise<WrittenBlob> {
    try {
      const measured = await fill(incoming)
      await this.#settle(incoming, blob)
      return { blob, ...measured }
    } catch (error) {
      await rm(incoming, { force: true }).catch(() => {})
      await this.remove([blob])
      throw error
    }
  }

  // The folder is synced before anything names the blob: a name must not outlive a power cut that its file does not.
  async #settle(incoming: string, blob: string): Promise<void> {
    const folder = join(this.#blobs, blob.slice(0, 2))
    if (!this.#folders.has(folder)) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await syncFolder(this.#blobs)
      this.#folders.add(folder)
    }
    await rename(incoming, this.pathOf(blob))
    await syncFolder(folder)
  }
}
