import type { ObjectInfo, PutObjectResponse } from '../contract/objects.ts'
import { sha256Hex } from '../contract/signature.ts'
import { parseStorageUrl, type StoragePlace } from '../contract/storage-url.ts'
import { isTrainyardError, TrainyardError } from '../contract/trainyard-error.ts'
import { OPERATIONS } from './operations.ts'
import { present } from './present.ts'
import type { CallOptions, Content } from './request.ts'
import type { Sender } from './sender.ts'

/** Options of an upload. */
export interface PutOptions extends CallOptions {
  /** SHA-256 of the content, lower-case hex. The server refuses other bytes: `ModelArts.2788`. */
  readonly checksum?: string | undefined
}

/** An object on its way: read it once, or discard it. */
export interface StoredContent {
  /** Bytes of the object; undefined when the server does not tell. */
  readonly sizeBytes: number | undefined
  /** SHA-256 of the whole object, lower-case hex; undefined when the store does not tell. */
  readonly checksum: string | undefined
  /** The bytes as they come, once. */
  readonly chunks: AsyncIterable<Uint8Array>
  /** All bytes, in memory. */
  bytes(): Promise<Uint8Array<ArrayBuffer>>
  /** All bytes as UTF-8. */
  text(): Promise<string>
  /** Lets go of content that nobody reads. */
  discard(): Promise<void>
}

/** An entry of a listing: an object, or a directory when the listing is folded. */
export type ObsEntry =
  | { readonly kind: 'object'; readonly url: string; readonly info: ObjectInfo }
  | { readonly kind: 'directory'; readonly url: string }

/** How a listing is made. */
export interface ListOptions extends CallOptions {
  /** Lists everything below instead of one level. Default false. */
  readonly recursive?: boolean | undefined
}

const isDirectory = (place: StoragePlace): boolean => place.key === '' || place.key.endsWith('/')

/** Reads the path of an object. @throws TrainyardError `ModelArts.2791`, also for a directory. */
export const parseObjectUrl = (url: string): StoragePlace => {
  const place = parseStorageUrl(url)
  if (isDirectory(place)) {
    throw new TrainyardError('ModelArts.2791', `Not the path of an object: ${JSON.stringify(url)}.`)
  }
  return place
}

/** Reads the path of a directory: it ends with `/`, or is a bucket. @throws TrainyardError `ModelArts.2791`. */
export const parseDirectoryUrl = (url: string): StoragePlace => {
  const place = parseStorageUrl(url)
  if (!isDirectory(place)) {
    throw new TrainyardError('ModelArts.2791', `A storage directory ends with "/": ${JSON.stringify(url)}.`)
  }
  return place
}

/** Writes a place as `obs://bucket/key`. */
export const toObsUrl = (place: StoragePlace): string => `obs://${place.bucket}/${place.key}`

const collect = async (chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> => {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of chunks) {
    parts.push(chunk)
    sizeBytes += chunk.byteLength
  }
  const bytes = new Uint8Array(sizeBytes)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.byteLength
  }
  return bytes
}

/**
 * The object store of a session. Paths are `obs://bucket/key` or `/bucket/key`; a directory ends with `/`.
 * @throws TrainyardError `ModelArts.2791` from every method for a path that is none.
 */
export class Obs {
  readonly #session: Sender

  constructor(session: Sender) {
    this.#session = session
  }

