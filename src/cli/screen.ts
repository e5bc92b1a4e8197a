import { stripVTControlCharacters } from 'node:util'
import type { Terminal } from './terminal.ts'
import { cutToWidth, displayWidth } from './text-width.ts'

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[2J'
const LEAVE = '\u001b[?25h\u001b[?1049l'
/** Terminals that know it show what is between at once. */
const BEGIN_FRAME = '\u001b[?2026h'
const END_FRAME = '\u001b[?2026l'

const lineAt = (row: number, line: string): string => `\u001b[${row + 1};1H${line}\u001b[K`

/** A line that would wrap loses its colours and its end. */
const fitLine = (line: string, columns: number): string => {
  const plain = stripVTControlCharacters(line)
  return displayWidth(plain) <= columns ? line : cutToWidth(plain, columns)
}

/** The whole screen of a terminal, drawn without flicker: only lines that changed are written. */
export class Screen {
  readonly #terminal: Terminal
  #drawn: string[] = []
  #size = ''
  #isOpen = false

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** Takes the screen; what it showed before comes back with `close`. */
  async open(): Promise<void> {
    this.#isOpen = true
    this.#size = ''
    await this.#terminal.write(ENTER)
  }

  /** Shows these lines, as many as fit. */
  async draw(lines: readonly string[]): Promise<void> {
    if (!this.#isOpen) return
    const { columns = 80, rows = 24 } = this.#terminal
    const size = `${columns}x${rows}`
    const isFresh = size !== this.#size
    if (isFresh) this.#drawn = []
    this.#size = size
    const shown = lines.slice(0, rows).map((line) => fitLine(line, columns))
    const changes = shown.flatMap((line, row) => (line === this.#drawn[row] ? [] : [lineAt(row, line)]))
    const rest = this.#drawn.length > shown.length ? `\u001b[${shown.length + 1};1H\u001b[J` : ''
    this.#drawn = shown
    const text = (isFresh ? '\u001b[2J' : '') + changes.join('') + rest
    if (text !== '') await this.#terminal.write(BEGIN_FRAME + text + END_FRAME)
  }

  /** Gives the screen back. Safe to call more than once. */
  async close(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    await this.#terminal.write(LEAVE)
  }
}

/** What a watch draws, and how often. */
export interface Watch {
  readonly everyMs: number
  /** Gets what the next frame shows. The signal ends what it waits for. */
  readonly refresh: (signal: AbortSignal) => Promise<void>
  /** The lines of the frame, for the size that the screen has now. */
  readonly lines: () => readonly string[]
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Ctrl-Z must not leave the shell on a foreign screen without a cursor. */
const onSuspend = (screen: Screen, redraw: () => void): (() => void) => {
  const suspend = () => void screen.close().then(() => process.kill(process.pid, 'SIGSTOP'))
  const resume = () => void screen.open().then(redraw)
  process.on('SIGTSTP', suspend).on('SIGCONT', resume)
  return () => process.off('SIGTSTP', suspend).off('SIGCONT', resume)
}

/**
 * Shows something on the whole screen again and again until Ctrl-C, and then gives the screen back. The first `refresh`
 * happens before the screen is taken: what it throws is an error as of any verb. Later ones have to deal with failures.
 */
export const watchOnScreen = async (
  terminal: Terminal,
  { everyMs, refresh, lines }: Watch,
): Promise<void> => {
  const end = new AbortController()
  const { signal } = end
  const stop = () => end.abort()
  for (const name of STOP_SIGNALS) process.on(name, stop)
  const screen = new Screen(terminal)
  const redraw = () => void screen.draw(lines())
  const offSuspend = onSuspend(screen, redraw)
  try {
    await refresh(signal)
    if (signal.aborted) return
    terminal.onResize(redraw, signal)
    await screen.open()
    for (;;) {
      await screen.draw(lines())
      await pause(everyMs, signal)
      if (signal.aborted) return
      await refresh(signal)
      if (signal.aborted) return
    }
  } catch (error) {
    // Ctrl-C during a request: that is what was wanted.
    if (!signal.aborted) throw error
  } finally {
    end.abort()
    await screen.close()
    offSuspend()
    for (const name of STOP_SIGNALS) process.off(name, stop)
  }
}
