import type { ObjectInfo } from '../contract/objects.ts'

/** An object of a project. */
export interface ObjectRef {
  readonly projectId: string
  readonly bucket: string
  readonly key: string
}

/** Part of an object: bytes `start` to `end`, both inclusive. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

export interface ListObjects {
  readonly projectId: string
  readonly bucket: string
  readonly prefix: string
  /** Folds keys at this character into prefixes; '' folds nothing. */
  readonly delimiter: string
  /** 1 to 1,000; counts objects and prefixes together. */
  readonly limit: number
  /** Continue after this key or prefix. */
  readonly after: string
}

export interface ObjectPage {
  readonly objects: ObjectInfo[]
  readonly prefixes: string[]
  /** Present when there is more: `after` of the next page. */
  readonly next?: string
}

/**
 * Keeps objects of projects. Names are checked by `contract/storage-url.ts`, and again here: a bad one is
 * `ModelArts.2791`. A full disk is `ModelArts.4107`; in both cases nothing is half-written.
 */
export interface ObjectStore {
  /**
   * Writes an object, whole or not at all; a reader sees the old or the new content.
   * With `checksum` (SHA-256, hex) a different content is refused: `ModelArts.2788`. An error of `content` itself is
   * passed on as it is.
   */
  put(
    ref: ObjectRef,
    content: AsyncIterable<Uint8Array>,
    options?: { checksum?: string },
  ): Promise<ObjectInfo>
  find(ref: ObjectRef): Promise<ObjectInfo | undefined>
  /**
   * Content of an object, or a part of it; undefined when there is none. What was opened is read to its end also when
   * the object is replaced meanwhile. Do read it: the file stays open until then.
   */
  read(
    ref: ObjectRef,
    range?: ByteRange,
  ): Promise<{ info: ObjectInfo; content: AsyncIterable<Uint8Array> } | undefined>
  /** Deletes an object. Gone already is success. */
  delete(ref: ObjectRef): Promise<void>
  /** Deletes every object whose key starts with `key`. */
  deletePrefix(ref: ObjectRef): Promise<void>
  list(query: ListObjects): Promise<ObjectPage>
  listBuckets(projectId: string): Promise<{ name: string; created_at: number }[]>
  /**
   * Copies an object to a local file, by reflink where the file system can and never by hard link: the copy may be
   * changed without changing what is stored. Parent directories must exist. Unknown object: `ModelArts.4404`.
   */
  download(ref: ObjectRef, file: string): Promise<ObjectInfo>
  /** Writes a local file as an object. Anything but a regular file (or a link to one) is refused: `ModelArts.2788`. */
  upload(file: string, ref: ObjectRef): Promise<ObjectInfo>
  /** What is stored, of all projects. Reads the whole index: not for every second. */
  usage(): Promise<{ objects: number; bytes: number }>
  close(): Promise<void>
}
