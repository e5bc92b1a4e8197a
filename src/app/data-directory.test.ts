import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { isTrainyardError } from '../contract/trainyard-error.ts'
import { lockDataDirectory, readCredentials } from './data-directory.ts'

describe('a data directory', () => {
  let directory: string

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'trainyard-data-'))
  })

  after(() => rm(directory, { recursive: true, force: true }))

  it('says which file is broken, and tells nothing of the secrets in it', async () => {
    const file = join(directory, 'credentials.json')
    await writeFile(file, 'AKSECRET{')

    await assert.rejects(readCredentials(file), (error) => {
      assert.ok(isTrainyardError(error))
      assert.match(error.message, /credentials\.json is not JSON/)
      assert.doesNotMatch(error.message + String(error.cause), /AKSECRET/)
      return true
    })
  })

  it('belongs to one server at a time', () => {
    const lock = join(directory, 'server.lock')
    const unlock = lockDataDirectory(lock)
    assert.throws(() => lockDataDirectory(lock), /Another server/)
    unlock()
    lockDataDirectory(lock)()
  })
})
