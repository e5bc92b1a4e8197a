import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import type { ObjectInfo } from '../../src/contract/objects.ts'
import { isBucketName, isObjectKey } from '../../src/contract/storage-url.ts'
import { refusal } from '../../src/contract/trainyard-error.ts'
import type {
  ByteRange,
  ListObjects,
  ObjectPage,
  ObjectRef,
  ObjectStore,
} from '../../src/objects/object-store.ts'

interface StoredObject {
  readonly info: ObjectInfo
  readonly content: Uint8Array
}

interface StoredBucket {
  readonly createdAt: number
  readonly objects: Map<string, StoredObject>
}

const compareKeys = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

const checkName = (bucket: string, key: string, isPrefix = false): void => {
  if (!isBucketName(bucket) || (!isObjectKey(key) && !(isPrefix && key === '')))
    throw refusal(
      'ModelArts.2791',
      `Not an object name: ${JSON.stringify(`${bucket}/${key}`.slice(0, 200))}.`,
    )
}

/** An object store that keeps everything in memory, for tests of what uses one. */
export class MemoryObjectStore implements ObjectStore {
  readonly #projects = new Map<string, Map<string, StoredBucket>>()

  async put(
    ref: ObjectRef,
    content: AsyncIterable<Uint8Array>,
    options: { checksum?: string } = {},
  ): Promise<ObjectInfo> {
    checkName(ref.bucket, ref.key)
    const chunks: Uint8Array[] = []
    for await (const chunk of content) chunks.push(Uint8Array.from(chunk))
    return this.#write(ref, Buffer.concat(chunks), options.checksum)
  }

  async find(ref: ObjectRef): Promise<ObjectInfo | undefined> {
    checkName(ref.bucket, ref.key)
    return this.#object(ref)?.info
  }

  async read(
    ref: ObjectRef,
    range?: ByteRange,
  ): Promise<{ info: ObjectInfo; content: AsyncIterable<Uint8Array> } | undefined> {
    checkName(ref.bucket, ref.key)
    const object = this.#object(ref)
    if (!object) return undefined
    const bytes = range ? object.content.subarray(range.start, range.end + 1) : object.content
    return { info: object.info, content: once(bytes) }
  }

  async delete(ref: ObjectRef): Promise<void> {
    checkName(ref.bucket, ref.key)
    this.#bucket(ref)?.objects.delete(ref.key)
  }

  async deletePrefix(ref: ObjectRef): Promise<void> {
    checkName(ref.bucket, ref.key, true)
    const objects = this.#bucket(ref)?.objects
    for (const key of [...(objects?.keys() ?? [])]) if (key.startsWith(ref.key)) objects?.delete(key)
  }

  async list(query: ListObjects): Promise<ObjectPage> {
    const { prefix, delimiter, limit, after } = query
    const objects: ObjectInfo[] = []
    const prefixes: string[] = []
    let last = ''
    for (const { info } of this.#sorted(query)) {
      const { key } = info
      if (!key.startsWith(prefix) || compareKeys(key, after) <= 0) continue
      const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
      const folded = cut < 0 ? undefined : key.slice(0, cut + delimiter.length)
      if (folded !== undefined && (folded === prefixes.at(-1) || folded === after)) continue
      if (objects.length + prefixes.length === limit) return { objects, prefixes, next: last }
      if (folded === undefined) objects.push(info)
      else prefixes.push(folded)
      last = folded ?? key
    }
    return { objects, prefixes }
  }

  async listBuckets(projectId: string): Promise<{ name: string; created_at: number }[]> {
    const buckets = this.#projects.get(projectId) ?? new Map<string, StoredBucket>()
    return [...buckets]
      .map(([name, { createdAt }]) => ({ name, created_at: createdAt }))
      .sort((a, b) => compareKeys(a.name, b.name))
  }

  async download(ref: ObjectRef, file: string): Promise<ObjectInfo> {
    checkName(ref.bucket, ref.key)
    const object = this.#object(ref)
    if (!object) throw refusal('ModelArts.2791', `No object /${ref.bucket}/${ref.key}.`)
    await writeFile(file, object.content)
    return object.info
  }

  async upload(file: string, ref: ObjectRef): Promise<ObjectInfo> {
    checkName(ref.bucket, ref.key)
    return this.#write(ref, await readFile(file), undefined)
  }

  async usage(): Promise<{ objects: number; bytes: number }> {
    const kept = [...this.#projects.values()]
      .flatMap((buckets) => [...buckets.values()])
      .flatMap(({ objects }) => [...objects.values()])
    return { objects: kept.length, bytes: kept.reduce((sum, { info }) => sum + info.size, 0) }
  }

  async close(): Promise<void> {}

  #bucket({ projectId, bucket }: { projectId: string; bucket: string }): StoredBucket | undefined {
    return this.#projects.get(projectId)?.get(bucket)
  }

  #object(ref: ObjectRef): StoredObject | undefined {
    return this.#bucket(ref)?.objects.get(ref.key)
  }

  #sorted(query: ListObjects): StoredObject[] {
    const objects = [...(this.#bucket(query)?.objects.values() ?? [])]
    return objects.sort((a, b) => compareKeys(a.info.key, b.info.key))
  }

  #write(ref: ObjectRef, content: Uint8Array, wanted: string | undefined): ObjectInfo {
    const checksum = createHash('sha256').update(content).digest('hex')
    if (wanted !== undefined && wanted !== checksum)
      throw refusal('ModelArts.2788', 'The content does not have the checksum that was sent.')
    const buckets = this.#projects.get(ref.projectId) ?? new Map<string, StoredBucket>()
    const bucket = buckets.get(ref.bucket) ?? { createdAt: Date.now(), objects: new Map() }
    const info = { key: ref.key, size: content.length, checksum, modified_at: Date.now() }
    bucket.objects.set(ref.key, { info, content })
    buckets.set(ref.bucket, bucket)
    this.#projects.set(ref.projectId, buckets)
    return info
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
