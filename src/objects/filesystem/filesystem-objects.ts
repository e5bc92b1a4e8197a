import { chmodSync, mkdirSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { ObjectInfo } from '../../contract/objects.ts'
import { isBucketName, isObjectKey } from '../../contract/storage-url.ts'
import { refusal, type TrainyardError } from '../../contract/trainyard-error.ts'
import type { ByteRange, ListObjects, ObjectPage, ObjectRef, ObjectStore } from '../object-store.ts'
import { BlobFiles, type WrittenBlob } from './blob-files.ts'
import { afterPrefix } from './key-order.ts'
import { listObjects, toObjectInfo } from './list-objects.ts'
import { type IndexRow, ObjectIndex } from './object-index.ts'
import { toStorageError } from './storage-errors.ts'

export interface FilesystemObjectsOptions {
  /** Directory of its own; made when missing. */
  readonly root: string
  /** Epoch ms. */
  readonly clock?: () => number
}

const DELETE_BATCH = 500
const MAX_PAGE = 1_000
const READ_CHUNK_BYTES = 256 * 1024
/** How often a reader starts over because the object was replaced between the index and the file. */
const MAX_REPLACED = 100

const checkBucket = (bucket: string): void => {
  if (!isBucketName(bucket)) {
    throw refusal('ModelArts.2791', `Not the name of a bucket: ${JSON.stringify(bucket.slice(0, 100))}.`)
  }
}

const checkRef = (ref: ObjectRef): void => {
  checkBucket(ref.bucket)
  if (!isObjectKey(ref.key)) {
    throw refusal('ModelArts.2791', `Not the key of an object: ${JSON.stringify(ref.key.slice(0, 100))}.`)
  }
}

const notFound = (ref: ObjectRef): TrainyardError =>
  refusal('ModelArts.4404', `There is no object /${ref.bucket}/${ref.key}.`)

const guarded = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  try {
    return await work()
  } catch (error) {
    throw toStorageError(error)
  }
}

const partOf = async (
  handle: FileHandle,
  size: number,
  range: ByteRange | undefined,
): Promise<AsyncIterable<Uint8Array>> => {
  const start = Math.max(range?.start ?? 0, 0)
  const end = Math.min(range?.end ?? size - 1, size - 1)
  if (start <= end) return handle.createReadStream({ start, end, highWaterMark: READ_CHUNK_BYTES })
  await handle.close()
  return Readable.from([])
}

class FilesystemObjects implements ObjectStore {
  readonly #index: ObjectIndex
  readonly #blobs: BlobFiles
  readonly #clock: () => number
  readonly #sweeping: Promise<void>
  #closed = false

  constructor(options: FilesystemObjectsOptions) {
    mkdirSync(options.root, { recursive: true, mode: 0o700 })
    chmodSync(options.root, 0o700)
    this.#clock = options.clock ?? Date.now
    this.#index = new ObjectIndex(join(options.root, 'index.db'))
    this.#blobs = new BlobFiles(options.root)
    // In the background: with many objects it takes a while, and nothing waits for it. A file it cannot remove stays
    // until the next start.
    this.#sweeping = this.#blobs
      .sweep(
        performance.timeOrigin,
        (folder) => this.#index.blobsOf(folder),
        () => this.#closed,
      )
      .catch(() => {})
  }

  async put(
    ref: ObjectRef,
    content: AsyncIterable<Uint8Array>,
    options: { checksum?: string } = {},
  ): Promise<ObjectInfo> {
    checkRef(ref)
    let broken: { error: unknown } | undefined
    const watched = async function* () {
      try {
        yield* content
      } catch (error) {
        broken = { error }
        throw error
      }
    }
    try {
      return await this.#replace(ref, (name) => this.#blobs.write(watched(), options.checksum, name))
    } catch (error) {
      // Trouble of the sender (a lost connection) is not trouble of the store.
      throw broken?.error === error ? error : toStorageError(error)
    }
  }

