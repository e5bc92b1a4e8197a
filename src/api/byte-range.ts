import type { ByteRange } from '../objects/object-store.ts'

/**
 * Reads a `Range` header against a size in bytes. Several ranges, other units and malformed ones count as none, which
 * HTTP allows: the whole is sent instead.
 */
export const parseRange = (
  header: string | undefined,
  sizeBytes: number,
): ByteRange | 'unsatisfiable' | undefined => {
  const match = /^bytes=(\d{0,16})-(\d{0,16})$/i.exec(header ?? '')
  if (!match) return undefined
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return undefined
  if (first === '') {
    const lengthBytes = Math.min(Number(last), sizeBytes)
    return lengthBytes === 0 ? 'unsatisfiable' : { start: sizeBytes - lengthBytes, end: sizeBytes - 1 }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return undefined
  if (start >= sizeBytes) return 'unsatisfiable'
  return { start, end: last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1) }
}

/** The value of `Content-Range` for a part. */
export const contentRange = (range: ByteRange, sizeBytes: number): string =>
  `bytes ${range.start}-${range.end}/${sizeBytes}`
