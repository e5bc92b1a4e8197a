import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { openSecretBox } from './secret-box.ts'

describe('openSecretBox', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trainyard-secret-box-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  it('makes a key file of 32 bytes for its owner alone, and nothing beside it', async () => {
    const file = join(folder, 'new', 'secret.key')

    openSecretBox(file)

    assert.equal((await readFile(file)).length, 32)
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.deepEqual(await readdir(join(folder, 'new')), ['secret.key'])
  })

  it('opens what it sealed, also after a restart, and seals differently each time', () => {
    const file = join(folder, 'again.key')
    const sealed = openSecretBox(file).seal('geheim')

    assert.equal(openSecretBox(file).open(sealed), 'geheim')
    assert.notEqual(openSecretBox(file).seal('geheim'), sealed)
    assert.ok(!sealed.includes('geheim'))
  })

  it('seals any text', () => {
    const box = openSecretBox(join(folder, 'any.key'))

    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => assert.equal(box.open(box.seal(text)), text)),
    )
  })

  it('refuses what was changed, cut, or sealed by another key', () => {
    const box = openSecretBox(join(folder, 'one.key'))
    const sealed = box.seal('geheim')
    const bytes = Buffer.from(sealed.slice(3), 'base64url')

    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes)
      changed.writeUInt8(bytes.readUInt8(at) ^ 1, at)
      assert.throws(() => box.open(`v1.${changed.toString('base64url')}`), { code: 'ModelArts.2952' })
    }
    for (const text of [
      '',
      'v1.',
      sealed.slice(0, 20),
      openSecretBox(join(folder, 'two.key')).seal('geheim'),
    ]) {
      assert.throws(() => box.open(text), { code: 'ModelArts.2952' })
    }
  })

  it('derives one key for each label and key file', () => {
    const box = openSecretBox(join(folder, 'one.key'))

    assert.equal(box.derive('links').length, 32)
    assert.deepEqual(box.derive('links'), openSecretBox(join(folder, 'one.key')).derive('links'))
    assert.notDeepEqual(box.derive('links'), box.derive('other'))
    assert.notDeepEqual(box.derive('links'), openSecretBox(join(folder, 'two.key')).derive('links'))
  })

  it('refuses a file that is not a key', async () => {
    const file = join(folder, 'short.key')
    await writeFile(file, 'short')
    await chmod(file, 0o600)

    assert.throws(() => openSecretBox(file), { code: 'ModelArts.2952' })
    assert.equal(await readFile(file, 'utf8'), 'short')
  })
})
