import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openTestApi, path, type TestApi } from '../../test/support/test-api.ts'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const listen = async (api: TestApi): Promise<number> => {
  await api.app.listen({ port: 0, host: '127.0.0.1' })
  return (api.app.server.address() as AddressInfo).port
}

/** Waits until something holds, for at most 5 s. */
const until = async (holds: () => boolean, what: string): Promise<void> => {
  const deadline = Date.now() + 5_000
  while (!holds()) {
    assert.ok(Date.now() < deadline, `never: ${what}`)
    await delay(5)
  }
}

const open = async (port: number): Promise<Socket> => {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

/** Everything a connection answers until it ends or `enough` is in it. */
const answerOf = async (socket: Socket, enough?: RegExp): Promise<string> => {
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  socket.on('error', () => undefined)
  await until(() => socket.closed || (enough?.test(text) ?? false), `${enough ?? 'the end'} in ${text}`)
  return text
}

describe('over a socket', () => {
  const api = openTestApi()
  let port = 0
  let base = ''
  before(async () => {
    port = await listen(api)
    base = `http://127.0.0.1:${port}`
  })
  after(() => api.app.close())

  const OBJECT = path('/objects/lab/a/b.bin')
  const headers = { 'x-auth-token': 'admin' }
  const put = (url: string, body: string | ReadableStream | Uint8Array, more: Record<string, string> = {}) =>
    fetch(base + url, {
      method: 'PUT',
      body,
      duplex: 'half',
      headers: { ...headers, ...more },
    } as RequestInit)

  it('stores a streamed upload and gives it back', async () => {
    const bytes = randomBytes(3_000_000)
    const stored = await put(OBJECT, new Blob([bytes]).stream())
    const read = await fetch(base + OBJECT, { headers })

    assert.equal(stored.status, 201)
    assert.deepEqual(await stored.json(), {
      bucket: 'lab',
      key: 'a/b.bin',
      size: bytes.length,
      checksum: sha256(bytes),
      modified_at: 1_700_000_000_000,
    })
    assert.equal(read.status, 200)
    assert.equal(read.headers.get('content-length'), String(bytes.length))
    assert.equal(read.headers.get('etag'), `"${sha256(bytes)}"`)
    assert.equal(read.headers.get('content-type'), 'application/octet-stream')
    assert.equal(read.headers.get('x-content-type-options'), 'nosniff')
    assert.equal(read.headers.get('last-modified'), 'Tue, 14 Nov 2023 22:13:20 GMT')
    assert.equal(sha256(new Uint8Array(await read.arrayBuffer())), sha256(bytes))
  })

  it('keeps names as they are after one decoding', async () => {
    const names = ['ä ö/%2F?#&+=;.txt', '%41', 'a+b', '日本/🚂']
    for (const key of names) {
      const url = path(`/objects/lab/${key.split('/').map(encodeURIComponent).join('/')}`)
      const stored = await put(url, 'x')

      assert.equal(((await stored.json()) as { key: string }).key, key)
    }
  })

  it('stores an empty object, of any content type', async () => {
    const stored = await put(path('/objects/lab/empty'), '', { 'content-type': 'application/json' })
    const read = await fetch(`${base}${path('/objects/lab/empty')}`, { headers })

    assert.equal(((await stored.json()) as { size: number }).size, 0)
    assert.deepEqual([read.status, read.headers.get('content-length'), await read.text()], [200, '0', ''])
  })

  it('checks both checksums', async () => {
    const right = sha256(Buffer.from('data'))
    const wrong = sha256(Buffer.from('other'))
    const statuses = []
    for (const more of [
      { 'x-trainyard-sha256': right.toUpperCase() },
      { 'x-sdk-content-sha256': right },
      { 'x-sdk-content-sha256': 'UNSIGNED-PAYLOAD', 'x-trainyard-sha256': right },
      { 'x-trainyard-sha256': wrong },
      { 'x-sdk-content-sha256': wrong },
      { 'x-trainyard-sha256': right, 'x-sdk-content-sha256': wrong },
    ] as Record<string, string>[]) {
      const answer = await put(path('/objects/lab/checked'), 'data', more)
      statuses.push(answer.status)
      await answer.arrayBuffer()
    }

    assert.deepEqual(statuses, [201, 201, 201, 400, 400, 400])
  })

  it('sends parts', async () => {
    await put(path('/objects/lab/digits'), '0123456789')
    const get = (range: string, more = {}) =>
      fetch(base + path('/objects/lab/digits'), { headers: { ...headers, range, ...more } })

    for (const [range, content, text] of [
      ['bytes=2-4', 'bytes 2-4/10', '234'],
      ['bytes=7-', 'bytes 7-9/10', '789'],
      ['bytes=-3', 'bytes 7-9/10', '789'],
      ['bytes=0-99', 'bytes 0-9/10', '0123456789'],
    ]) {
      const answer = await get(range ?? '')

      assert.deepEqual(
        [answer.status, answer.headers.get('content-range'), await answer.text()],
        [206, content, text],
      )
    }
    const outside = await get('bytes=10-')
    const several = await get('bytes=0-1,3-4')
    const stale = await get('bytes=0-1', { 'if-range': '"old"' })

    assert.deepEqual([outside.status, outside.headers.get('content-range')], [416, 'bytes */10'])
    assert.equal(((await outside.json()) as { error_code: string }).error_code, 'ModelArts.2788')
    assert.deepEqual([several.status, stale.status], [200, 200])
    await Promise.all([several.text(), stale.text()])
  })

  it('sends headers and bytes of the same content when it is replaced in between', async () => {
    const url = path('/objects/lab/replaced')
    await put(url, 'old content')
    const { objects } = api
    const find = objects.find.bind(objects)
    let looks = 0
    objects.find = async (ref) => {
      const info = await find(ref)
      if (looks++ === 0)
        await objects.put(
          ref,
          (async function* () {
            yield Buffer.from('new')
          })(),
        )
      return info
    }
    const answer = await fetch(base + url, { headers })
    objects.find = find

    assert.deepEqual([answer.headers.get('content-length'), await answer.text(), looks], ['3', 'new', 2])
    assert.equal(answer.headers.get('etag'), `"${sha256(Buffer.from('new'))}"`)
  })

  it('answers 304 to who has it, and headers alone to HEAD', async () => {
    await put(path('/objects/lab/known'), 'known')
    const url = base + path('/objects/lab/known')
    const etag = `"${sha256(Buffer.from('known'))}"`
    const fresh = await fetch(url, { headers: { ...headers, 'if-none-match': `"x", W/${etag}` } })
    const stale = await fetch(url, { headers: { ...headers, 'if-none-match': '"x"' } })
    const head = await fetch(url, { method: 'HEAD', headers })
    const missing = await fetch(`${url}-not`, { method: 'HEAD', headers })

    assert.deepEqual([fresh.status, await fresh.text()], [304, ''])
    assert.equal(await stale.text(), 'known')
    assert.deepEqual(
      [head.status, head.headers.get('content-length'), head.headers.get('etag')],
      [200, '5', etag],
    )
    assert.equal(missing.status, 404)
  })

  it('deletes an object, and a prefix only when asked to', async () => {
    const remove = (rest: string) => fetch(base + path(`/objects/lab/${rest}`), { method: 'DELETE', headers })
    const answers = [
      await remove('dir/'),
      await remove('dir/?recursive=true'),
      await remove('a?recursive=true'),
    ]

    assert.deepEqual(
      answers.map(({ status }) => status),
      [204, 204, 204],
    )
    assert.deepEqual(
      api.asked
        .filter(([name]) => String(name).startsWith('delete'))
        .map(([name, ref]) => [name, (ref as { key: string }).key]),
      [
        ['delete', 'dir/'],
        ['deletePrefix', 'dir/'],
        ['delete', 'a'],
      ],
    )
  })

  it('answers a refused upload at once and then ends the connection', async () => {
    const refused = async (url: string, token: string, code: RegExp): Promise<void> => {
      const socket = await open(port)
      socket.write(
        `PUT ${url} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: ${token}\r\nContent-Length: 999999999\r\n\r\nabc`,
      )

      assert.match(await answerOf(socket, /error_solution/), code)
      await until(() => socket.closed, 'the connection ends')
    }

    await Promise.all([
      refused(path('/objects/lab/full'), 'admin', /ModelArts\.4107/),
      refused(OBJECT, 'nobody', /ModelArts\.0203/),
      refused('/v2/nowhere', 'admin', /ModelArts\.2836/),
    ])
  })

  it('refuses more than 1 MiB of JSON while it is still being sent', async () => {
    const socket = await open(port)
    socket.write(
      `POST ${path('/training-job-searches')} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: admin\r\nTransfer-Encoding: chunked\r\n\r\n`,
    )
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
    for (let sent = 0; sent <= 17; sent++) socket.write(chunk)

    assert.match(await answerOf(socket, /error_solution/), /^HTTP\/1\.1 413 .*ModelArts\.4104/s)
    socket.destroy()
  })

  it('stores nothing of an upload whose sender goes away', async () => {
    const socket = await open(port)
    const url = path('/objects/lab/cut')
    socket.write(`PUT ${url} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: admin\r\nContent-Length: 100\r\n\r\nabc`)
    await until(() => api.objects.openWrites === 1, 'the upload begins')
    socket.destroy()
    await until(() => api.objects.openWrites === 0, 'the upload ends')

    assert.ok(![...api.objects.kept.keys()].some((key) => key.endsWith('/cut')))
  })

  it('lets go of an object whose reader goes away', async () => {
    await put(path('/objects/lab/large'), Buffer.alloc(20_000_000))
    const socket = await open(port)
    socket.write(`GET ${path('/objects/lab/large')} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: admin\r\n\r\n`)
    await until(() => api.objects.openReads === 1, 'the read begins')
    socket.destroy()

    await until(() => api.objects.openReads === 0, 'the read is let go of')
  })

  it('refuses dot segments that no client would leave in', async () => {
    for (const key of ['../x', 'a/../../b', './a', 'a//b']) {
      const socket = await open(port)
      socket.write(
        `GET ${path('/objects/lab/')}${key} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: admin\r\nConnection: close\r\n\r\n`,
      )

      assert.match(await answerOf(socket), /^HTTP\/1\.1 400 .*ModelArts\.2791/s)
    }
  })

  it('answers what is no HTTP, or too long a head, in our words', async () => {
    const cases: [sent: string, status: number][] = [
      ['NONSENSE\r\n\r\n', 400],
      [`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(40_000)}\r\n\r\n`, 431],
    ]
    for (const [sent, status] of cases) {
      const socket = await open(port)
      socket.write(sent)
      const answer = await answerOf(socket)

      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} .*X-Request-Id: .*error_code`, 's'))
    }
  })

  it('answers a head that Node would refuse without a word', async () => {
    const head = (lines: string): string =>
      `PUT ${path('/objects/lab/x')} HTTP/1.1\r\n${lines}X-Auth-Token: admin\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx`
    for (const [lines, status] of [
      ['', 400],
      ['Host: x\r\nHost: y\r\n', 400],
      ['Host: x\r\nExpect: more\r\n', 417],
      ['Host: x\r\nExpect: 100-continue\r\n', 100],
    ] as const) {
      const socket = await open(port)
      socket.write(head(lines))
      const answer = await answerOf(socket)

      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `))
      assert.match(
        answer,
        status === 100 ? /HTTP\/1\.1 201 / : /x-request-id: .*ModelArts\.2788.*error_solution/s,
      )
    }
  })

  it('gives the refusal of what is no HTTP to no other request of the connection', async () => {
    const upload = `PUT ${path('/objects/lab/before')} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: admin\r\n`
    const socket = await open(port)
    socket.write(`${upload}Content-Length: 1\r\n\r\nxNONSENSE\r\n\r\n`)
    const own = await open(port)
    own.write(`${upload}Transfer-Encoding: chunked\r\n\r\nnonsense\r\n`)

    assert.doesNotMatch(await answerOf(socket), /not valid HTTP/)
    assert.match(await answerOf(own), /^HTTP\/1\.1 400 .*not valid HTTP/s)
  })

  it('reads the absolute form that proxies send, and refuses fragments', async () => {
    for (const [target, status] of [
      [`http://127.0.0.1${path('/training-jobs/job-1')}`, 200],
      [`${path('/training-jobs/job-1')}#x`, 400],
      ['*', 404],
    ] as const) {
      const socket = await open(port)
      socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: admin\r\nConnection: close\r\n\r\n`)

      assert.match(await answerOf(socket), new RegExp(`^HTTP/1\\.1 ${status} `))
    }
  })

  it('serves a second request on the connection of a refused one', async () => {
    const socket = await open(port)
    const head = 'Host: x\r\nX-Auth-Token: admin\r\n'
    socket.write(`POST ${path('/training-jobs')} HTTP/1.1\r\n${head}Content-Length: 3\r\n\r\n{{{`)
    socket.write(`GET ${path('/training-jobs/job-1')} HTTP/1.1\r\n${head}Connection: close\r\n\r\n`)

    assert.match(await answerOf(socket), /HTTP\/1\.1 400 .*HTTP\/1\.1 200 /s)
  })
})

describe('closing', () => {
  it('finishes what is under way and drops idle connections', async () => {
    const api = openTestApi()
    const port = await listen(api)
    const idle = await open(port)
    idle.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
    await answerOf(idle, /ok/)
    const upload = httpRequest({
      port,
      host: '127.0.0.1',
      method: 'PUT',
      path: path('/objects/lab/slow'),
      headers: { 'x-auth-token': 'admin', 'content-length': 6 },
    })
    upload.write('abc')
    await until(() => api.asked.length > 0, 'the upload begins')

    const closed = api.app.close()
    upload.end('def')
    const [answer] = await once(upload, 'response')
    answer.resume()

    assert.equal(answer.statusCode, 201)
    // Not after the 10 s of grace, nor when the client lets go of its connection.
    const deadline = delay(3_000, 'too late', { ref: false })
    assert.notEqual(await Promise.race([closed, deadline]), 'too late')
    await until(() => idle.closed, 'the idle connection ends')
    await assert.rejects(open(port))
  })
})
