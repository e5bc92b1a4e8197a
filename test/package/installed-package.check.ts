import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { type InstalledPackage, installPackage } from '../../tools/install-package.ts'

const run = promisify(execFile)
const TSC = join(import.meta.dirname, '../../node_modules/typescript/bin/tsc')
const MOST_PACKED_BYTES = 3_000_000
const DONE_MS = 60_000

const NODE_CONSUMER = `import { Estimator, isTrainyardError, type JobResponse, Session } from 'trainyard'

const session: Session = new Session()
const { count, items } = await Estimator.getJobList({ session, limit: 5 })
const names: string[] = items.map((job: JobResponse) => job.metadata.name)
// @ts-expect-error The limit is a number.
const wrong = () => Estimator.getJobList({ session, limit: '5' })
console.log(JSON.stringify({ count, names, error: isTrainyardError(wrong), files: typeof session.obs.uploadDir }))
`

const BROWSER_CONSUMER = `import { Estimator, Session } from 'trainyard'

export const list = () =>
  Estimator.getJobList({ session: new Session({ endpoint: location.origin, token: 'x' }), limit: 5 })
// @ts-expect-error A browser has no files of the machine.
export const upload = (session: Session) => session.obs.uploadDir('.', 'obs://lab/')
`

const TSCONFIGS = {
  node: { module: 'nodenext', lib: ['es2024'], types: ['node'] },
  browser: {
    module: 'esnext',
    moduleResolution: 'bundler',
    lib: ['es2024', 'dom', 'dom.iterable'],
    types: [],
  },
}

describe('the package, installed into an empty folder', () => {
  let installed: InstalledPackage
  let env: NodeJS.ProcessEnv
  let server: ReturnType<typeof spawn>
  let url: string

  const trainyard = async (...args: string[]): Promise<string> =>
    (await run(installed.command, args, { cwd: installed.folder, env, timeout: DONE_MS })).stdout

  before(async () => {
    installed = await installPackage()
    const home = join(installed.folder, 'home')
    await mkdir(home)
    env = {
      PATH: process.env['PATH'],
      HOME: home,
      // Nothing but plain JavaScript is understood.
      NODE_OPTIONS: '--no-experimental-strip-types',
    }
    server = spawn(installed.command, ['serve', '--port', '0', '--log-level', 'warn'], {
      cwd: installed.folder,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const lines = createInterface({ input: server.stdout as NodeJS.ReadableStream })
    const [line] = (await once(lines, 'line', { signal: AbortSignal.timeout(DONE_MS) })) as [string]
    url = /^Trainyard listening on (http:\S+)$/.exec(line)?.[1] ?? assert.fail(line)
  })

  after(async () => {
    if (server !== undefined && server.exitCode === null) {
      server.kill('SIGTERM')
      await once(server, 'exit')
    }
    await installed?.remove()
  })

  it('is small', () => {
    assert.ok(installed.packedBytes <= MOST_PACKED_BYTES, `${installed.packedBytes} bytes`)
  })

  it('holds what it needs and no source', async () => {
    const files = await readdir(installed.directory, { recursive: true, encoding: 'utf8' })
    const sources = files.filter((name) => /\.[cm]?tsx?$/.test(name) && !/\.d\.[cm]?ts$/.test(name))

    assert.deepEqual(sources, [])
    assert.deepEqual(
      files.filter((name) => /test|\.map$/.test(name)),
      [],
    )
    for (const name of ['dist/main.js', 'LICENSE', 'NOTICE', 'README.md', 'CHANGELOG.md']) {
      assert.ok(files.includes(name), name)
    }
  })

  it('tells its version', async () => {
    const manifest = JSON.parse(await readFile(join(installed.directory, 'package.json'), 'utf8'))

    assert.equal((await trainyard('--version')).trim(), manifest.version)
  })

  it('serves, trains and lists', async () => {
    const code = 'node_modules/trainyard/examples/iris/'
    await trainyard(
      ...['submit', '--name', 'first', '--code-dir', code, '--boot-file', 'train.py'],
      ...['--input', `data_url=${code}`, '--output', 'train_url=obs://lab/first/'],
    )
    await trainyard('wait', 'first')
    const listed = JSON.parse(await trainyard('list', '-o', 'json'))
    const model = JSON.parse(await trainyard('cp', 'obs://lab/first/model.json', '-'))

    assert.equal(listed.count, 1)
    assert.equal(listed.items[0].status.phase, 'Completed')
    assert.ok(model.test_accuracy > 0.8)
  })

  it('shows the reference page', async () => {
    const page = await fetch(`${url}/docs`)
    const program = await fetch(`${url}/docs/js/scalar.js`)

    assert.match(await page.text(), /js\/scalar\.js/)
    assert.match(await program.text(), /createApiReference/)
  })

  it('is imported by a program', async () => {
    // Its comments and types away, which a strict Node would not take.
    const file = join(installed.folder, 'consumer.mjs')
    const { stripTypeScriptTypes } = await import('node:module')
    await writeFile(file, stripTypeScriptTypes(NODE_CONSUMER))

    const { stdout } = await run(process.execPath, [file], { cwd: installed.folder, env, timeout: DONE_MS })

    assert.deepEqual(JSON.parse(stdout), { count: 1, names: ['first'], error: false, files: 'function' })
  })

  for (const [name, options] of Object.entries(TSCONFIGS)) {
    it(`gives its types to a strict program for ${name === 'node' ? 'Node' : 'browsers'}`, async () => {
      const folder = join(installed.folder, `${name}-consumer`)
      await mkdir(folder)
      await writeFile(join(folder, 'consumer.ts'), name === 'node' ? NODE_CONSUMER : BROWSER_CONSUMER)
      const typeRoots = [join(import.meta.dirname, '../../node_modules/@types')]
      const compilerOptions = { ...options, target: 'es2024', strict: true, noEmit: true, typeRoots }
      await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }))

      const { stdout } = await run(process.execPath, [TSC, '-p', folder], { timeout: DONE_MS }).catch(
        (error: { stdout: string }) => error,
      )

      assert.equal(stdout, '')
    })
  }
})
