import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import type { ListObjects, ObjectPage, ObjectRef, ObjectStore } from '../../src/objects/object-store.ts'

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')

export const bytesOf = async function* (...chunks: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk
}

const collect = async (content: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of content) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** What a list must answer, worked out the slow and plain way. */
const listByForce = (keys: readonly string[], query: ListObjects): ObjectPage & { keys: string[] } => {
  const items = new Map<string, 'object' | 'prefix'>()
  for (const key of [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))) {
    if (!key.startsWith(query.prefix)) continue
    const at = query.delimiter === '' ? -1 : key.indexOf(query.delimiter, query.prefix.length)
    const item = at < 0 ? key : key.slice(0, at + query.delimiter.length)
    const kind = at < 0 ? 'object' : 'prefix'
    const done = item === query.after || Buffer.compare(Buffer.from(key), Buffer.from(query.after)) <= 0
    if (!done) items.set(item, kind)
  }
  const page = [...items].slice(0, query.limit)
  const last = page.at(-1)?.[0]
  return {
    objects: [],
    keys: page.filter(([, kind]) => kind === 'object').map(([item]) => item),
    prefixes: page.filter(([, kind]) => kind === 'prefix').map(([item]) => item),
    ...(items.size > query.limit && last !== undefined ? { next: last } : {}),
  }
}