  async upload(file: string, ref: ObjectRef): Promise<ObjectInfo> {
    checkRef(ref)
    return guarded(() => this.#replace(ref, (name) => this.#blobs.copyIn(file, name)))
  }

  async find(ref: ObjectRef): Promise<ObjectInfo | undefined> {
    checkRef(ref)
    return guarded(async () => {
      const row = this.#index.find(ref)
      return row && toObjectInfo(row)
    })
  }

  async read(
    ref: ObjectRef,
    range?: ByteRange,
  ): Promise<{ info: ObjectInfo; content: AsyncIterable<Uint8Array> } | undefined> {
    checkRef(ref)
    return guarded(async () => {
      const opened = await this.#current(ref, (row) => this.#blobs.open(row.blob))
      if (!opened) return undefined
      const info = toObjectInfo(opened.row)
      return { info, content: await partOf(opened.result, info.size, range) }
    })
  }

  async download(ref: ObjectRef, file: string): Promise<ObjectInfo> {
    checkRef(ref)
    return guarded(async () => {
      const copied = await this.#current(
        ref,
        async (row) => (await this.#blobs.copyOut(row.blob, file)) || undefined,
      )
      if (!copied) throw notFound(ref)
      return toObjectInfo(copied.row)
    })
  }

  async delete(ref: ObjectRef): Promise<void> {
    checkRef(ref)
    await guarded(async () => this.#blobs.remove(this.#index.delete([ref])))
  }

  async deletePrefix(ref: ObjectRef): Promise<void> {
    checkRef(ref)
    await guarded(async () => {
      const to = afterPrefix(ref.key)
      // One pass in key order: what is written behind the walk meanwhile stays, so it ends.
      for (let from = ref.key, inclusive = true; ; inclusive = false) {
        const keys: string[] = []
        for (const row of this.#index.scan(ref, { from, inclusive, to })) {
          keys.push(row.key)
          if (keys.length === DELETE_BATCH) break
        }
        const last = keys.at(-1)
        if (last === undefined) return
        await this.#blobs.remove(this.#index.delete(keys.map((key) => ({ ...ref, key }))))
        from = last
        await setImmediate()
      }
    })
  }

  async list(query: ListObjects): Promise<ObjectPage> {
    checkBucket(query.bucket)
    const limit = Math.min(Math.max(Math.trunc(query.limit), 1), MAX_PAGE)
    return guarded(async () => listObjects(this.#index, { ...query, limit }))
  }

  async listBuckets(projectId: string): Promise<{ name: string; created_at: number }[]> {
    return guarded(async () => this.#index.listBuckets(projectId))
  }

  async usage(): Promise<{ objects: number; bytes: number }> {
    return guarded(async () => this.#index.usage())
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#sweeping
    this.#index.close()
  }

  async #replace(
    ref: ObjectRef,
    write: (name: (written: WrittenBlob) => { info: ObjectInfo; replaced: string | undefined }) => Promise<{
      info: ObjectInfo
      replaced: string | undefined
    }>,
  ): Promise<ObjectInfo> {
    const { info, replaced } = await write(({ blob, size, checksum }) => {
      const row: IndexRow = { key: ref.key, size, checksum, modified_at: this.#clock(), blob }
      return { replaced: this.#index.put(ref, row), info: toObjectInfo(row) }
    })
    if (replaced !== undefined) await this.#blobs.remove([replaced])
    return info
  }

  /** Uses the blob of an object; starts over with the next one when it was replaced before it could be used. */
  async #current<Result>(
    ref: ObjectRef,
    use: (row: IndexRow) => Promise<Result | undefined>,
  ): Promise<{ row: IndexRow; result: Result } | undefined> {
    let tried: string | undefined
    for (let attempt = 0; attempt < MAX_REPLACED; attempt += 1) {
      const row = this.#index.find(ref)
      if (!row) return undefined
      if (row.blob === tried) break
      const result = await use(row)
      if (result !== undefined) return { row, result }
      tried = row.blob
    }
    throw refusal('ModelArts.2958', `The content of /${ref.bucket}/${ref.key} cannot be found.`)
  }
}

/**
 * Opens the object store that keeps its objects below a directory: an index (SQLite) of names, and one file per
 * content. No key ever becomes a path. One process at a time may have it open.
 * @throws TrainyardError `ModelArts.2952` when the index was written by a newer version.
 */
export const openFilesystemObjects = (options: FilesystemObjectsOptions): ObjectStore =>
  new FilesystemObjects(options)
