import { displayWidth } from '../../src/cli/text-width.ts'

/** What a terminal keeps of one of its two screens. */
interface Page {
  lines: string[][]
  row: number
  column: number
}

const emptyPage = (): Page => ({ lines: [], row: 0, column: 0 })

const CONTROL = /\u001b\[([?0-9;]*)([A-Za-z])|\u001b[78=>]|[\r\n\b\u0007]/g

/** Reads what a program wrote to a terminal, and tells what a person sees: enough of a terminal for our own programs. */
export class VirtualScreen {
  readonly columns: number
  readonly rows: number
  #main = emptyPage()
  #other = emptyPage()
  isAlternate = false
  isCursorShown = true
  /** Times that a whole screen was cleared. */
  clears = 0
  /** Lines that were too long and went on in the next. */
  wraps = 0
  /** Sequences it does not know. */
  readonly unknown: string[] = []

  constructor(columns: number, rows: number) {
    this.columns = columns
    this.rows = rows
  }

  get #page(): Page {
    return this.isAlternate ? this.#other : this.#main
  }

  /** Lines as a person sees them, without spaces at their ends. */
  get lines(): string[] {
    const lines = this.#page.lines.map((line) =>
      Array.from(line, (cell) => cell ?? ' ')
        .join('')
        .trimEnd(),
    )
    return this.isAlternate ? lines.slice(0, this.rows) : lines
  }

  get text(): string {
    return this.lines.join('\n')
  }

  feed(text: string): this {
    let at = 0
    for (const match of text.matchAll(CONTROL)) {
      this.#print(text.slice(at, match.index))
      at = match.index + match[0].length
      this.#control(match[0], match[1] ?? '', match[2] ?? '')
    }
    this.#print(text.slice(at))
    return this
  }

  #print(text: string): void {
    for (const character of text) {
      const page = this.#page
      const width = displayWidth(character)
      if (page.column + width > this.columns) {
        page.row += 1
        page.column = 0
        this.wraps += 1
      }
      page.lines[page.row] ??= []
      const line = page.lines[page.row] as string[]
      line[page.column] = character
      if (width === 2) line[page.column + 1] = ''
      page.column += width
    }
  }

  #control(sequence: string, parameters: string, final: string): void {
    const page = this.#page
    page.lines[page.row] ??= []
    if (sequence === '\r') page.column = 0
    else if (sequence === '\n') page.row += 1
    else if (sequence === '\b') page.column = Math.max(0, page.column - 1)
    else if (final === 'H') this.#move(parameters)
    else if (final === 'K') this.#eraseLine(parameters)
    else if (final === 'J') this.#erase(parameters)
    else if (final === 'A') page.row = Math.max(0, page.row - Number(parameters || 1))
    else if (final === 'G') page.column = Number(parameters || 1) - 1
    else if (final === 'h' || final === 'l') this.#mode(parameters, final === 'h')
    else if (final !== 'm' && sequence !== '\u0007') this.unknown.push(JSON.stringify(sequence))
    for (let row = 0; row <= this.#page.row; row += 1) this.#page.lines[row] ??= []
  }

  #move(parameters: string): void {
    const [row = 1, column = 1] = parameters.split(';').map((one) => Number(one || 1))
    this.#page.row = row - 1
    this.#page.column = column - 1
  }

  #eraseLine(parameters: string): void {
    const { lines, row, column } = this.#page
    if (parameters === '2') lines[row] = []
    else lines[row]?.splice(column)
  }

  #erase(parameters: string): void {
    const page = this.#page
    if (parameters === '2') {
      this.clears += 1
      page.lines = []
      return
    }
    page.lines[page.row]?.splice(page.column)
    page.lines.splice(page.row + 1)
  }

  #mode(parameters: string, isOn: boolean): void {
    if (parameters === '?1049') {
      this.isAlternate = isOn
      if (isOn) this.#other = emptyPage()
    } else if (parameters === '?25') this.isCursorShown = isOn
    else if (parameters !== '?2026') this.unknown.push(parameters)
  }
}
