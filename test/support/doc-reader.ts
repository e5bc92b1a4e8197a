import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { type DocBlock, expectedExitCode } from './doc-blocks.ts'

const root = join(import.meta.dirname, '../..')
const READY_MS = 60_000
const BLOCK_MS = 60_000
/** What a page calls the address of the server. */
const WRITTEN_ADDRESS = '127.0.0.1:8080'

/** A block whose last command is a server: it gets a terminal of its own. */
export const isServer = (text: string): boolean =>
  /^(?:npm start|(?:npx )?trainyard serve)(?:\s[^\n]*)?\n*$/m.test(text.split('\n').at(-2) ?? '')

/** What came of a block. */
export interface BlockRun {
  readonly exitCode: number
  readonly output: string
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** `trainyard` runs the sources, and a server without a port takes that of the page; all else is as it stands. */
const shims = (port: number): Record<string, string> => ({
  trainyard: `
if [ "$1" = serve ] && ! echo " $* " | grep -q -e ' --port ' -e ' -p '; then set -- "$@" --port ${port}; fi
exec "${process.execPath}" "${root}/src/main.ts" "$@"`,
  npx: '[ "$1" = trainyard ] || exec "$NPX" "$@"; shift; exec trainyard "$@"',
  npm: '[ "$1" = start ] && { shift; exec trainyard serve "$@"; }; exec "$NPM" "$@"',
})

const onPath = async (name: string): Promise<string> => {
  for (const folder of (process.env['PATH'] ?? '').split(':')) {
    if ((await readdir(folder).catch((): string[] => [])).includes(name)) return join(folder, name)
  }
  throw new Error(`${name} is not on the search path`)
}

/**
 * A folder that looks like a checkout. Blocks of TypeScript can also import the package by its name: there it stands for
 * the sources, so that nothing has to be built.
 */
const makeCheckout = async (folder: string): Promise<void> => {
  await mkdir(folder)
  for (const name of ['src', 'examples', 'node_modules']) await symlink(join(root, name), join(folder, name))
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as object
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ ...manifest, exports: './src/sdk/node/index.ts' }),
  )
}

/** Someone who reads a page and types what stands there: one shell, one home, servers in terminals of their own. */
export class DocReader {
  readonly #folder: string
  readonly #port: number
  readonly #env: NodeJS.ProcessEnv
  readonly #shell: ChildProcess
  #server: ChildProcess | undefined
  #status = ''
  #count = 0

  private constructor(folder: string, port: number, env: NodeJS.ProcessEnv) {
    this.#folder = folder
    this.#port = port
    this.#env = env
    this.#shell = spawn('bash', ['--noprofile', '--norc'], {
      cwd: this.checkout,
      env,
      stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
    })
    const status = this.#shell.stdio[3] as Readable
    status.on('data', (chunk: Buffer) => {
      this.#status += chunk.toString()
    })
    this.#shell.stdin?.on('error', () => undefined)
    this.#shell.stdin?.write('shopt -s expand_aliases\n')
  }

  static async sitDown(): Promise<DocReader> {
    const folder = await mkdtemp(join(tmpdir(), 'trainyard-docs-'))
    const port = await freePort()
    for (const name of ['home', 'bin']) await mkdir(join(folder, name))
    await makeCheckout(join(folder, 'checkout'))
    for (const [name, script] of Object.entries(shims(port))) {
      await writeFile(join(folder, 'bin', name), `#!/bin/sh\n${script}\n`)
      await chmod(join(folder, 'bin', name), 0o755)
    }
    const env = {
      PATH: [join(folder, 'bin'), dirname(process.execPath), process.env['PATH']].join(':'),
      HOME: join(folder, 'home'),
      LANG: 'C.UTF-8',
      NPM: await onPath('npm'),
      NPX: await onPath('npx'),
      npm_config_update_notifier: 'false',
    }
    return new DocReader(folder, port, env)
  }

  /** Where the reader sits. */
  get checkout(): string {
    return join(this.#folder, 'checkout')
  }

  get hasServer(): boolean {
    return this.#server !== undefined
  }

  /** Does what a block of `sh` or `ts` says. */
  async follow(block: DocBlock): Promise<BlockRun> {
    const text = block.text.replaceAll(WRITTEN_ADDRESS, `127.0.0.1:${this.#port}`)
    if (block.language === 'ts') {
      const file = `block-${block.line}.ts`
      await writeFile(join(this.checkout, file), text)
      return this.#type(`node ${file}\n`)
    }
    if (!isServer(text)) return this.#type(text, expectedExitCode(block) !== 0)
    // The lines before the server are typed in the same terminal as all others: they prepare files.
    const lines = text.trimEnd().split('\n')
    const before = await this.#type(`${lines.slice(0, -1).join('\n')}\n`)
    if (before.exitCode !== 0) return before
    return { exitCode: 0, output: await this.startServer(lines.at(-1)) }
  }

  /** Starts a server, stopping the one before, as a reader would with Ctrl-C. Gives its ready line. */
  async startServer(line = 'trainyard serve'): Promise<string> {
    await this.#stopServer()
    const child = spawn('bash', ['--noprofile', '--norc', '-c', `exec ${line}`], {
      cwd: this.checkout,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#server = child
    let output = ''
    const ready = new Promise<void>((resolve, reject) => {
      const see = (chunk: Buffer): void => {
        output += chunk.toString()
        if (/^Trainyard listening on /m.test(output)) resolve()
      }
      child.stdout.on('data', see)
      child.stderr.on('data', see)
      child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${output}`)))
      setTimeout(() => reject(new Error(`no ready line: ${output}`)), READY_MS).unref()
    })
    await ready
    return output.replaceAll(`127.0.0.1:${this.#port}`, WRITTEN_ADDRESS)
  }

  async leave(): Promise<void> {
    this.#shell.kill('SIGKILL')
    await this.#stopServer()
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }

  /**
   * Types a block into the shell. The first command that fails ends the block, and the shell with it, unless the page
   * says that the block fails: then its last command tells.
   */
  async #type(text: string, fails = false): Promise<BlockRun> {
    this.#count += 1
    const name = join(this.#folder, `block-${this.#count}`)
    await writeFile(name, fails ? text : `set -eo pipefail\n${text}set +e\n`)
    const before = this.#status.length
    this.#shell.stdin?.write(`. ${name} >${name}.out 2>&1 </dev/null; echo "done $?" >&3\n`)
    const exitCode = await this.#ended(before)
    const output = await readFile(`${name}.out`, 'utf8').catch(() => '')
    return { exitCode, output: output.replaceAll(`127.0.0.1:${this.#port}`, WRITTEN_ADDRESS) }
  }

  async #ended(from: number): Promise<number> {
    const deadline = Date.now() + BLOCK_MS
    while (Date.now() < deadline) {
      const code = /done (\d+)/.exec(this.#status.slice(from))?.[1]
      if (code !== undefined) return Number(code)
      if (this.#shell.exitCode !== null) return this.#shell.exitCode || 1
      if (this.#shell.signalCode !== null) break
      await new Promise((resume) => setTimeout(resume, 10))
    }
    throw new Error(`it did not end within ${BLOCK_MS} ms`)
  }

  async #stopServer(): Promise<void> {
    const child = this.#server
    this.#server = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    await gone
  }
}
