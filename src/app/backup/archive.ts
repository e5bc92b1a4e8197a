import { constants, createReadStream } from 'node:fs'
import { appendFile, type FileHandle, open, stat } from 'node:fs/promises'
import { TarWriter } from './tar-writer.ts'

/** First and last file of a backup. */
export const HEAD_NAME = 'trainyard-backup.json'
export const SUMS_NAME = 'SHA256SUMS'

/** A line of `SHA256SUMS`, as `sha256sum` writes and checks it. */
export const sumLine = (checksum: string, name: string): string => `${checksum}  ${name}\n`

const READ_BYTES = 1024 * 1024
const FLUSH_LINES = 1_000

const openFile = async (file: string): Promise<FileHandle | undefined> => {
  try {
    // A program can put anything beside its log: links are not followed, and a pipe must not make us wait.
    return await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ELOOP' || code === 'ENXIO') return undefined
    throw error
  }
}

/** A backup being written: files, each with its checksum noted, and the list of checksums as the last one. */
export class Archive {
  readonly #tar: TarWriter
  readonly #sumsFile: string
  #lines: string[] = []
  #bytes = 0

  /** `sumsFile` is where checksums are gathered meanwhile. */
  constructor(handle: FileHandle, sumsFile: string) {
    this.#tar = new TarWriter(handle)
    this.#sumsFile = sumsFile
  }

  /** Bytes of all files so far. */
  get bytes(): number {
    return this.#bytes
  }

  async addText(name: string, text: string): Promise<void> {
    const bytes = Buffer.from(text)
    await this.#note(name, await this.#tar.add(name, [bytes], bytes.length, Date.now()), bytes.length)
  }

  /** Adds a file as it is now. Answers its checksum; undefined when it is gone or no regular file. */
  async addFile(name: string, file: string): Promise<string | undefined> {
    const handle = await openFile(file)
    if (!handle) return undefined
    try {
      const found = await handle.stat()
      if (!found.isFile()) return undefined
      const content = handle.createReadStream({ autoClose: false, start: 0, highWaterMark: READ_BYTES })
      const checksum = await this.#tar.add(name, content, found.size, found.mtimeMs)
      await this.#note(name, checksum, found.size)
      return checksum
    } finally {
      await handle.close()
    }
  }

  /** Adds the checksums and ends the archive. */
  async end(): Promise<void> {
    await this.#flush()
    const { size, mtimeMs } = await stat(this.#sumsFile)
    await this.#tar.add(SUMS_NAME, createReadStream(this.#sumsFile), size, mtimeMs)
    await this.#tar.end()
  }

  async #note(name: string, checksum: string, sizeBytes: number): Promise<void> {
    this.#bytes += sizeBytes
    this.#lines.push(sumLine(checksum, name))
    if (this.#lines.length >= FLUSH_LINES) await this.#flush()
  }

  async #flush(): Promise<void> {
    await appendFile(this.#sumsFile, this.#lines.join(''), { mode: 0o600 })
    this.#lines = []
  }
}
