import { backup, DatabaseSync } from 'node:sqlite'

/** All pages in one step: in several, a server that writes in between would make it begin again and again. */
const ALL_PAGES = 2 ** 31 - 1

/**
 * Copies the store of a database file to another file, as of one moment; a server may go on writing. The copy must
 * not exist before.
 */
export const copyStore = async (file: string, copy: string): Promise<void> => {
  const source = new DatabaseSync(file, { readOnly: true, timeout: 5_000 })
  try {
    await backup(source, copy, { rate: ALL_PAGES })
  } finally {
    source.close()
  }
}
