import type { ListObjects, ObjectPage } from '../object-store.ts'
import { afterPrefix, foldedPrefix } from './key-order.ts'
import type { IndexRow, ObjectIndex } from './object-index.ts'

/** What an `IndexRow` looks like to callers: without the name of the blob. */
export const toObjectInfo = ({
  key,
  size,
  checksum,
  modified_at,
}: IndexRow): ObjectPage['objects'][number] => ({
  key,
  size,
  checksum,
  modified_at,
})

interface Cursor {
  readonly from: string
  readonly inclusive: boolean
}

// The first key is the prefix itself or behind it; `after` can be a key, or a prefix whose keys were all answered.
const firstCursor = (query: ListObjects): Cursor | undefined => {
  // By bytes, as the index: `<` would compare UTF-16.
  if (Buffer.compare(Buffer.from(query.after), Buffer.from(query.prefix)) < 0) {
    return { from: query.prefix, inclusive: true }
  }
  if (foldedPrefix(query.after, query.prefix, query.delimiter) !== query.after) {
    return { from: query.after, inclusive: false }
  }
  const from = afterPrefix(query.after)
  return from === undefined ? undefined : { from, inclusive: true }
}

/**
 * Answers one page. A folded prefix costs one look into the index, however many keys it has: the walk goes on behind
 * its last possible key.
 */
export const listObjects = (index: ObjectIndex, query: ListObjects): ObjectPage => {
  const objects: ObjectPage['objects'] = []
  const prefixes: string[] = []
  const to = afterPrefix(query.prefix)
  let last = ''
  let cursor = firstCursor(query)
  while (cursor) {
    let next: Cursor | undefined
    for (const row of index.scan(query, { ...cursor, to })) {
      if (objects.length + prefixes.length === query.limit) return { objects, prefixes, next: last }
      const folded = foldedPrefix(row.key, query.prefix, query.delimiter)
      if (folded === undefined) {
        objects.push(toObjectInfo(row))
        last = row.key
        continue
      }
      prefixes.push(folded)
      last = folded
      const from = afterPrefix(folded)
      if (from !== undefined) next = { from, inclusive: true }
      break
    }
    cursor = next
  }
  return { objects, prefixes }
}
