import { isTrainyardError, refusal, type TrainyardError } from '../../contract/trainyard-error.ts'

const SQLITE_FULL = 13

const field = (error: unknown, name: string): unknown =>
  error instanceof Error ? Reflect.get(error, name) : undefined

/** Whether an error of the file system says that the thing is not there. */
export const isMissing = (error: unknown): boolean => field(error, 'code') === 'ENOENT'

/** Whether an error of the index says that the disk is full. */
export const isIndexFull = (error: unknown): boolean => {
  const code = field(error, 'errcode')
  return typeof code === 'number' && (code & 0xff) === SQLITE_FULL
}

/** What a caller gets for trouble of the disk or the index: `ModelArts.4107` when full, else `ModelArts.2958`. */
export const toStorageError = (error: unknown): TrainyardError => {
  if (isTrainyardError(error)) return error
  const code = field(error, 'code')
  if (code === 'ENOSPC' || code === 'EDQUOT' || isIndexFull(error)) {
    return refusal('ModelArts.4107', 'The disk of the object store is full; nothing was written.', {
      cause: error,
    })
  }
  return refusal('ModelArts.2958', 'The object store could not be read or written.', { cause: error })
}
