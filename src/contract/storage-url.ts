import { refusal } from './trainyard-error.ts'

/** A place in the object store: a bucket and a key (an object) or a prefix ending in `/` (a directory; `''` is the whole bucket). */
export interface StoragePlace {
  readonly bucket: string
  readonly key: string
}

const BUCKET = /^[a-z0-9.-]{3,63}$/
const KEY_MAX_BYTES = 1024

/** Whether a text can be the name of a bucket: 3 to 63 lower-case letters, digits, `.` and `-`, not only dots. */
export const isBucketName = (name: string): boolean => BUCKET.test(name) && /[a-z0-9]/.test(name)

/** Whether a text can be a key: 1 to 1,024 bytes of UTF-8, no NUL, no empty, `.` or `..` segment. One `/` may end it. */
export const isObjectKey = (key: string): boolean => {
  if (key === '' || key.includes('\0') || !key.isWellFormed()) return false
  if (new TextEncoder().encode(key).length > KEY_MAX_BYTES) return false
  const segments = (key.endsWith('/') ? key.slice(0, -1) : key).split('/')
  return segments.every((segment) => segment !== '' && segment !== '.' && segment !== '..')
}

/**
 * Reads `/bucket/path`, `obs://bucket/path` or `obs:/bucket/path` (programs that prefix `obs:/` write the last).
 * @throws TrainyardError `ModelArts.2791` when it is not a storage path.
 */
export const parseStorageUrl = (url: string): StoragePlace => {
  const path = url.replace(/^obs:\/\/?/, '/')
  const match = /^\/([^/]*)(?:\/(.*))?$/s.exec(path)
  const bucket = match?.[1] ?? ''
  const key = match?.[2] ?? ''
  if (!isBucketName(bucket) || (key !== '' && !isObjectKey(key))) {
    throw refusal('ModelArts.2791', `Not a storage path: ${JSON.stringify(url.slice(0, 200))}.`)
  }
  return { bucket, key }
}

/** Writes a place as `/bucket/key`. */
export const toStorageUrl = (place: StoragePlace): string => `/${place.bucket}/${place.key}`
