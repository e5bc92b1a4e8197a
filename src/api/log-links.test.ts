import assert from 'node:assert/strict'
import { appendFile, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { openTestApi, path } from '../../test/support/test-api.ts'

const LOG = 'first\nsecond\n'

describe('log links', () => {
  const api = openTestApi()
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trainyard-links-'))
  })
  beforeEach(async () => {
    api.log = join(folder, 'task.log')
    await writeFile(api.log, LOG)
    api.asked.length = 0
  })
  after(async () => {
    await api.app.close()
    await rm(folder, { recursive: true })
  })

  /** Path and query of a new link. */
  const link = async (query = '', headers = {}): Promise<string> => {
    const url = path(`/training-jobs/job-1/tasks/worker-0/logs/url${query}`)
    const answer = await api.send({ url, headers })
    const { origin, pathname, search } = new URL(answer.json().obs_url)
    assert.equal(origin, 'http://yard.example:8080')
    return pathname + search
  }

  it('show the log without sign-in, under the name the vendor uses', async () => {
    const url = await link()
    const answer = await api.app.inject(url)

    assert.match(url, /^\/files\/logs\/prj-demo\/job-1\/worker-0\/modelarts-job-job-1-worker-0\.log\?/)
    assert.deepEqual([answer.statusCode, answer.payload], [200, LOG])
    assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8')
    assert.equal(answer.headers['x-content-type-options'], 'nosniff')
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.deepEqual(api.asked.at(-1), ['linkedLog', 'prj-demo', 'job-1', 'worker-0'])
  })

  it('download when the query or else the header asks for it', async () => {
    const download = { 'content-type': 'application/octet-stream' }
    const dispositions = []
    for (const url of [
      await link('?Content-Type=application/octet-stream'),
      await link('', download),
      await link('?Content-Type=text/plain', download),
      await link('?Content-Type=image/png'),
    ]) {
      const answer = await api.app.inject(url)
      dispositions.push([answer.headers['content-type'], answer.headers['content-disposition']])
    }

    const saved = ['application/octet-stream', 'attachment; filename="modelarts-job-job-1-worker-0.log"']
    const shown = ['text/plain; charset=utf-8', 'inline']
    assert.deepEqual(dispositions, [saved, saved, shown, shown])
  })

  it('give the log as it is at the moment, and parts of it', async () => {
    const url = await link()
    await appendFile(api.log, 'third\n')
    const whole = await api.app.inject(url)
    const part = await api.app.inject({ url, headers: { range: 'bytes=6-11' } })
    const outside = await api.app.inject({ url, headers: { range: 'bytes=999-' } })
    const head = await api.app.inject({ method: 'HEAD', url })

    assert.equal(whole.payload, `${LOG}third\n`)
    assert.deepEqual(
      [part.statusCode, part.headers['content-range'], part.payload],
      [206, 'bytes 6-11/19', 'second'],
    )
    assert.deepEqual([outside.statusCode, outside.headers['content-range']], [416, 'bytes */19'])
    assert.deepEqual([head.statusCode, head.headers['content-length'], head.payload], [200, '19', ''])
  })

  it('give an empty log as empty', async () => {
    await writeFile(api.log, '')
    const answer = await api.app.inject(await link())

    assert.deepEqual([answer.statusCode, answer.payload], [200, ''])
  })

  it('break off when the log is cut back while it is sent', async () => {
    const listening = openTestApi()
    await listening.app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = listening.app.server.address() as AddressInfo
    listening.log = join(folder, 'long.log')
    await writeFile(listening.log, Buffer.alloc(50_000_000, 'x'))
    const url = path('/training-jobs/job-1/tasks/worker-0/logs/url')
    const { pathname, search } = new URL((await listening.send({ url })).json().obs_url)

    const answer = await fetch(`http://127.0.0.1:${port}${pathname}${search}`)
    await truncate(listening.log, 10)

    assert.equal(answer.headers.get('content-length'), '50000000')
    await assert.rejects(answer.arrayBuffer())
    await listening.app.close()
  })

  it('end after five minutes', async () => {
    const url = await link()
    const start = api.now
    api.now = start + 299_000
    const late = await api.app.inject(url)
    api.now = start + 301_000
    const tooLate = await api.app.inject(url)
    api.now = start

    assert.equal(late.statusCode, 200)
    assert.deepEqual([tooLate.statusCode, tooLate.json().error_code], [403, 'ModelArts.0108'])
  })

  it('open nothing when any part of them is changed', async () => {
    const url = await link()
    const changes: [from: string | RegExp, to: string][] = [
      ['prj-demo', 'prj-other'],
      ['/job-1/', '/job-2/'],
      ['/worker-0/', '/worker-1/'],
      ['worker-0.log', 'worker-1.log'],
      ['inline', 'attachment'],
      [/expires=(\d)/, 'expires=9$1'],
      [/signature=../, 'signature='],
      [/signature=.*/, ''],
      [/signature=./, 'signature=z'],
      [/$/, 'z'],
      [/\?.*/, ''],
    ]
    for (const [from, to] of changes) {
      const changed = url.replace(from, to)
      assert.notEqual(changed, url)
      const answer = await api.app.inject(changed)

      assert.deepEqual([answer.statusCode, answer.json().error_code], [403, 'ModelArts.0108'], changed)
    }
    assert.ok(!api.asked.some(([name]) => name === 'linkedLog'))
  })

  it('follow no symbolic link and read no directory', async () => {
    const url = await link()
    const secret = join(folder, 'secret')
    await writeFile(secret, 'secret')
    api.log = join(folder, 'link.log')
    await symlink(secret, api.log)
    const followed = await api.app.inject(url)
    api.log = folder
    const directory = await api.app.inject(url)

    for (const answer of [followed, directory]) {
      assert.deepEqual([answer.statusCode, answer.json().error_code], [400, 'ModelArts.2820'])
      assert.ok(!answer.payload.includes(folder))
    }
  })

  it('are not made for unknown jobs', async () => {
    const answer = await api.send({ url: path('/training-jobs/none/tasks/worker-0/logs/url') })

    assert.equal(answer.json().error_code, 'ModelArts.2775')
  })
})
