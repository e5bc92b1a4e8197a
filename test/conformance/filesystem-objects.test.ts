import assert from 'node:assert/strict'
import { execFile, spawn, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { openFilesystemObjects } from '../../src/objects/filesystem/filesystem-objects.ts'
import type { ObjectStore } from '../../src/objects/object-store.ts'
import { bytesOf, describeObjects } from './object-suite.ts'

const roots: string[] = []
const newRoot = async (): Promise<string> => {
  const root = await mkdtemp(join(tmpdir(), 'trainyard-objects-'))
  roots.push(root)
  return root
}
after(async () => {
  for (const root of roots) await rm(root, { recursive: true, force: true })
})

const filesOf = async (root: string): Promise<string[]> =>
  (await readdir(root, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((file) => !file.startsWith('index.db'))

const until = async (what: string, done: () => Promise<boolean>): Promise<void> => {
  for (const deadline = Date.now() + 20_000; !(await done()); await setTimeout(20)) {
    assert.ok(Date.now() < deadline, `not within 20 s: ${what}`)
  }
}

const checksumOf = async (objects: ObjectStore, key: string): Promise<string | undefined> => {
  const read = await objects.read({ projectId: 'p', bucket: 'data', key })
  if (!read) return undefined
  const hash = createHash('sha256')
  for await (const chunk of read.content) hash.update(chunk)
  return hash.digest('hex')
}

describeObjects('objects on the file system', async () => openFilesystemObjects({ root: await newRoot() }))

const program = join(import.meta.dirname, '../support/put-objects.ts')

/** Runs the program until it has printed `lines` lines, then kills it; what it printed. */
const putUntilKilled = async (root: string, lines: number): Promise<string[]> => {
  const child = spawn(process.execPath, [program, root], { stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    printed += chunk
    if (printed.split('\n').length > lines) child.kill('SIGKILL')
  }
  return printed.split('\n').slice(0, -1)
}

describe('a store whose process is killed', () => {
  it('has every object that was reported, whole, and removes what was half-written', async () => {
    const root = await newRoot()
    const last = new Map<string, string>()
    for (const lines of [3, 11, 24]) {
      const printed = await putUntilKilled(root, lines)
      assert.ok(printed.length >= lines)
      for (const line of printed) last.set(...(line.split(' ') as [string, string]))
    }

    const objects = openFilesystemObjects({ root })
    for (const [key, checksum] of last) {
      const found = await objects.find({ projectId: 'p', bucket: 'data', key })
      const read = await checksumOf(objects, key)
      assert.equal(read, found?.checksum, key)
      // The kill can come between the commit of the next round and its line.
      if (key !== 'same') assert.equal(read, checksum, key)
    }
    await objects.close()

    // A later process takes away what nobody names: what the rounds before left, and what is planted here.
    const long = new Date(Date.now() - 3_600_000)
    const planted = [`incoming/${'a'.repeat(32)}`, `blobs/ff/${'f'.repeat(32)}`]
    await mkdir(join(root, 'blobs/ff'), { recursive: true })
    for (const file of planted) {
      await writeFile(join(root, file), 'half')
      await utimes(join(root, file), long, long)
    }
    await putUntilKilled(root, 1)
    const named = new DatabaseSync(join(root, 'index.db'))
    const after = openFilesystemObjects({ root })
    await until('the planted files are gone', async () =>
      (await filesOf(root)).every((file) => !planted.includes(file)),
    )
    await after.close()
    const known = named.prepare('SELECT blob FROM objects').all()
    named.close()
    const files = new Set((await filesOf(root)).map((file) => file.slice(-32)))
    for (const row of known) assert.ok(files.has(String(row['blob'])), 'a named blob was removed')
  })
})

describe('the files of a store', () => {
  it('are only for their owner, carry no name of a key, and go with their object', async () => {
    const root = join(await newRoot(), 'new', 'objects')
    const objects = openFilesystemObjects({ root })
    const ref = { projectId: '../../p', bucket: 'data', key: 'etc/passwd' }
    await objects.put(ref, bytesOf('one'))
    await objects.put(ref, bytesOf('two'))

    const files = await filesOf(root)
    assert.equal(files.length, 1)
    assert.match(files[0] ?? '', /^blobs\/([0-9a-f]{2})\/\1[0-9a-f]{30}$/)
    for (const [file, mode] of [
      ['', 0o700],
      ['index.db', 0o600],
      ['index.db-wal', 0o600],
      [files[0] ?? '', 0o600],
    ] as const) {
      assert.equal((await stat(join(root, file))).mode & 0o777, mode, file)
    }

    await objects.delete(ref)
    await assert.rejects(objects.put(ref, bytesOf('x'), { checksum: 'no' }))
    assert.deepEqual(await filesOf(root), [])
    await objects.close()
  })

  it('stay when they are young, or none of ours', async () => {
    const root = await newRoot()
    const young = `blobs/ab/ab${randomBytes(15).toString('hex')}`
    const foreign = 'blobs/ab/README'
    const old = `incoming/${randomBytes(16).toString('hex')}`
    await mkdir(join(root, 'blobs/ab'), { recursive: true })
    await mkdir(join(root, 'incoming'))
    for (const file of [young, foreign, old]) await writeFile(join(root, file), 'x')
    await utimes(join(root, foreign), 1, 1)
    await utimes(join(root, old), 1, 1)

    const objects = openFilesystemObjects({ root })
    await until('the old file is gone', async () => !(await filesOf(root)).includes(old))
    await objects.close()

    assert.deepEqual((await filesOf(root)).sort(), [foreign, young].sort())
  })

  it('are refused when a newer version wrote the index', async () => {
    const root = await newRoot()
    await openFilesystemObjects({ root }).close()
    const database = new DatabaseSync(join(root, 'index.db'))
    database.exec('PRAGMA user_version = 1000')
    database.close()

    assert.throws(() => openFilesystemObjects({ root }), { code: 'ModelArts.2952' })
  })

  it('say so when the content of an object was taken away', async () => {
    const root = await newRoot()
    const objects = openFilesystemObjects({ root })
    const ref = { projectId: 'p', bucket: 'data', key: 'a' }
    await objects.put(ref, bytesOf('x'))
    const [file = ''] = await filesOf(root)
    await rm(join(root, file))

    await assert.rejects(objects.read(ref), { code: 'ModelArts.2958' })
    await assert.rejects(objects.download(ref, join(root, 'copy')), { code: 'ModelArts.2958' })
    await objects.put(ref, bytesOf('y'))
    assert.equal(await checksumOf(objects, 'a'), createHash('sha256').update('y').digest('hex'))
    await objects.close()
  })
})

const canMount = spawnSync('unshare', ['-rm', 'true']).status === 0

describe('a full disk', { skip: canMount ? false : 'needs unshare -rm, to mount a small disk' }, () => {
  it('refuses with ModelArts.4107, writes nothing half, and lets room be made', async () => {
    const root = await newRoot()

    const { stdout } = await promisify(execFile)('unshare', [
      '-rm',
      'sh',
      '-ec',
      'mount -t tmpfs -o size=2m tmpfs "$2"; "$0" "$1" "$2" 150000; find "$2" -type f -path "*incoming*"',
      process.execPath,
      program,
      root,
    ])

    const lines = stdout.trim().split('\n')
    const refused = lines.indexOf('refused ModelArts.4107')
    assert.ok(refused > 2, stdout)
    const kept = lines.slice(refused + 1, -1)
    assert.ok(kept.length > 2)
    assert.deepEqual(new Set(kept), new Set(['kept whole']))
    assert.equal(lines.at(-1), 'room again')
  })
})
