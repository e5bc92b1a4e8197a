import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { openSqliteStore } from '../../src/store/sqlite/open-store.ts'
import { describeSearch } from './search-suite.ts'
import { describeStore } from './store-suite.ts'
import { describeUpkeep } from './upkeep-suite.ts'

const directory = await mkdtemp(join(tmpdir(), 'trainyard-store-'))
after(() => rm(directory, { recursive: true, force: true }))

let files = 0

describeStore('SQLite store in memory', async () => openSqliteStore({ file: ':memory:' }))
describeStore('SQLite store in a file', async () => {
  files += 1
  return openSqliteStore({ file: join(directory, `${files}.db`) })
})
describeSearch('search on SQLite', async () => openSqliteStore({ file: ':memory:' }))
describeUpkeep('upkeep on SQLite', async () => openSqliteStore({ file: ':memory:' }))
