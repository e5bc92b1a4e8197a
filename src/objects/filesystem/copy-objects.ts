import { join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'

/** Content of an object, to be copied. */
export interface CopiedBlob {
  /** Name below the root of the object store, such as `blobs/0a/0a…`. */
  readonly name: string
  readonly file: string
  /** SHA-256 it has to have, hex. */
  readonly checksum: string
}

/** Copies one blob; answers false when its file is gone. */
export type CopyBlob = (blob: CopiedBlob) => Promise<boolean>

interface Row {
  readonly project: string
  readonly bucket: string
  readonly key: string
  readonly size: number
  readonly checksum: string
  readonly modified_at: number
  readonly blob: string
}

const ALL_PAGES = 2 ** 31 - 1
const MAX_REPLACED = 100
const PAGE = 500

const toBlob = (root: string, { blob, checksum }: Row): CopiedBlob => {
  const name = `blobs/${blob.slice(0, 2)}/${blob}`
  return { name, file: join(root, name), checksum }
}

const find = (live: DatabaseSync, row: Row): Row | undefined =>
  live
    .prepare('SELECT * FROM objects WHERE project = ? AND bucket = ? AND key = ?')
    .get(row.project, row.bucket, row.key) as unknown as Row | undefined

/**
 * Copies the object store below `root` while it is in use: first the index to the file `copy`, then each blob by `take`.
 * An object that is replaced or deleted meanwhile is replaced or deleted in the copy too, so that its index names only
 * blobs that were taken. Answers the names of objects whose content is missing in the store itself.
 */
export const copyObjects = async (root: string, copy: string, take: CopyBlob): Promise<string[]> => {
  const live = new DatabaseSync(join(root, 'index.db'), { readOnly: true, timeout: 5_000 })
  try {
    await backup(live, copy, { rate: ALL_PAGES })
    const copied = new DatabaseSync(copy)
    try {
      copied.exec('PRAGMA journal_mode = DELETE')
      return await takeBlobs(root, live, copied, take)
    } finally {
      copied.close()
    }
  } finally {
    live.close()
  }
}

const takeBlobs = async (
  root: string,
  live: DatabaseSync,
  copied: DatabaseSync,
  take: CopyBlob,
): Promise<string[]> => {
  const page = copied.prepare('SELECT * FROM objects WHERE blob > ? ORDER BY blob LIMIT ?')
  const replaced: Row[] = []
  const missing: string[] = []
  for (let last = ''; ; ) {
    const rows = page.all(last, PAGE) as unknown as Row[]
    for (const row of rows) if (!(await take(toBlob(root, row)))) replaced.push(row)
    const end = rows.at(-1)
    if (end === undefined) break
    last = end.blob
  }
  // Last, since new blobs would come up again in the pass above.
  for (const row of replaced) {
    const isMissing = await takeCurrent(root, live, copied, row, take)
    if (isMissing) missing.push(`/${row.bucket}/${row.key}`)
  }
  return missing
}

/** Takes what an object has become; answers true when the store has lost its content. */
const takeCurrent = async (
  root: string,
  live: DatabaseSync,
  copied: DatabaseSync,
  gone: Row,
  take: CopyBlob,
): Promise<boolean> => {
  copied
    .prepare('DELETE FROM objects WHERE project = ? AND bucket = ? AND key = ?')
    .run(gone.project, gone.bucket, gone.key)
  let tried = gone.blob
  for (let attempt = 0; attempt < MAX_REPLACED; attempt += 1) {
    const now = find(live, gone)
    if (!now) return false
    if (now.blob === tried) return true
    if (await take(toBlob(root, now))) {
      copied
        .prepare('INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?)')
        .run(now.project, now.bucket, now.key, now.size, now.checksum, now.modified_at, now.blob)
      return false
    }
    tried = now.blob
  }
  return false
}
