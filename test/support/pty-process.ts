import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { VirtualScreen } from './virtual-screen.ts'

const PTY = join(import.meta.dirname, 'pty.py')

export interface PtyOptions {
  readonly columns?: number
  readonly rows?: number
  readonly env?: Readonly<Record<string, string>>
}

/** A program in a terminal of its own. */
export class PtyProcess {
  readonly #child: ChildProcess
  #columns: number
  #rows: number
  #listeners: (() => void)[] = []
  #exitCode: number | undefined
  /** All that it wrote, as it came. */
  output = ''

  constructor(program: readonly string[], { columns = 80, rows = 24, env = {} }: PtyOptions = {}) {
    this.#columns = columns
    this.#rows = rows
    this.#child = spawn('python3', ['-I', '-S', PTY, String(columns), String(rows), ...program], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { PATH: process.env['PATH'], HOME: '/nonexistent', TERM: 'xterm-256color', ...env },
    })
    const decoder = new TextDecoder()
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const message = JSON.parse(line) as { output?: string; exit?: number }
      if (message.output !== undefined) {
        this.output += decoder.decode(Buffer.from(message.output, 'base64'), { stream: true })
      }
      if (message.exit !== undefined) this.#exitCode = message.exit
      for (const listener of this.#listeners) listener()
    })
  }

  /** What a person sees. */
  get screen(): VirtualScreen {
    return new VirtualScreen(this.#columns, this.#rows).feed(this.output)
  }

  /** What a person sees of the output after a mark: an earlier length of `output`. */
  screenSince(mark: number): VirtualScreen {
    return new VirtualScreen(this.#columns, this.#rows).feed(this.output.slice(mark))
  }

  send(text: string): void {
    this.#order({ send: text })
  }

  resize(columns: number, rows: number): void {
    this.#columns = columns
    this.#rows = rows
    this.#order({ resize: [columns, rows] })
  }

  /** Sends a signal, by its number, to the program alone. */
  signal(number: number): void {
    this.#order({ signal: number })
  }

  /** Waits until a check of what was written holds. */
  async until(what: string, check: () => boolean, timeoutMs = 30_000): Promise<void> {
    await this.#wait(check, () => `${what}; it wrote ${JSON.stringify(this.output.slice(-2_000))}`, timeoutMs)
  }

  /** Waits for the end; gives the exit code, negative for a signal. */
  async ended(timeoutMs = 60_000): Promise<number> {
    await this.#wait(
      () => this.#exitCode !== undefined,
      () => `no end; it wrote ${JSON.stringify(this.output.slice(-2_000))}`,
      timeoutMs,
    )
    return this.#exitCode ?? Number.NaN
  }

  /** Ends the program if it still runs. */
  close(): void {
    if (this.#exitCode === undefined) this.#child.stdin?.end()
  }

  #order(order: object): void {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`)
  }

  #wait(check: () => boolean, what: () => string, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: Error) => {
        clearTimeout(timer)
        this.#listeners = this.#listeners.filter((one) => one !== look)
        if (error === undefined) resolve()
        else reject(error)
      }
      const look = () => {
        if (check()) settle()
      }
      const timer = setTimeout(() => settle(new Error(`not within ${timeoutMs} ms: ${what()}`)), timeoutMs)
      this.#listeners.push(look)
      look()
    })
  }
}
