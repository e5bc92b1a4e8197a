import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { readLogPreview } from './read-log.ts'

describe('readLogPreview', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trainyard-read-log-'))
  })
  after(() => rm(folder, { recursive: true }))

  // An open of a pipe that nobody writes to would hold one of the few threads for files, for good.
  it('reads what a program put in the place of its log only when it is a file', {
    timeout: 10_000,
  }, async () => {
    const [pipe, link, file] = ['pipe', 'link', 'file'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ]
    execFileSync('mkfifo', [pipe])
    await writeFile(file, 'secret')
    await symlink(file, link)

    for (const log of [pipe, link, folder]) {
      await assert.rejects(readLogPreview(log, 'worker-0'), { code: 'ModelArts.2820' })
    }
    assert.equal((await readLogPreview(file, 'worker-0')).content, 'secret')
  })
})
