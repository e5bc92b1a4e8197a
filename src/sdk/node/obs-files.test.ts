import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { startWireServer, type WireServer } from '../../../test/support/wire-server.ts'
import { sha256Hex } from '../../contract/signature.ts'
import { Estimator } from '../index.ts'
import { type ObsFiles, Session } from './index.ts'

let server: WireServer
let session: Session
let obs: ObsFiles
let folder: string

before(async () => {
  server = await startWireServer()
  session = new Session({
    endpoint: server.endpoint,
    projectId: server.projectId,
    accessKey: server.accessKey,
    secretKey: server.secretKey,
    retry: { baseDelayMs: 1 },
    env: {},
  })
  obs = session.obs
})
after(() => server.close())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'obs-files-'))
})
afterEach(async () => {
  server.intercept = () => undefined
  server.objects.clear()
  server.requests.length = 0
  await rm(folder, { recursive: true })
})

const stored = () => Object.fromEntries([...server.objects].map(([name, bytes]) => [name, bytes.toString()]))

const tree = async (directory: string): Promise<string[]> =>
  (await readdir(directory, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort()

describe('objects', () => {
  it('writes, finds, reads, lists and deletes', async () => {
    await obs.put('obs://lab/a b/ä.txt', 'text')
    await obs.put('/lab/empty', '')
    await obs.put('/lab/blob', new Blob(['blob']))

    assert.deepEqual(stored(), { 'lab/a b/ä.txt': 'text', 'lab/empty': '', 'lab/blob': 'blob' })
    assert.equal((await obs.find('obs://lab/empty'))?.size, 0)
    assert.equal(await obs.find('obs://lab/emp'), undefined)
    assert.equal(await (await obs.get('/lab/a b/ä.txt')).text(), 'text')
    const listed = []
    for await (const entry of obs.list('obs://lab/')) listed.push(entry.url)
    assert.deepEqual(listed, ['obs://lab/a b/', 'obs://lab/blob', 'obs://lab/empty'])
    assert.deepEqual(
      (await obs.listBuckets()).map(({ name }) => name),
      ['lab'],
    )
    await obs.deleteDirectory('obs://lab/a b/')
    await obs.delete('obs://lab/empty')
    await obs.delete('obs://lab/empty')
    assert.deepEqual(Object.keys(stored()), ['lab/blob'])
  })

  it('sends a stream once and bytes as often as needed', async () => {
    let tries = 0
    server.intercept = () => (++tries % 2 === 1 ? { status: 503 } : undefined)

    await obs.put('/lab/bytes', new Uint8Array([65]))
    await assert.rejects(
      obs.put(
        '/lab/stream',
        (async function* () {
          yield new Uint8Array([66])
        })(),
      ),
      { status: 503 },
    )

    assert.deepEqual(stored(), { 'lab/bytes': 'A' })
  })

  it('sends a stream whole', async () => {
    await obs.put(
      '/lab/stream',
      (async function* () {
        for (let at = 0; at < 100; at += 1) yield new Uint8Array(1000).fill(65 + (at % 20))
      })(),
    )

    assert.equal(server.objects.get('lab/stream')?.length, 100_000)
  })

  it('refuses paths that are none before anything is sent', async () => {
    for (const url of [
      'lab/a',
      'obs://LAB/a',
      'obs://lab/a//b',
      'obs://lab/../b',
      'obs://lab/dir/',
      'obs://lab',
    ]) {
      await assert.rejects(obs.put(url, 'x'), { code: 'ModelArts.2791' }, url)
    }
    await assert.rejects(obs.deleteDirectory('obs://lab/'), { code: 'ModelArts.2791' })
    assert.equal(server.requests.length, 0)
  })

  it('knows whether a path exists, as the Python SDK asks', async () => {
    server.objects.set('lab/dir/file', Buffer.from('x'))

    for (const url of [
      'obs://lab',
      'obs://lab/',
      'obs://lab/dir',
      'obs://lab/dir/',
      'obs://lab/dir/file',
      '/lab/dir/',
    ]) {
      assert.equal(await obs.isObsPathExists(url), true, url)
    }
    for (const url of ['obs://other/', 'obs://lab/di', 'obs://lab/dir/fil', 'obs://lab/dir/file/']) {
      assert.equal(await obs.isObsPathExists(url), false, url)
    }
  })
})

describe('uploading', () => {
  it('takes a directory with all below it, checked by checksum', async () => {
    await mkdir(join(folder, 'code/lib'), { recursive: true })
    await mkdir(join(folder, 'code/.git'))
    await writeFile(join(folder, 'code/train.py'), 'print(1)')
    await writeFile(join(folder, 'code/lib/ä b.py'), '')
    await writeFile(join(folder, 'code/.git/config'), 'no')
    const seen: number[] = []

    const result = await obs.uploadDir(`${folder}/code/`, 'obs://lab/x/', {
      isExcluded: (path) => path === '.git',
      onProgress: ({ filesDone, filesTotal }) => seen.push(filesDone, filesTotal ?? 0),
    })

    assert.deepEqual(stored(), { 'lab/x/train.py': 'print(1)', 'lab/x/lib/ä b.py': '' })
    assert.deepEqual(result, { files: 2, bytes: 8, skipped: [] })
    assert.deepEqual(seen, [1, 2, 2, 2])
    assert.ok(server.sent('PUT', 'train.py')[0]?.headers['x-trainyard-sha256'] === sha256Hex('print(1)'))
  })

  it('never follows a link out of the directory, and says what it left out', async () => {
    await mkdir(join(folder, 'code/sub'), { recursive: true })
    await writeFile(join(folder, 'secret'), 'secret')
    await writeFile(join(folder, 'code/real'), 'real')
    await symlink('real', join(folder, 'code/inside'))
    await symlink('../secret', join(folder, 'code/outside'))
    await symlink(folder, join(folder, 'code/folder'))
    await symlink('.', join(folder, 'code/sub/loop'))
    await symlink('nowhere', join(folder, 'code/broken'))

    const { skipped } = await obs.uploadDir(join(folder, 'code'), 'obs://lab/')

    assert.deepEqual(stored(), { 'lab/real': 'real', 'lab/inside': 'real' })
    assert.deepEqual(skipped, ['broken', 'folder', 'outside', 'sub/loop'])
  })

  it('puts a file under its own name, or under another', async () => {
    await writeFile(join(folder, 'a.csv'), '1,2')

    await obs.uploadFile(join(folder, 'a.csv'), 'obs://lab/data/')
    await obs.putFile(join(folder, 'a.csv'), 'obs://lab/b.csv')

    assert.deepEqual(stored(), { 'lab/data/a.csv': '1,2', 'lab/b.csv': '1,2' })
  })

  it('repeats a file whose upload broke', async () => {
    await writeFile(join(folder, 'a'), 'A'.repeat(100_000))
    let tries = 0
    server.intercept = () => (++tries === 1 ? 'cut' : undefined)

    await obs.uploadFile(join(folder, 'a'), 'obs://lab/')

    assert.equal(server.objects.get('lab/a')?.length, 100_000)
  })

  it('ends with the first refusal', async () => {
    for (let at = 0; at < 30; at += 1) await writeFile(join(folder, `f${at}`), 'x')
    server.intercept = ({ path }) =>
      path.endsWith('/f0')
        ? { status: 507, body: { error_msg: 'Full.', error_code: 'ModelArts.4107', error_solution: '' } }
        : undefined

    await assert.rejects(obs.uploadDir(folder, 'obs://lab/'), { code: 'ModelArts.4107' })

    assert.ok(server.objects.size < 30)
  })

  it('tells of local paths that are not there, and of storage directories without "/"', async () => {
    await assert.rejects(obs.uploadDir(join(folder, 'none'), 'obs://lab/'), { code: 'invalid_argument' })
    await assert.rejects(obs.uploadFile(folder, 'obs://lab/'), { code: 'invalid_argument' })
    await assert.rejects(obs.uploadDir(folder, 'obs://lab/x'), { code: 'ModelArts.2791' })
  })

  it('uploads local sources before it creates a job', async () => {
    await mkdir(join(folder, 'code'))
    await writeFile(join(folder, 'code/train.py'), 'x')
    await writeFile(join(folder, 'data.csv'), 'd')
    const estimator = new Estimator({
      session,
      frameworkType: 'Python',
      frameworkVersion: 'python_3.11',
      trainingFiles: { codeDir: `${folder}/code/`, bootFile: 'train.py', obsPath: 'obs://lab/code/' },
      inputs: [{ obsPath: 'obs://lab/data/', localPath: join(folder, 'data.csv'), isLocalSource: true }],
    })

    await estimator.fit({ jobName: 'local' })

    assert.deepEqual(stored(), { 'lab/code/train.py': 'x', 'lab/data/data.csv': 'd' })
    assert.deepEqual(server.requests.at(-1)?.path.endsWith('/training-jobs'), true)
    const { algorithm } = JSON.parse(server.requests.at(-1)?.body.toString() ?? '')
    assert.equal(algorithm.code_dir, 'obs://lab/code/')
    assert.deepEqual(algorithm.inputs, [
      { name: 'data_url', remote: { obs: { obs_url: 'obs://lab/data/' } } },
    ])
  })
})

describe('downloading', () => {
  it('brings back what was uploaded', async () => {
    for (let at = 0; at < 25; at += 1)
      server.objects.set(`lab/out/${at % 3}/f${at}`, Buffer.from(`content ${at}`))
    server.objects.set('lab/other', Buffer.from('x'))

    const result = await obs.downloadDir('obs://lab/out/', join(folder, 'deep/out'))

    assert.equal(result.files, 25)
    assert.equal((await tree(join(folder, 'deep/out'))).length, 25)
    assert.equal(await readFile(join(folder, 'deep/out/1/f7'), 'utf8'), 'content 7')
  })

  it('puts a file into a directory under its own name', async () => {
    server.objects.set('lab/out/model.json', Buffer.from('{}'))

    const file = await obs.downloadFile('obs://lab/out/model.json', join(folder, 'new/'))

    assert.equal(await readFile(file, 'utf8'), '{}')
    await assert.rejects(obs.downloadFile('obs://lab/none', folder), { code: 'ModelArts.4404' })
  })

  it('takes nothing that arrives damaged, and leaves no part behind', async () => {
    await writeFile(join(folder, 'a'), 'before')
    server.objects.set('lab/a', Buffer.from('good'))
    let reads = 0
    server.intercept = ({ path }) => {
      if (!path.endsWith('/lab/a')) return undefined
      reads += 1
      return { status: 200, headers: { etag: `"${sha256Hex('good')}"` }, body: 'evil' }
    }

    await assert.rejects(obs.getFile('obs://lab/a', join(folder, 'a')), { code: 'connection_failed' })

    assert.equal(reads, 4)
    assert.deepEqual(await tree(folder), ['a'])
    assert.equal(await readFile(join(folder, 'a'), 'utf8'), 'before')
  })

  it('downloads again when the connection broke in the middle', async () => {
    server.objects.set('lab/a', Buffer.from('whole'))
    let reads = 0
    server.intercept = ({ path }) =>
      path.endsWith('/lab/a') && ++reads === 1
        ? { status: 200, headers: { 'content-length': '5' }, body: 'wh', isCutShort: true }
        : undefined

    assert.equal(await obs.getFile('obs://lab/a', join(folder, 'a')), 5)
    assert.equal(await readFile(join(folder, 'a'), 'utf8'), 'whole')
  })

  it('writes nothing outside the directory, whatever the server lists', async () => {
    for (const key of ['out/../../evil', 'out//etc/evil', 'out/./x']) {
      server.intercept = ({ query }) =>
        query.has('prefix')
          ? { status: 200, body: { objects: [{ key, size: 1, checksum: '', modified_at: 1 }], prefixes: [] } }
          : { status: 200, body: 'x' }

      await assert.rejects(obs.downloadDir('obs://lab/out/', join(folder, 'target')), key)
    }
    assert.deepEqual(await tree(folder), [])
  })

  it('does not write through a link of the target', async () => {
    await mkdir(join(folder, 'target'))
    await mkdir(join(folder, 'elsewhere'))
    await symlink('../elsewhere', join(folder, 'target/sub'))
    server.objects.set('lab/out/sub/file', Buffer.from('x'))

    await assert.rejects(obs.downloadDir('obs://lab/out/', join(folder, 'target')), {
      code: 'invalid_argument',
    })

    assert.deepEqual(await tree(join(folder, 'elsewhere')), [])
  })
})
