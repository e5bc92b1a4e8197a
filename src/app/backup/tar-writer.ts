import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { BLOCK_BYTES, encodeHeader, padding } from './tar-header.ts'

const BUFFER_BYTES = 1024 * 1024

/** Writes a tar file from its begin to its end. Needs no memory for what passes, whatever its size. */
export class TarWriter {
  readonly #file: FileHandle
  #waiting: Uint8Array[] = []
  #waitingBytes = 0

  constructor(file: FileHandle) {
    this.#file = file
  }

  /**
   * Adds a file of exactly this size: what comes beyond is left out, what is missing becomes zeros (a log can be cut
   * while it is read). Answers the SHA-256 of what was written.
   */
  async add(
    name: string,
    content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    sizeBytes: number,
    modifiedMs: number,
  ): Promise<string> {
    const hash = createHash('sha256')
    await this.#write(encodeHeader(name, sizeBytes, modifiedMs))
    let left = sizeBytes
    const take = async (chunk: Uint8Array): Promise<void> => {
      const part = chunk.subarray(0, left)
      left -= part.byteLength
      hash.update(part)
      await this.#write(part)
    }
    for await (const chunk of content) {
      if (left === 0) break
      await take(chunk)
    }
    while (left > 0) await take(Buffer.alloc(Math.min(left, BUFFER_BYTES)))
    await this.#write(padding(sizeBytes))
    return hash.digest('hex')
  }

  /** Ends the archive and brings it to the disk. */
  async end(): Promise<void> {
    await this.#write(Buffer.alloc(2 * BLOCK_BYTES))
    await this.#flush()
    await this.#file.sync()
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (bytes.byteLength === 0) return
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.byteLength
    if (this.#waitingBytes >= BUFFER_BYTES) await this.#flush()
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#waiting)
    this.#waiting = []
    this.#waitingBytes = 0
    // `writeFile` goes on where the last one ended, and writes all or throws.
    await this.#file.writeFile(bytes)
  }
}
