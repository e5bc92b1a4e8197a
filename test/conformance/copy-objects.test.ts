import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { copyFile, mkdir, mkdtemp, rm, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { copyObjects } from '../../src/objects/filesystem/copy-objects.ts'
import { openFilesystemObjects } from '../../src/objects/filesystem/filesystem-objects.ts'
import type { ObjectStore } from '../../src/objects/object-store.ts'

const refOf = (key: string) => ({ projectId: 'p', bucket: 'lab', key })

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

describe('a copy of an object store in use', () => {
  let folder: string
  let root: string
  let copyRoot: string
  let objects: ObjectStore

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trainyard-copy-'))
    root = join(folder, 'store')
    copyRoot = join(folder, 'copy')
    await mkdir(copyRoot)
    objects = openFilesystemObjects({ root })
  })
  afterEach(async () => {
    await objects.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** Copies the store; `meanwhile` happens before each blob is taken. */
  const copy = (meanwhile: (taken: number) => Promise<void> = async () => undefined): Promise<string[]> => {
    let taken = 0
    return copyObjects(root, join(copyRoot, 'index.db'), async ({ name, file }) => {
      await meanwhile(taken)
      taken += 1
      const target = join(copyRoot, name)
      await mkdir(dirname(target), { recursive: true })
      return copyFile(file, target).then(
        () => true,
        () => false,
      )
    })
  }

  /** Every object of the copy, each of which must have the content its checksum names. */
  const readCopy = async (): Promise<Record<string, string>> => {
    const copied = openFilesystemObjects({ root: copyRoot })
    const found: Record<string, string> = {}
    const page = await copied.list({
      projectId: 'p',
      bucket: 'lab',
      prefix: '',
      delimiter: '',
      limit: 1000,
      after: '',
    })
    for (const { key, checksum } of page.objects) {
      const chunks: Uint8Array[] = []
      for await (const chunk of (await copied.read(refOf(key)))?.content ?? []) chunks.push(chunk)
      const bytes = Buffer.concat(chunks)
      assert.equal(createHash('sha256').update(bytes).digest('hex'), checksum)
      found[key] = bytes.toString()
    }
    await copied.close()
    return found
  }

  it('has every object', async () => {
    const expected: Record<string, string> = {}
    for (let index = 0; index < 20; index += 1) {
      await objects.put(refOf(`k${index}`), bytesOf(`content ${index}`))
      expected[`k${index}`] = `content ${index}`
    }

    assert.deepEqual(await copy(), [])
    assert.deepEqual(await readCopy(), expected)
  })

  it('follows what is replaced and deleted meanwhile', async () => {
    for (let index = 0; index < 6; index += 1) await objects.put(refOf(`k${index}`), bytesOf('old'))

    const missing = await copy(async (taken) => {
      if (taken === 2) {
        for (let index = 0; index < 3; index += 1) await objects.put(refOf(`k${index}`), bytesOf('new'))
        for (let index = 3; index < 6; index += 1) await objects.delete(refOf(`k${index}`))
        await objects.put(refOf('later'), bytesOf('later'))
      }
    })

    assert.deepEqual(missing, [])
    const found = await readCopy()
    // Two blobs were taken before the change: of those the copy has the old content, of all others the new state.
    assert.equal(Object.values(found).filter((text) => text === 'old').length, 2)
    for (let index = 0; index < 3; index += 1) assert.ok(['old', 'new'].includes(found[`k${index}`] ?? ''))
    assert.equal(found['later'], undefined)
  })

  it('leaves out an object whose content the store has lost, and says so', async () => {
    await objects.put(refOf('kept'), bytesOf('kept'))
    await objects.put(refOf('lost'), bytesOf('lost'))
    let first = true

    const missing = await copyObjects(root, join(copyRoot, 'index.db'), async ({ name, file }) => {
      if (first) await unlink(file)
      first = false
      const target = join(copyRoot, name)
      await mkdir(dirname(target), { recursive: true })
      return copyFile(file, target).then(
        () => true,
        () => false,
      )
    })

    assert.equal(missing.length, 1)
    assert.match(missing[0] ?? '', /^\/lab\/(kept|lost)$/)
    assert.equal(Object.keys(await readCopy()).length, 1)
  })
})
