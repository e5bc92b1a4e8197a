import { TrainyardError } from '../sdk/node/index.ts'
import type { Terminal } from './terminal.ts'

/** Where answers come from: the stdin of Node, or a stand-in of a test. */
export interface Input {
  readonly isTTY?: boolean | undefined
  setRawMode?(isRaw: boolean): unknown
  on(event: 'data', listener: (chunk: Buffer) => void): unknown
  on(event: 'end', listener: () => void): unknown
  off(event: 'data', listener: (chunk: Buffer) => void): unknown
  off(event: 'end', listener: () => void): unknown
  resume(): unknown
  pause(): unknown
}

/** Longest answer: a stdin that is no answer must not fill the memory. */
const MAX_ANSWER_BYTES = 4096

const ABORT = '\u0003'
const END = '\u0004'
const BACKSPACE = /^[\b\u007f]$/

const aborted = (): TrainyardError => new TrainyardError('request_aborted', 'Aborted: nothing was done.')

/** Asks the person at the terminal; questions go to stderr. */
export class Prompt {
  readonly #input: Input | undefined
  readonly #terminal: Terminal
  #rest = ''
  #isOver = false

  constructor(input: Input | undefined, terminal: Terminal) {
    this.#input = input
    this.#terminal = terminal
  }

  /** Whether there is somebody to ask. */
  get canAsk(): boolean {
    return this.#input?.isTTY === true && this.#terminal.isWatched
  }

  /** Asks for a line of text; an empty answer is the initial one. */
  async ask(question: string, initial = ''): Promise<string> {
    this.#terminal.ask(`${question}${initial === '' ? '' : ` [${initial}]`}: `)
    return (await this.readLine()).trim() || initial
  }

  /** Asks for a secret: what is typed is not shown. */
  async askHidden(question: string): Promise<string> {
    const input = this.#input
    // Before the question: what a fast hand types must not be shown either.
    input?.setRawMode?.(true)
    try {
      this.#terminal.ask(`${question}: `)
      return await this.readLine(true)
    } finally {
      input?.setRawMode?.(false)
      this.#terminal.ask('\n')
    }
  }

  /** Asks whether to go on; anything but yes is no. */
  async confirm(question: string): Promise<boolean> {
    this.#terminal.ask(`${question} [y/N] `)
    return /^y(es)?$/i.test((await this.readLine()).trim())
  }

  /**
   * Reads a line of stdin, also where nobody can be asked; empty at its end. `isRaw`: the terminal hands over each key,
   * so this edits the line.
   * @throws TrainyardError `request_aborted` on Ctrl-C, `invalid_argument` for a line longer than 4 KiB.
   */
  readLine(isRaw = false): Promise<string> {
    const input = this.#input
    if (input === undefined || this.#isOver) return Promise.resolve('')
    return new Promise((resolve, reject) => {
      const finish = (act: () => void): void => {
        input.off('data', onData)
        input.off('end', onEnd)
        input.pause()
        act()
      }
      const look = (): void => {
        const end = this.#rest.search(isRaw ? /[\r\n\u0004]/ : /\n/)
        if (isRaw && this.#rest.includes(ABORT)) finish(() => reject(aborted()))
        else if (end >= 0) finish(() => resolve(this.#take(end, isRaw)))
        else if (this.#rest.length > MAX_ANSWER_BYTES) {
          finish(() => reject(new TrainyardError('invalid_argument', 'The answer is too long.')))
        }
      }
      const onData = (chunk: Buffer): void => {
        this.#rest += chunk.toString()
        look()
      }
      const onEnd = (): void => {
        this.#isOver = true
        finish(() => resolve(this.#take(this.#rest.length, isRaw)))
      }
      input.on('data', onData)
      input.on('end', onEnd)
      input.resume()
      // What came with the answer before, such as pasted lines.
      if (this.#rest !== '') look()
    })
  }

  #take(end: number, isRaw: boolean): string {
    const line = this.#rest.slice(0, end)
    this.#rest = this.#rest.slice(end + 1)
    if (!isRaw) return line.replace(/\r$/, '')
    const kept: string[] = []
    for (const key of line) {
      if (BACKSPACE.test(key)) kept.pop()
      else if (key !== END) kept.push(key)
    }
    return kept.join('')
  }
}
