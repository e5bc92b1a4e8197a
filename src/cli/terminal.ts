import { stripVTControlCharacters, styleText } from 'node:util'
import type { Environment } from '../sdk/node/index.ts'
import { cutToWidth, wrapLine } from './text-width.ts'

/** Where a command writes: a stream of Node, or a stand-in of a test. */
export interface Output {
  write(text: string | Uint8Array, done?: (error?: Error | null) => void): boolean
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  /** Streams of terminals tell when their size changes. */
  on?(event: 'resize', listener: () => void): unknown
  off?(event: 'resize', listener: () => void): unknown
}

export type Paint = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/** Text from elsewhere without what would move the cursor or break the line. */
export const printable = (text: string): string =>
  stripVTControlCharacters(text).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')

/** Writes sentences; on a screen they break between words. Command lines stay whole, so that they can be copied. */
export const writeProse = (output: Output, text: string): void => {
  const columns = output.isTTY === true ? (output.columns ?? 80) : undefined
  const toLines = (line: string, width: number) => (/^ *trainyard /.test(line) ? line : wrapLine(line, width))
  output.write(
    columns === undefined
      ? text
      : text
          .split('\n')
          .map((line) => toLines(line, columns))
          .join('\n'),
  )
}

/** The two outputs of a command: results to stdout, everything for people to stderr. */
export class Terminal {
  readonly #stdout: Output
  readonly #stderr: Output
  readonly #hasColour: boolean
  readonly #isDumb: boolean
  #progress = ''

  constructor(stdout: Output, stderr: Output, env: Environment) {
    this.#stdout = stdout
    this.#stderr = stderr
    this.#isDumb = env['TERM'] === 'dumb'
    this.#hasColour = stdout.isTTY === true && !env['NO_COLOR'] && !this.#isDumb
  }

  /** Columns of the screen; undefined when stdout is no screen, and lines may be as long as they are. */
  get columns(): number | undefined {
    return this.#stdout.isTTY === true ? (this.#stdout.columns ?? 80) : undefined
  }

  /** Lines of the screen; undefined when stdout is no screen. */
  get rows(): number | undefined {
    return this.#stdout.isTTY === true ? (this.#stdout.rows ?? 24) : undefined
  }

  /** Whether stdout is a screen on which the cursor can be moved. */
  get canMoveCursor(): boolean {
    return this.#stdout.isTTY === true && !this.#isDumb
  }

  /** Calls back when the screen gets another size, until the signal. */
  onResize(listener: () => void, signal: AbortSignal): void {
    this.#stdout.on?.('resize', listener)
    signal.addEventListener('abort', () => this.#stdout.off?.('resize', listener), { once: true })
  }

  /** Colours text for stdout; leaves it as it is when that is no screen or `NO_COLOR` is set. */
  paint(text: string, ...paints: Paint[]): string {
    return this.#hasColour && paints.length > 0 ? styleText(paints, text, { validateStream: false }) : text
  }

  /** Writes to stdout, and waits until it is taken. */
  write(text: string | Uint8Array): Promise<void> {
    if (this.#stdout.isTTY === true) this.showProgress('')
    return new Promise((resolve, reject) => {
      this.#stdout.write(text, (error) => (error ? reject(error) : resolve()))
    })
  }

  /** Writes a line to stdout. */
  print(line: string): Promise<void> {
    return this.write(`${line}\n`)
  }

  /** Writes a line for people to stderr. */
  note(line: string): void {
    this.showProgress('')
    writeProse(this.#stderr, `${line}\n`)
  }

  /** Whether somebody looks at stderr: there go progress and questions. */
  get isWatched(): boolean {
    return this.#stderr.isTTY === true
  }

  /**
   * Shows a line on stderr that the next one replaces, and takes it away with `''`. Nothing happens where nobody looks;
   * whatever else is written takes it away first.
   */
  showProgress(line: string): void {
    if (!this.isWatched || this.#isDumb || line === this.#progress) return
    const shown = cutToWidth(line, (this.#stderr.columns ?? 80) - 1)
    this.#stderr.write(`\r${shown}\u001b[K`)
    this.#progress = line
  }

  /** Writes to stderr without a line break: a question. */
  ask(text: string): void {
    this.showProgress('')
    this.#stderr.write(text)
  }

  /** Writes a line to stderr only when somebody looks at it. */
  hint(line: string): void {
    if (this.#stderr.isTTY === true) this.note(line)
  }
}
