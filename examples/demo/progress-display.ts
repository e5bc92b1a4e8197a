import type { WriteStream } from 'node:tty'

interface Line {
  readonly name: string
  phase: string
  note: string
}

const CLEAR_LINE = '\x1b[2K'

/**
 * Shows what several jobs are doing. On a terminal: one line per job, refreshed in place, with the last line of its log.
 * Elsewhere: one line per change of phase.
 */
export class ProgressDisplay {
  readonly #output: WriteStream
  readonly #lines: readonly Line[]
  readonly #width: number
  readonly #startedAt = Date.now()
  #isDrawn = false

  constructor(output: WriteStream, names: readonly string[]) {
    this.#output = output
    this.#lines = names.map((name) => ({ name, phase: '', note: '' }))
    this.#width = Math.max(...names.map((name) => name.length))
  }

  setPhase(name: string, phase: string): void {
    const line = this.#find(name)
    if (line.phase === phase) return
    line.phase = phase
    if (this.#output.isTTY) this.#draw()
    else this.#output.write(`${this.#elapsed()}  ${name.padEnd(this.#width)}  ${phase}\n`)
  }

  /** The last thing a job said; shown on a terminal only. */
  setNote(name: string, note: string): void {
    this.#find(name).note = note
    if (this.#output.isTTY) this.#draw()
  }

  #find(name: string): Line {
    const line = this.#lines.find((candidate) => candidate.name === name)
    if (!line) throw new Error(`no line for ${name}`)
    return line
  }

  #elapsed(): string {
    return `${((Date.now() - this.#startedAt) / 1000).toFixed(1).padStart(5)} s`
  }

  #draw(): void {
    const up = this.#isDrawn ? `\x1b[${this.#lines.length}A` : ''
    const rows = this.#lines.map(({ name, phase, note }) => {
      const row = `  ${name.padEnd(this.#width)}  ${phase.padEnd(11)}  ${note}`
      // A row that wraps would break the way back up.
      return `${CLEAR_LINE}${row.slice(0, this.#output.columns - 1)}\n`
    })
    this.#output.write(up + rows.join(''))
    this.#isDrawn = true
  }
}
