import type { FileHandle } from 'node:fs/promises'
import { BLOCK_BYTES, decodeExtended, decodeHeader } from './tar-header.ts'

const CHUNK_BYTES = 1024 * 1024
const MAX_EXTENDED_BYTES = 64 * 1024

/** A file in an archive. Its content must be read before the next one is asked for. */
export interface TarEntry {
  readonly name: string
  readonly sizeBytes: number
  readonly content: AsyncIterable<Uint8Array>
}

/** Reads the files of a tar file in their order. @throws Error when it is damaged or cut off. */
export async function* readTar(file: FileHandle): AsyncGenerator<TarEntry> {
  let at = 0
  let extended: ReadonlyMap<string, string> = new Map()
  for (;;) {
    const header = decodeHeader(await readExactly(file, at, BLOCK_BYTES))
    at += BLOCK_BYTES
    if (!header) return
    const sizeBytes = Number(extended.get('size') ?? header.sizeBytes)
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) throw new Error('a size is damaged')
    const end = at + Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES
    if (header.type === 'x') {
      if (sizeBytes > MAX_EXTENDED_BYTES) throw new Error('an extended header is too long')
      extended = decodeExtended(await readExactly(file, at, sizeBytes))
    } else if (header.type === '0') {
      yield {
        name: extended.get('path') ?? header.name,
        sizeBytes,
        content: readPart(file, at, sizeBytes),
      }
      extended = new Map()
    } else {
      throw new Error(`an entry has type ${JSON.stringify(header.type)}`)
    }
    at = end
  }
}

async function* readPart(file: FileHandle, start: number, sizeBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < sizeBytes; at += CHUNK_BYTES) {
    yield await readExactly(file, start + at, Math.min(CHUNK_BYTES, sizeBytes - at))
  }
}

const readExactly = async (file: FileHandle, position: number, length: number): Promise<Buffer> => {
  const buffer = Buffer.alloc(length)
  let read = 0
  while (read < length) {
    const { bytesRead } = await file.read(buffer, read, length - read, position + read)
    if (bytesRead === 0) throw new Error('it is cut off')
    read += bytesRead
  }
  return buffer
}
