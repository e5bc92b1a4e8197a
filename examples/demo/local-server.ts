import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const root = join(import.meta.dirname, '../..')
const READY = /^Trainyard listening on (?<endpoint>http:\/\/\S+)$/
const STOP_MS = 10_000
const LAST_LINES = 15

/** A server with a data directory of its own, both gone after `stop`. */
export class LocalServer {
  readonly #process: ChildProcess
  readonly #exited: Promise<unknown>
  readonly #directory: string
  /** Address of the API. */
  readonly endpoint: string

  private constructor(child: ChildProcess, exited: Promise<unknown>, directory: string, endpoint: string) {
    this.#process = child
    this.#exited = exited
    this.#directory = directory
    this.endpoint = endpoint
  }

  /**
   * Starts a server on a free port and waits until it is ready.
   * `configuration` is the text of its `trainyard.yaml`.
   */
  static async start(configuration: string, signal: AbortSignal): Promise<LocalServer> {
    const directory = await mkdtemp(join(tmpdir(), 'trainyard-demo-'))
    try {
      await writeFile(join(directory, 'trainyard.yaml'), configuration)
      return await launch(directory, signal, (child, exited, endpoint) => {
        return new LocalServer(child, exited, directory, endpoint)
      })
    } catch (error) {
      await rm(directory, { recursive: true, force: true })
      throw error
    }
  }

  /** Resolves when the server has ended, whether asked to or not. */
  async ended(): Promise<void> {
    await this.#exited
  }

  /** The data directory. */
  get dataDirectory(): string {
    return this.#directory
  }

  /** Asks the server to stop, insists after 10 seconds, and removes its data. Safe to repeat. */
  async stop(): Promise<void> {
    await end(this.#process, this.#exited)
    // A program that has just been killed may still be writing its last file.
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}

/** Own settings must not lead the server, or the demo, to another data directory. */
const environmentWithoutSettings = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TRAINYARD_')))

const launch = async (
  directory: string,
  signal: AbortSignal,
  toServer: (child: ChildProcess, exited: Promise<unknown>, endpoint: string) => LocalServer,
): Promise<LocalServer> => {
  const logFile = join(directory, 'server.log')
  const log = await open(logFile, 'w')
  const child = spawn(process.execPath, ['src/main.ts', 'serve', '--port', '0', '--data', directory], {
    cwd: root,
    env: environmentWithoutSettings(),
    stdio: ['ignore', 'pipe', log.fd],
    // In a group of its own: Ctrl-C reaches the demo alone, which then stops the jobs before the server.
    detached: true,
  })
  const exited = new Promise((resolve) => {
    child.once('exit', resolve)
    child.once('error', resolve)
  })
  await log.close()
  try {
    return toServer(child, exited, await readyEndpoint(child, exited, signal))
  } catch (error) {
    await end(child, exited)
    const lines = (await readFile(logFile, 'utf8')).trimEnd().split('\n').slice(-LAST_LINES)
    throw new Error(`The server did not start. The last it said:\n${lines.join('\n')}`, { cause: error })
  }
}

/** The address in the ready line, which the server prints when it can be called. */
const readyEndpoint = async (
  child: ChildProcess,
  exited: Promise<unknown>,
  signal: AbortSignal,
): Promise<string> => {
  if (!child.stdout) throw new Error('the server has no output')
  const lines = createInterface({ input: child.stdout })
  const ready = new Promise<string>((resolve) => {
    lines.on('line', (line) => {
      const endpoint = READY.exec(line)?.groups?.['endpoint']
      if (endpoint !== undefined) resolve(endpoint)
    })
  })
  const gone = exited.then((code) => {
    throw new Error(`the server ended (${code instanceof Error ? code.message : `exit code ${code}`})`)
  })
  const aborted = once(signal, 'abort').then(() => {
    throw signal.reason
  })
  signal.throwIfAborted()
  return await Promise.race([ready, gone, aborted])
}

const end = async (child: ChildProcess, exited: Promise<unknown>): Promise<void> => {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  child.kill('SIGTERM')
  await exited
  clearTimeout(timer)
}
