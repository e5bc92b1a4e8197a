import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { makeDataDirectory, removeDirectory, ServerProcess } from '../support/server-process.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const smoke = join(import.meta.dirname, 'smoke.ts')

/** Versions that the SDK is tried with; npm brings both as packages. */
const PACKAGES = ['bun@1.4.5', 'deno@2.9.6']

/** The executables in packages of a folder, by name: the packages' own links need scripts we do not run. */
const findExecutable = async (folder: string, scope: string, name: string): Promise<string> => {
  for (const entry of await readdir(join(folder, 'node_modules', scope), { recursive: true })) {
    if (entry.endsWith(`/${name}`)) return join(folder, 'node_modules', scope, entry)
  }
  throw new Error(`There is no ${name} in the packages of ${scope}.`)
}

describe('the SDK in other runtimes', () => {
  let data: string
  let server: ServerProcess
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trainyard-runtimes-'))
    await writeFile(join(folder, 'package.json'), '{}')
    await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...PACKAGES], { cwd: folder })
    data = await makeDataDirectory('local: { cpus: 4 }\n')
    server = await ServerProcess.start(data)
  })
  after(async () => {
    await server?.end()
    await removeDirectory(data)
    await removeDirectory(folder)
  })

  const trySmoke = async (runtime: string, executable: string, args: readonly string[]): Promise<void> => {
    const { stdout } = await run(executable, [...args, smoke, runtime], {
      cwd: root,
      env: { ...process.env, TRAINYARD_DATA: data, HOME: folder },
      timeout: 60_000,
    })

    assert.deepEqual(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''), {
      lines: ['line 1 ä', 'line 2 ä', 'line 3 ä'],
      phase: 'Completed',
      names: [`from-${runtime}`],
      files: (await readdir(import.meta.dirname)).length,
    })
  }

  it('works in Node', () => trySmoke('node', process.execPath, []))

  it('works in Bun', async () => trySmoke('bun', await findExecutable(folder, '@oven', 'bun'), ['run']))

  it('works in Deno', async () =>
    trySmoke('deno', await findExecutable(folder, '@deno', 'deno'), ['run', '--allow-all', '--no-check']))
})
