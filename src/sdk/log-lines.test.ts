import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import fc from 'fast-check'
import { aWireJob, startWireServer, type WireServer } from '../../test/support/wire-server.ts'
import { type LogLine, Session, TrainingJob } from './index.ts'
import { LineSplitter, MAX_LINE_BYTES } from './log-lines.ts'

/** The lines of some bytes that come in pieces of the given sizes, over and over. */
const split = (bytes: Uint8Array, sizes: readonly number[], offset = 0): LogLine[] => {
  const splitter = new LineSplitter(offset)
  const lines: LogLine[] = []
  for (let at = 0, piece = 0; at < bytes.byteLength; piece += 1) {
    const size = sizes[piece % sizes.length] ?? 1
    lines.push(...splitter.add(bytes.subarray(at, at + size)))
    at += size
  }
  return [...lines, ...splitter.end()]
}

describe('splitting into lines', () => {
  it('gives the same lines wherever the pieces end, and says where each stands', () => {
    const line = fc.oneof(fc.string({ unit: 'binary' }), fc.constant(''), fc.constant('50%\r100%'))
    fc.assert(
      fc.property(
        fc.array(line.map((text) => text.replaceAll('\n', ''))),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        fc.boolean(),
        (texts, sizes, endsWithFeed) => {
          const log = Buffer.from(texts.join('\n') + (endsWithFeed ? '\n' : ''))
          const lines = split(log, sizes)

          assert.equal(
            lines.map(({ text, isWhole }) => text + (isWhole ? '\n' : '')).join(''),
            log.toString(),
          )
          for (const [index, { text, offset, nextOffset, isWhole }] of lines.entries()) {
            assert.equal(offset, lines[index - 1]?.nextOffset ?? 0)
            assert.equal(log.subarray(offset, nextOffset).toString(), text + (isWhole ? '\n' : ''))
            assert.ok(isWhole || index === lines.length - 1)
          }
          const from = lines[Math.floor(lines.length / 2)]?.offset ?? 0
          const later = lines.filter(({ offset }) => offset >= from)
          assert.deepEqual(split(log.subarray(from), sizes, from), later, 'resumed in the middle')
        },
      ),
    )
  })

  it('hands out a line that is too long in parts, cut between characters', () => {
    const long = Buffer.from(`${'€'.repeat(MAX_LINE_BYTES)}\nend\n`)

    for (const sizes of [[65_536], [long.byteLength]]) {
      const lines = split(long, sizes)

      assert.deepEqual(
        lines.map(({ isWhole }) => isWhole),
        [false, false, false, true, true],
      )
      assert.ok(lines.every(({ offset, nextOffset }) => nextOffset - offset <= MAX_LINE_BYTES + 1))
      assert.equal(lines.map(({ text }) => text).join(''), `${'€'.repeat(MAX_LINE_BYTES)}end`)
    }
  })

  it('takes bytes that are no UTF-8', () => {
    const [line] = split(Buffer.from([0x80, 0xbf, 0x80, 0x80, 0xff, 0x0a]), [2])

    assert.equal(line?.nextOffset, 6)
  })
})

describe('following lines', () => {
  let server: WireServer
  let job: TrainingJob

  before(async () => {
    server = await startWireServer()
  })
  after(() => server.close())
  beforeEach(() => {
    server.intercept = () => undefined
    const wire = aWireJob({ status: { phase: 'Completed' } })
    server.jobs.splice(0, 1, wire)
    const { endpoint, projectId, accessKey, secretKey } = server
    const session = new Session({ endpoint, projectId, accessKey, secretKey, retry: { maxRetries: 0 } })
    job = new TrainingJob({ session, jobId: wire.metadata.id })
  })

  const collect = async (options = {}): Promise<string[]> => {
    const lines = []
    for await (const { text } of job.logLines('worker-0', { intervalMs: 1, ...options })) lines.push(text)
    return lines
  }
  const write = (text: string): void => {
    server.logs.set(`${job.jobId}/worker-0`, Buffer.from(text))
  }

  it('gives each line once, though every answer breaks off', async () => {
    const all = Array.from({ length: 50 }, (_, index) => `line ${index} äöü`)
    const log = Buffer.from(all.join('\n'))
    write(log.toString())
    let cuts = 0
    server.intercept = ({ path, headers }) => {
      const from = Number(/bytes=(\d+)-/.exec(headers['range'] ?? '')?.[1])
      if (!path.startsWith('/files/') || from + 40 > log.length) return undefined
      cuts += 1
      const length = { 'content-length': String(log.length - from) }
      return { status: 206, headers: length, body: log.subarray(from, from + 37), isCutShort: true }
    }

    assert.deepEqual(await collect(), all)
    assert.ok(cuts > 10)
  })

  it('does not take a body for whole that ends before the length announced', async () => {
    write('one\ntwo\n')
    const { endpoint, projectId, accessKey, secretKey } = server
    let shortened = 0
    // A runtime that does not tell: the body just ends.
    const session = new Session({
      endpoint,
      projectId,
      accessKey,
      secretKey,
      fetch: async (url, init) => {
        const answer = await fetch(url, init)
        if (shortened > 0 || !url.includes('/files/')) return answer
        shortened += 1
        await answer.body?.cancel()
        return new Response('one\n', { status: 206, headers: { 'content-length': '8' } })
      },
    })
    job = new TrainingJob({ session, jobId: job.jobId })

    assert.deepEqual(await collect(), ['one', 'two'])
    assert.equal(shortened, 1)
  })

  it('goes on where an earlier program stopped', async () => {
    write('one\ntwo\nthree')
    const first = []
    for await (const line of job.logLines()) {
      first.push(line)
      if (line.text === 'two') break
    }

    assert.deepEqual(await collect({ offset: first.at(-1)?.nextOffset }), ['three'])
  })

  it('reads the log by the address it reaches the server at', async () => {
    write('one\n')
    server.intercept = ({ path }) =>
      path.endsWith('/logs/url')
        ? {
            status: 200,
            body: { obs_url: `http://inside.invalid:1/files/${job.jobId}/worker-0?signature=0` },
          }
        : undefined

    assert.equal(await job.logUrl(), `${server.endpoint}/files/${job.jobId}/worker-0?signature=0`)
    server.linksIssued = 0
    assert.deepEqual(await collect(), ['one'])
  })

  it('leaves a link to another service as it is', async () => {
    write('one\n')
    const link = 'https://store.invalid/logs/1?signature=0'
    server.intercept = ({ path }) =>
      path.endsWith('/logs/url') ? { status: 200, body: { obs_url: link } } : undefined

    assert.equal(await job.logUrl(), link)
  })
})
