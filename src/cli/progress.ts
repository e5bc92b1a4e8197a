import type { TransferProgress } from '../sdk/node/index.ts'
import { printable, type Terminal } from './terminal.ts'
import { toDuration } from './times.ts'

/** How often the line changes at most. */
const EVERY_MS = 100
const BAR_WIDTH = 20
/** A guess made of less than this is worth nothing. */
const LEAST_GUESS_MS = 1_000

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const

/** A size in few digits: `512 B`, `3.4 MB`. */
export const toSize = (sizeBytes: number): string => {
  let size = sizeBytes
  let unit = 0
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000
    unit += 1
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${UNITS[unit]}`
}

/** How far something has come. */
export interface Step {
  readonly done: number
  /** Absent while nobody knows. */
  readonly total?: number | undefined
  /** What stands behind the bar. */
  readonly text: string
}

const bar = (share: number): string => {
  const filled = Math.round(share * BAR_WIDTH)
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}]`
}

const spaced = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join('  ')

/** One line on stderr that tells how far something has come; nothing where nobody looks. */
export class ProgressLine {
  readonly #terminal: Terminal
  readonly #title: string
  readonly #now: () => number
  readonly #startMs: number
  #shownMs = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined

  constructor(terminal: Terminal, title: string, now: () => number = () => performance.now()) {
    this.#terminal = terminal
    this.#title = title
    this.#now = now
    this.#startMs = now()
  }

  /** Shows a step, unless the last one is a moment ago. */
  show(step: Step): void {
    const now = this.#now()
    if (!this.#terminal.isWatched || now - this.#shownMs < EVERY_MS) return
    this.#shownMs = now
    this.#terminal.showProgress(this.#line(step, now - this.#startMs))
  }

  /** Shows the present step again and again until the end: for what tells nothing by itself. */
  keepShowing(step: () => Step): void {
    if (!this.#terminal.isWatched) return
    this.show(step())
    this.#timer = setInterval(() => this.show(step()), 2 * EVERY_MS)
  }

  /** Takes the line away. */
  end(): void {
    clearInterval(this.#timer)
    this.#terminal.showProgress('')
  }

  #line({ done, total, text }: Step, elapsedMs: number): string {
    if (total === undefined || total === 0) return spaced(this.#title, text, toDuration(elapsedMs))
    const share = Math.min(1, done / total)
    const percent = `${Math.floor(share * 100)}%`.padStart(4)
    const isGuess = share > 0 && share < 1 && elapsedMs >= LEAST_GUESS_MS
    const left = isGuess ? `${toDuration((elapsedMs / share) * (1 - share))} left` : ''
    return spaced(this.#title, `${bar(share)} ${percent}`, text, left)
  }
}

/** Does a transfer under a line that tells how far it has come. */
export const withTransfer = async <Result>(
  terminal: Terminal,
  title: string,
  transfer: (onProgress: (progress: TransferProgress) => void) => Promise<Result>,
): Promise<Result> => {
  const line = new ProgressLine(terminal, printable(title))
  let step: Step = { done: 0, text: '' }
  line.keepShowing(() => step)
  try {
    return await transfer(({ filesDone, filesTotal, bytesDone, bytesTotal }) => {
      const files = filesTotal === undefined ? `${filesDone}` : `${filesDone}/${filesTotal}`
      step = {
        done: bytesTotal === undefined ? filesDone : bytesDone,
        total: bytesTotal === undefined ? filesTotal : bytesTotal,
        text: `${files} files, ${toSize(bytesDone)}`,
      }
      line.show(step)
    })
  } finally {
    line.end()
  }
}
