import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Session } from '../../src/sdk/node/index.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')
/** Far more than a start takes, also on a machine that is busy with other tests. */
const READY_MS = 120_000

/** What `credentials.json` holds. */
export interface CredentialsFile {
  readonly endpoint: string
  readonly project_id: string
  readonly access_key: string
  readonly secret_key: string
  readonly user_name: string
  readonly password: string
  readonly domain_name: string
  readonly region: string
}

/** A fresh data directory, with a configuration if one is given. */
export const makeDataDirectory = async (configuration?: string): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'trainyard-e2e-'))
  if (configuration !== undefined) await writeFile(join(directory, 'trainyard.yaml'), configuration)
  return directory
}

/** A real server: `trainyard serve` as a process of its own, on a free port. */
export class ServerProcess {
  readonly #child: ChildProcess
  readonly dataDirectory: string
  readonly url: string
  /** What it wrote to stderr. */
  readonly logs: () => string

  private constructor(child: ChildProcess, dataDirectory: string, url: string, logs: () => string) {
    this.#child = child
    this.dataDirectory = dataDirectory
    this.url = url
    this.logs = logs
  }

  /** Starts a server and waits for its ready line. The child is the server itself, so signals reach it. */
  static async start(dataDirectory: string, args: readonly string[] = []): Promise<ServerProcess> {
    const child = spawn(process.execPath, [MAIN, 'serve', '--port', '0', '--data', dataDirectory, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let logs = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      logs = (logs + chunk.toString()).slice(-1_000_000)
    })
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
    const url = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL')
        reject(new Error(`no ready line in ${READY_MS} ms: ${logs}`))
      }, READY_MS)
      lines.on('line', (line) => {
        const ready = /^Trainyard listening on (http:\S+)$/.exec(line)
        if (ready?.[1]) {
          clearTimeout(timer)
          resolve(ready[1])
        }
      })
      child.once('exit', (code) => {
        clearTimeout(timer)
        reject(new Error(`the server ended with ${code}: ${logs}`))
      })
    })
    return new ServerProcess(child, dataDirectory, url, () => logs)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  async credentials(): Promise<CredentialsFile> {
    return JSON.parse(await readFile(join(this.dataDirectory, 'credentials.json'), 'utf8')) as CredentialsFile
  }

  /** A session signed in with the first key pair. */
  session(): Session {
    return new Session({ env: { TRAINYARD_DATA: this.dataDirectory } })
  }

  /** Sends a signal and waits until the process is gone; answers its exit code. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.exitCode
    const gone = once(this.#child, 'exit')
    this.#child.kill(signal)
    const [code] = (await gone) as [number | null]
    return code
  }
}

/** Waits until a check answers something, at most until the deadline. */
export const until = async <Answer>(
  what: string,
  check: () => Promise<Answer | undefined | false>,
  timeoutMs = 60_000,
): Promise<Answer> => {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const answer = await check()
    if (answer !== undefined && answer !== false) return answer
    if (Date.now() > deadline) throw new Error(`still not after ${timeoutMs} ms: ${what}`)
    await new Promise((resume) => setTimeout(resume, 50))
  }
}

/** Removes a data directory; sandboxes may be read-only inside. */
export const removeDirectory = (directory: string): Promise<void> =>
  rm(directory, { recursive: true, force: true })
