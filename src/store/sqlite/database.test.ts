import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { isTrainyardError } from '../../contract/trainyard-error.ts'
import { Database } from './database.ts'

const directory = await mkdtemp(join(tmpdir(), 'trainyard-database-'))
after(() => rm(directory, { recursive: true, force: true }))

const openNotes = (file = ':memory:'): Database => {
  const database = new Database(file)
  database.configure()
  database.execute('CREATE TABLE IF NOT EXISTS notes (text TEXT NOT NULL UNIQUE) STRICT')
  return database
}
const write = (database: Database, text: string): void =>
  database.run('INSERT INTO notes (text) VALUES (?)', [text])
const count = (database: Database): number | undefined =>
  database.get<{ notes: number }>('SELECT count(*) AS notes FROM notes', [])?.notes

const isDatabaseError = (error: unknown): boolean =>
  isTrainyardError(error) && error.code === 'ModelArts.2952' && error.cause instanceof Error

describe('Database', () => {
  it('waits for the disk at every commit, and checks foreign keys', () => {
    const database = openNotes(join(directory, 'settings.db'))

    const setting = (name: string): string | number | undefined =>
      database.get<Record<string, string | number>>(`PRAGMA ${name}`, [])?.[name]
    assert.equal(setting('journal_mode'), 'wal')
    assert.equal(setting('synchronous'), 2)
    assert.equal(setting('foreign_keys'), 1)
    database.close()
  })

  it('takes back all of a transaction that throws, and goes on', () => {
    const database = openNotes()

    assert.throws(
      () =>
        database.transaction(() => {
          write(database, 'a')
          throw new Error('on second thoughts')
        }),
      /second thoughts/,
    )
    assert.equal(count(database), 0)

    database.transaction(() => write(database, 'b'))
    assert.equal(count(database), 1)
    database.close()
  })

  it('takes back all of a transaction that breaks a rule of the tables', () => {
    const database = openNotes()

    assert.throws(
      () =>
        database.transaction(() => {
          write(database, 'a')
          write(database, 'a')
        }),
      isDatabaseError,
    )

    assert.equal(count(database), 0)
    database.close()
  })

  it('survives a full disk: nothing is half written, and it works again once there is room', () => {
    const database = openNotes(join(directory, 'full.db'))
    write(database, 'before')
    const pages = database.get<{ page_count: number }>('PRAGMA page_count', [])?.page_count ?? 0
    database.execute(`PRAGMA max_page_count = ${pages}`)

    assert.throws(
      () =>
        database.transaction(() => {
          write(database, 'small')
          write(database, 'x'.repeat(100_000))
        }),
      (error) => isDatabaseError(error) && /full/.test(String(error)),
    )
    assert.equal(count(database), 1)

    database.execute(`PRAGMA max_page_count = ${pages + 1_000}`)
    database.transaction(() => write(database, 'x'.repeat(100_000)))
    assert.equal(count(database), 2)
    database.close()
  })

  it('reads of one moment inside a snapshot, whoever writes', () => {
    const file = join(directory, 'snapshot.db')
    const reader = openNotes(file)
    const writer = openNotes(file)

    reader.snapshot(() => {
      assert.equal(count(reader), 0)
      write(writer, 'meanwhile')
      assert.equal(count(reader), 0)
    })

    assert.equal(count(reader), 1)
    reader.close()
    writer.close()
  })

  it('prepares any number of different statements', () => {
    const database = openNotes()
    write(database, 'a')

    for (let round = 0; round < 2; round += 1) {
      for (let index = 0; index < 600; index += 1) {
        const row = database.get<{ n: number }>(`SELECT count(*) + ${index} AS n FROM notes`, [])
        assert.equal(row?.n, index + 1)
      }
    }
    database.close()
  })
})
