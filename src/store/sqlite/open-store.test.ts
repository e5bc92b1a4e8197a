import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmod, mkdtemp, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, it } from 'node:test'
import { isTrainyardError } from '../../contract/trainyard-error.ts'
import { MIGRATIONS } from './migrations.ts'
import { openSqliteStore } from './open-store.ts'

const directory = await mkdtemp(join(tmpdir(), 'trainyard-open-store-'))
after(() => rm(directory, { recursive: true, force: true }))

/** SHA-256 of each released step of the schema: add one, never change one. */
const RELEASED = [
  'c39190daf0c5746c09b7906699ade94295bee79b6f0ae274202ce65e69fd8c11',
  '9cdb33249f43829e763c9853aab3696f0004a6f1d04307bb7c2d2ef405c562ad',
]

const domain = { id: 'd-1', name: 'acme' }

const refuses = (file: string, words: RegExp): void => {
  assert.throws(
    () => openSqliteStore({ file }),
    (error) => {
      assert.ok(isTrainyardError(error))
      assert.equal(error.code, 'ModelArts.2952')
      assert.match(error.message, words)
      return true
    },
  )
}

/** Changes a database behind the back of the store. */
const tamper = (file: string, sql: string): void => {
  const connection = new DatabaseSync(file)
  connection.exec(sql)
  connection.close()
}

describe('openSqliteStore', () => {
  it('keeps what it has when opened again', async () => {
    const file = join(directory, 'again.db')
    const first = openSqliteStore({ file })
    await first.accounts.addDomain(domain)
    await first.close()

    const second = openSqliteStore({ file })

    assert.deepEqual(await second.accounts.findDomain({ id: 'd-1' }), domain)
    await second.close()
  })

  it('lets nobody else read its files', async () => {
    const file = join(directory, 'private.db')
    const store = openSqliteStore({ file })
    await store.accounts.addDomain(domain)

    for (const suffix of ['', '-wal', '-shm']) {
      const { mode } = await stat(`${file}${suffix}`)
      assert.equal(mode & 0o777, 0o600, `mode of the file${suffix}`)
    }
    await store.close()
  })

  it('tightens the mode of a file it finds', async () => {
    const file = join(directory, 'wide.db')
    await openSqliteStore({ file }).close()
    await chmod(file, 0o644)

    await openSqliteStore({ file }).close()

    assert.equal((await stat(file)).mode & 0o777, 0o600)
  })

  it('uses a write-ahead log', () => {
    const file = join(directory, 'settings.db')
    const store = openSqliteStore({ file })
    const connection = new DatabaseSync(file)

    assert.equal(connection.prepare('PRAGMA journal_mode').get()?.['journal_mode'], 'wal')
    connection.close()
    return store.close()
  })

  it('refuses the database of a newer Trainyard, and leaves it alone', async () => {
    const file = join(directory, 'newer.db')
    await openSqliteStore({ file }).close()
    tamper(file, `PRAGMA user_version = ${MIGRATIONS.length + 1}`)

    refuses(file, new RegExp(`schema ${MIGRATIONS.length + 1}.*up to ${MIGRATIONS.length}`))
  })

  it('refuses the database of another program', async () => {
    const file = join(directory, 'foreign.db')
    tamper(file, 'CREATE TABLE recipes (name TEXT)')

    refuses(file, /another program/)
  })

  it('refuses files and places that cannot be a database', async () => {
    const text = join(directory, 'notes.txt')
    await writeFile(text, 'not a database, but long enough to look like one '.repeat(100))

    refuses(text, /not a database/)
    refuses(join(directory, 'missing', 'x.db'), /ENOENT/)
    refuses(directory, /EISDIR|unable to open/)
  })

  it('leaves no half-made schema behind', async () => {
    const file = join(directory, 'half.db')
    // As a crash in the first step would leave it: a file, and nothing committed.
    await writeFile(file, '')

    const store = openSqliteStore({ file })

    await store.accounts.addDomain(domain)
    await store.close()
  })

  it('reports what SQLite throws as a failure of the database, with the cause', async () => {
    const file = join(directory, 'broken.db')
    const store = openSqliteStore({ file })
    tamper(file, 'DROP TABLE domains')

    await assert.rejects(store.accounts.addDomain(domain), (error) => {
      assert.ok(isTrainyardError(error))
      assert.equal(error.code, 'ModelArts.2952')
      assert.equal(error.status, 500)
      assert.ok(error.cause instanceof Error)
      return true
    })
    await store.close()
  })

  it('reports a damaged file', async () => {
    const file = join(directory, 'damaged.db')
    await openSqliteStore({ file }).close()
    await truncate(file, 5_000)

    refuses(file, /database/)
  })
})

describe('MIGRATIONS', () => {
  it('are never edited once released', () => {
    const sums = MIGRATIONS.map((step) => createHash('sha256').update(step).digest('hex'))

    assert.deepEqual(sums, RELEASED, 'add a step; do not change one that databases out there have taken')
  })
})