  /** Writes an object, whole or not at all. Streams are sent once; everything else is repeated on trouble. */
  async put(url: string, content: Content, options: PutOptions = {}): Promise<PutObjectResponse> {
    const place = parseObjectUrl(url)
    const isInMemory = typeof content === 'string' || content instanceof Uint8Array
    const checksum = options.checksum ?? (isInMemory ? sha256Hex(content) : undefined)
    const stored = await this.#session.send(OPERATIONS.putObject, {
      params: { ...place },
      content,
      headers: checksum === undefined ? {} : { 'x-trainyard-sha256': checksum },
      ...present({ signal: options.signal, timeoutMs: options.timeoutMs }),
    })
    if (checksum !== undefined && stored.checksum !== checksum) {
      throw new TrainyardError(
        'unexpected_answer',
        `The store holds other bytes of ${toObsUrl(place)} than were sent.`,
      )
    }
    return stored
  }

  /** Opens an object for reading. @throws TrainyardError `ModelArts.4404` when there is none. */
  async get(url: string, options: CallOptions = {}): Promise<StoredContent> {
    const answer = await this.#session.open(OPERATIONS.getObject, {
      ...options,
      params: { ...parseObjectUrl(url) },
    })
    const length = answer.headers.get('content-length')
    const etag = /^"([0-9a-f]{64})"$/.exec(answer.headers.get('etag') ?? '')?.[1]
    return {
      sizeBytes: length === null ? undefined : Number(length),
      checksum: etag,
      chunks: answer.chunks,
      bytes: () => collect(answer.chunks),
      text: async () => new TextDecoder().decode(await collect(answer.chunks)),
      discard: () => answer.discard(),
    }
  }

  /** Size, time and checksum of an object; undefined when there is none. */
  async find(url: string, options: CallOptions = {}): Promise<ObjectInfo | undefined> {
    const { bucket, key } = parseObjectUrl(url)
    // The shortest key that starts with `key` comes first. HEAD could not tell a missing object from a refusal.
    const page = await this.#listPage(bucket, { prefix: key, limit: 1 }, options)
    const [first] = page.objects
    return first?.key === key ? first : undefined
  }

  /** Whether there is such an object or, for a path that ends with `/` or a bucket, anything below it. */
  async exists(url: string, options: CallOptions = {}): Promise<boolean> {
    const place = parseStorageUrl(url)
    if (!isDirectory(place)) return (await this.find(url, options)) !== undefined
    const page = await this.#listPage(place.bucket, { prefix: place.key, limit: 1 }, options)
    return page.objects.length > 0
  }

  /** Lists what starts with a path, in the order of keys, page after page. */
  async *list(url: string, options: ListOptions = {}): AsyncGenerator<ObsEntry> {
    const { bucket, key } = parseStorageUrl(url)
    const fold = options.recursive === true ? {} : { delimiter: '/' }
    let after: string | undefined
    do {
      const page = await this.#listPage(bucket, { prefix: key, ...fold, ...present({ after }) }, options)
      const entries: ObsEntry[] = [
        ...page.prefixes.map(
          (prefix) => ({ kind: 'directory', url: toObsUrl({ bucket, key: prefix }) }) as const,
        ),
        ...page.objects.map(
          (info) => ({ kind: 'object', url: toObsUrl({ bucket, key: info.key }), info }) as const,
        ),
      ]
      yield* entries.sort((a, b) => (a.url < b.url ? -1 : 1))
      // A page that does not move on would repeat for ever.
      if (page.next !== undefined && page.next === after) return
      after = page.next
    } while (after !== undefined)
  }

  /** The buckets of the project. */
  async listBuckets(options: CallOptions = {}): Promise<{ name: string; created_at: number }[]> {
    return (await this.#session.send(OPERATIONS.listBuckets, { ...options })).buckets
  }

  /** Deletes an object. Gone already is success. */
  async delete(url: string, options: CallOptions = {}): Promise<void> {
    await this.#session.send(OPERATIONS.deleteObject, { ...options, params: { ...parseObjectUrl(url) } })
  }

  /** Deletes everything below a directory, which ends with `/`. */
  async deleteDirectory(url: string, options: CallOptions = {}): Promise<void> {
    const place = parseDirectoryUrl(url)
    if (place.key === '') throw new TrainyardError('ModelArts.2791', 'A whole bucket cannot be deleted.')
    await this.#session.send(OPERATIONS.deleteObject, {
      ...options,
      params: { ...place },
      query: { recursive: true },
    })
  }

  #listPage(
    bucket: string,
    query: { prefix: string; delimiter?: string; limit?: number; after?: string },
    options: CallOptions,
  ) {
    return this.#session.send(OPERATIONS.listObjects, {
      params: { bucket },
      query,
      ...present({ signal: options.signal, timeoutMs: options.timeoutMs }),
    })
  }
}

/** Whether an error says that there is no such object. */
export const isObjectMissing = (error: unknown): boolean =>
  isTrainyardError(error) && error.code === 'ModelArts.4404'