/** Every promise of `ObjectStore`, held against an implementation. `open` opens an empty store. */
export const describeObjects = (name: string, open: () => Promise<ObjectStore>): void => {
  describe(name, () => {
    let objects: ObjectStore
    let folder: string
    let projects = 0
    // Tests share a store, each in a project of its own.
    const aRef = (overrides: Partial<ObjectRef> = {}): ObjectRef => {
      projects += 1
      return { projectId: `project-${projects}`, bucket: 'data', key: 'models/net.bin', ...overrides }
    }
    const textOf = async (ref: ObjectRef, range?: { start: number; end: number }): Promise<string> => {
      const found = await objects.read(ref, range)
      assert.ok(found, `no object ${ref.key}`)
      return (await collect(found.content)).toString()
    }
    const putAll = async (ref: ObjectRef, keys: readonly string[]): Promise<void> => {
      const left = [...keys]
      const worker = async (): Promise<void> => {
        for (let key = left.pop(); key !== undefined; key = left.pop()) {
          await objects.put({ ...ref, key }, bytesOf(key))
        }
      }
      await Promise.all(Array.from({ length: 16 }, worker))
    }
    const listAll = (ref: ObjectRef, overrides: Partial<ListObjects> = {}): Promise<ObjectPage> =>
      objects.list({ ...ref, prefix: '', delimiter: '', limit: 1000, after: '', ...overrides })

    before(async () => {
      objects = await open()
      folder = await mkdtemp(join(tmpdir(), 'trainyard-objects-suite-'))
    })
    after(async () => {
      await objects.close()
      await rm(folder, { recursive: true, force: true })
    })

    it('gives back what was put, with its size, checksum and time', async () => {
      const ref = aRef()
      const earliest = Date.now()

      const info = await objects.put(ref, bytesOf('hello ', 'world'))

      assert.deepEqual(
        { ...info, modified_at: 0 },
        {
          key: 'models/net.bin',
          size: 11,
          checksum: sha256('hello world'),
          modified_at: 0,
        },
      )
      assert.ok(info.modified_at >= earliest && info.modified_at <= Date.now())
      assert.deepEqual(await objects.find(ref), info)
      const read = await objects.read(ref)
      assert.deepEqual(read?.info, info)
      assert.equal((await collect(read?.content ?? bytesOf())).toString(), 'hello world')
    })

    it('keeps an empty object, and one of several megabytes', async () => {
      const empty = aRef()
      const large = aRef()
      const content = Buffer.alloc(5_000_003, 'trainyard')

      await objects.put(empty, bytesOf())
      const info = await objects.put(large, bytesOf(content.subarray(0, 1_000), content.subarray(1_000)))

      assert.equal(await textOf(empty), '')
      assert.equal(info.checksum, sha256(content))
      const read = await objects.read(large)
      assert.ok(read)
      assert.ok((await collect(read.content)).equals(content))
    })

    it('knows nothing of an object that was never put', async () => {
      const ref = aRef()

      assert.equal(await objects.find(ref), undefined)
      assert.equal(await objects.read(ref), undefined)
      await objects.delete(ref)
      await objects.deletePrefix(ref)
      assert.deepEqual(await listAll(ref), { objects: [], prefixes: [] })
    })

    it('reads parts, both ends inclusive', async () => {
      const ref = aRef()
      await objects.put(ref, bytesOf('0123456789'))

      assert.equal(await textOf(ref, { start: 0, end: 0 }), '0')
      assert.equal(await textOf(ref, { start: 3, end: 5 }), '345')
      assert.equal(await textOf(ref, { start: 8, end: 100 }), '89')
      assert.equal(await textOf(ref, { start: 10, end: 12 }), '')
    })

    it('shows a new content only when it is whole, and lets readers finish the old one', async () => {
      const ref = aRef()
      await objects.put(ref, bytesOf('old'.repeat(400_000)))
      const old = await objects.read(ref)
      assert.ok(old)

      let during = ''
      await objects.put(
        ref,
        (async function* () {
          yield Buffer.from('new ')
          during = await textOf(ref)
          yield Buffer.from('content')
        })(),
      )

      assert.equal(during, 'old'.repeat(400_000))
      assert.equal(await textOf(ref), 'new content')
      assert.equal(sha256(await collect(old.content)), sha256('old'.repeat(400_000)))
    })

    it('keeps the old content when the sender breaks off, and passes its error on', async () => {
      const ref = aRef()
      await objects.put(ref, bytesOf('old'))
      const lost = new Error('connection lost')

      await assert.rejects(
        objects.put(
          ref,
          (async function* () {
            yield Buffer.from('half')
            throw lost
          })(),
        ),
        (error) => error === lost,
      )

      assert.equal(await textOf(ref), 'old')
    })

    it('refuses content that has another checksum, and keeps the old', async () => {
      const ref = aRef()
      await objects.put(ref, bytesOf('old'))

      await assert.rejects(objects.put(ref, bytesOf('new'), { checksum: sha256('other') }), {
        code: 'ModelArts.2788',
      })
      assert.equal(await textOf(ref), 'old')

      await objects.put(ref, bytesOf('new'), { checksum: sha256('new').toUpperCase() })
      assert.equal(await textOf(ref), 'new')
    })

    it('ends puts of the same key at the same time with one of them, whole', async () => {
      const ref = aRef()
      const contents = Array.from({ length: 12 }, (_, at) => `${at};`.repeat(20_000))

      const infos = await Promise.all(
        contents.map(async (content) => {
          const info = await objects.put(ref, bytesOf(content.slice(0, 9), content.slice(9)))
          const read = await objects.read(ref)
          assert.ok(read)
          assert.equal(sha256(await collect(read.content)), read.info.checksum)
          return info
        }),
      )

      const found = await objects.find(ref)
      assert.ok(infos.some((info) => info.checksum === found?.checksum))
      assert.equal(sha256(await textOf(ref)), found?.checksum)
      assert.equal((await listAll(ref)).objects.length, 1)
    })

    it('deletes an object and nothing else', async () => {
      const ref = aRef({ key: 'a/b' })
      await objects.put(ref, bytesOf('x'))
      await objects.put({ ...ref, key: 'a/b/c' }, bytesOf('y'))

      await objects.delete(ref)

      assert.equal(await objects.find(ref), undefined)
      assert.equal(await textOf({ ...ref, key: 'a/b/c' }), 'y')
    })

    it('deletes everything below a prefix, in more than one batch, and nothing beside it', async () => {
      const ref = aRef({ key: 'run/' })
      const inside = Array.from({ length: 620 }, (_, at) => `run/${at}`)
      const outside = ['run', 'run.txt', 'run-2/a', 'runs/a', 'rum/z', 'run0']
      await putAll(ref, [...inside, ...outside])

      await objects.deletePrefix(ref)

      assert.deepEqual((await listAll(ref)).objects.map(({ key }) => key).sort(), [...outside].sort())
    })

    it('takes keys that look like paths, patterns or other scripts as plain names', async () => {
      const ref = aRef()
      const keys = [
        'a%2e%2e',
        '%',
        '_',
        'a b',
        '...',
        '.hidden',
        "'; --",
        '你好/世界',
        'e\u0301',
        'é',
        '😀',
        'A',
        'a',
      ]
      await putAll(ref, keys)

      for (const key of keys) assert.equal(await textOf({ ...ref, key }), key)
      assert.deepEqual(
        (await listAll(ref)).objects.map(({ key }) => key),
        keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
      )
      assert.deepEqual((await listAll(ref, { prefix: '_' })).objects.length, 1)
    })

    const badKeys = ['', '/a', 'a//b', '.', '..', 'a/../b', '../a', 'a/./b', 'a\0', 'é'.repeat(513), '\ud800']
    for (const key of badKeys) {
      it(`refuses the key ${JSON.stringify(key.slice(0, 12))} everywhere`, async () => {
        const ref = aRef({ key })
        const refused = { code: 'ModelArts.2791' }

        await assert.rejects(objects.put(ref, bytesOf('x')), refused)
        await assert.rejects(objects.find(ref), refused)
        await assert.rejects(objects.read(ref), refused)
        await assert.rejects(objects.delete(ref), refused)
        await assert.rejects(objects.deletePrefix(ref), refused)
        await assert.rejects(objects.download(ref, join(folder, 'x')), refused)
        await assert.rejects(objects.upload(join(folder, 'x'), ref), refused)
      })
    }

    for (const bucket of ['', 'ab', 'A-b', '..', '...', 'a/b', 'a'.repeat(64), 'a_b']) {
      it(`refuses the bucket ${JSON.stringify(bucket)}`, async () => {
        await assert.rejects(objects.put(aRef({ bucket }), bytesOf('x')), { code: 'ModelArts.2791' })
        await assert.rejects(listAll(aRef({ bucket })), { code: 'ModelArts.2791' })
      })
    }

    it('shows each project its own buckets and objects only', async () => {
      const mine = aRef()
      const other = aRef()
      await objects.put(mine, bytesOf('mine'))
      await objects.put({ ...mine, bucket: 'aaa' }, bytesOf('mine'))
      const [first] = await objects.listBuckets(mine.projectId)
      await objects.put({ ...mine, bucket: 'aaa', key: 'later' }, bytesOf('mine'))

      assert.equal(await objects.find(other), undefined)
      assert.deepEqual(await listAll(other), { objects: [], prefixes: [] })
      assert.deepEqual(await objects.listBuckets(other.projectId), [])
      const buckets = await objects.listBuckets(mine.projectId)
      assert.deepEqual(
        buckets.map((bucket) => bucket.name),
        ['aaa', 'data'],
      )
      assert.deepEqual(buckets[0], first)
    })

    it('pages through 1,000 objects a page, in the order of UTF-8', async () => {
      const ref = aRef()
      const keys = Array.from({ length: 2_100 }, (_, at) => `k${(at * 7919) % 2_100}`)
      await putAll(ref, keys)

      const pages: ObjectPage[] = []
      for (let next: string | undefined = ''; next !== undefined; next = pages.at(-1)?.next) {
        pages.push(await listAll(ref, { after: next }))
      }

      assert.deepEqual(
        pages.map((page) => page.objects.length),
        [1_000, 1_000, 100],
      )
      assert.deepEqual(
        pages.flatMap((page) => page.objects.map(({ key }) => key)),
        [...keys].sort(),
      )
    })

    it('ends a page that is exactly full without a next', async () => {
      const ref = aRef()
      await putAll(ref, ['a', 'b/1', 'b/2'])

      const page = await listAll(ref, { delimiter: '/', limit: 2 })

      assert.deepEqual(
        [page.objects.map(({ key }) => key), page.prefixes, page.next],
        [['a'], ['b/'], undefined],
      )
    })

    it('lists as the plain way does, for any keys and question, page after page', async () => {
      const part = fc.string({
        unit: fc.constantFrom('a', 'b', '-', '0', 'é', '\uffff', '😀'),
        minLength: 1,
        maxLength: 2,
      })
      const aKey = fc
        .tuple(fc.array(part, { minLength: 1, maxLength: 3 }), fc.boolean())
        .map(([parts, slash]) => parts.join('/') + (slash ? '/' : ''))
      const aText = fc.oneof(fc.constant(''), part, aKey, fc.constantFrom('/', '\u{10ffff}', 'a/b/'))
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(aKey, { maxLength: 14 }),
          fc.record({
            prefix: aText,
            delimiter: fc.constantFrom('', '/', '/', '-', 'é'),
            limit: fc.integer({ min: 1, max: 6 }),
            after: aText,
          }),
          async (keys, question) => {
            const ref = aRef()
            await putAll(ref, keys)

            for (let from: string | undefined = question.after, pages = 0; from !== undefined; pages += 1) {
              assert.ok(pages <= keys.length, 'the pages never end')
              const query: ListObjects = { ...ref, ...question, after: from }
              const page = await objects.list(query)
              const expected = listByForce(keys, query)
              assert.deepEqual(
                { keys: page.objects.map(({ key }) => key), prefixes: page.prefixes, next: page.next },
                { keys: expected.keys, prefixes: expected.prefixes, next: expected.next },
              )
              from = page.next
            }
          },
        ),
        { numRuns: 120 },
      )
    })

    it('downloads a copy that can be changed without changing the object', async () => {
      const ref = aRef()
      const file = join(folder, 'copy')
      const info = await objects.put(ref, bytesOf('content'))

      assert.deepEqual(await objects.download(ref, file), info)
      assert.equal(await readFile(file, 'utf8'), 'content')
      await writeFile(file, 'changed')

      assert.equal(await textOf(ref), 'content')
    })

    it('refuses to download what is not there, and leaves no file', async () => {
      const file = join(folder, 'nothing')

      await assert.rejects(objects.download(aRef(), file), { code: 'ModelArts.4404', status: 404 })
      await assert.rejects(readFile(file), { code: 'ENOENT' })
    })

    it('uploads a file as it is at that moment', async () => {
      const ref = aRef()
      const file = join(folder, 'source')
      await writeFile(file, 'first', { mode: 0o444 })

      const info = await objects.upload(file, ref)
      await rm(file)
      await writeFile(file, 'second')

      assert.deepEqual([info.size, info.checksum], [5, sha256('first')])
      assert.equal(await textOf(ref), 'first')
      assert.equal((await objects.upload(file, ref)).checksum, sha256('second'))
    })

    it('refuses to upload a directory or nothing', async () => {
      await assert.rejects(objects.upload(folder, aRef()), { code: 'ModelArts.2788' })
      await assert.rejects(objects.upload(join(folder, 'missing'), aRef()), { code: 'ModelArts.2788' })
    })
  })
}
