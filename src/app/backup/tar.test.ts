import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { decodeExtended, decodeHeader, encodeHeader } from './tar-header.ts'
import { readTar } from './tar-reader.ts'
import { TarWriter } from './tar-writer.ts'

const MTIME = Date.UTC(2030, 0, 1)
const LONG = `logs/${'j'.repeat(120)}/${'t'.repeat(120)}.log`

describe('tar', () => {
  let folder: string
  let file: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trainyard-tar-'))
    file = join(folder, 'a.tar')
  })
  after(() => rm(folder, { recursive: true, force: true }))

  const write = async (files: readonly (readonly [string, Uint8Array])[]): Promise<string[]> => {
    const handle = await open(file, 'w', 0o600)
    const writer = new TarWriter(handle)
    const sums: string[] = []
    for (const [name, content] of files)
      sums.push(await writer.add(name, [content], content.byteLength, MTIME))
    await writer.end()
    await handle.close()
    return sums
  }

  const read = async (): Promise<[string, Buffer][]> => {
    const handle = await open(file, 'r')
    try {
      const found: [string, Buffer][] = []
      for await (const { name, content } of readTar(handle)) {
        const chunks: Uint8Array[] = []
        for await (const chunk of content) chunks.push(chunk)
        found.push([name, Buffer.concat(chunks)])
      }
      return found
    } finally {
      await handle.close()
    }
  }

  it('reads back what it wrote', async () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z0-9_/-]{1,240}$/), { maxLength: 5 })
    const contents = fc.array(fc.uint8Array({ maxLength: 3000 }), { minLength: 5, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(names, contents, async (all, bytes) => {
        const files = all.map((name, index) => [name, bytes[index] ?? new Uint8Array()] as const)
        const sums = await write(files)

        const found = await read()

        assert.deepEqual(
          found,
          files.map(([name, content]) => [name, Buffer.from(content)]),
        )
        assert.deepEqual(
          sums,
          files.map(([, content]) => createHash('sha256').update(content).digest('hex')),
        )
      }),
      { numRuns: 40 },
    )
  })

  it('is read by the tar of the system', async () => {
    const big = Buffer.alloc(3_000_000, 'x')
    await write([
      ['trainyard.db', big],
      [LONG, Buffer.from('a log\n')],
      ['empty', Buffer.alloc(0)],
    ])

    const listed = execFileSync('tar', ['-tf', file], { encoding: 'utf8' })
    const log = execFileSync('tar', ['-xOf', file, LONG], { encoding: 'utf8' })

    assert.deepEqual(listed.trimEnd().split('\n'), ['trainyard.db', LONG, 'empty'])
    assert.equal(log, 'a log\n')
    assert.ok(execFileSync('tar', ['-xOf', file, 'trainyard.db'], { maxBuffer: 10_000_000 }).equals(big))
  })

  it('keeps to the size that was announced', async () => {
    const handle = await open(file, 'w')
    const writer = new TarWriter(handle)
    await writer.add('longer', [Buffer.from('abc'), Buffer.from('def')], 4, MTIME)
    await writer.add('shorter', [Buffer.from('ab')], 4, MTIME)
    await writer.end()
    await handle.close()

    assert.deepEqual(await read(), [
      ['longer', Buffer.from('abcd')],
      ['shorter', Buffer.from('ab\0\0')],
    ])
  })

  it('writes sizes beyond 8 GiB into an extended header', () => {
    const size = 9 * 1024 ** 3
    const header = encodeHeader('big', size, MTIME)

    assert.equal(decodeHeader(header.subarray(0, 512))?.type, 'x')
    assert.equal(decodeExtended(header.subarray(512, 512 + 19)).get('size'), String(size))
    assert.equal(encodeHeader('small', 8 * 1024 ** 3 - 1, MTIME).length, 512)
  })

  it('refuses what is damaged or cut off', async () => {
    await write([['a', Buffer.alloc(2000, 'a')]])
    const whole = await readFile(file)

    const damaged = Buffer.from(whole)
    damaged[10] = 1
    for (const [bytes, words] of [
      [damaged, /header is damaged/],
      [whole.subarray(0, 1500), /cut off/],
      [whole.subarray(0, whole.length - 1024), /cut off/],
    ] as const) {
      await writeFile(file, bytes)
      await assert.rejects(read(), words)
    }
  })
})
