import { Option } from 'commander'
import { stringify } from 'yaml'
import { type Column, tableLines } from './table.ts'
import { printable, type Terminal } from './terminal.ts'

/** The forms a verb can print its objects in. */
export const FORMATS = ['table', 'wide', 'json', 'yaml', 'csv', 'ids'] as const
export type Format = (typeof FORMATS)[number]

/** Rows that are gathered before a table is laid out, and lines written at once. */
const ROWS_AT_ONCE = 1_000

/** The option `-o`, the same for every verb; a verb whose objects have no id leaves `ids` out. */
export const formatOption = (initial: Format = 'table', formats: readonly Format[] = FORMATS): Option =>
  new Option('-o, --format <form>', 'form of the output').choices(formats).default(initial)

/** What can steer a terminal although JSON and YAML leave it as it is; their other control characters are escaped. */
const STEERING = /[\u007f-\u009f\u2028\u2029]/g

/** Puts JSON's own escapes, which double quotes of YAML know too, in the place of what steers: the value stays. */
const withoutSteering = (text: string): string =>
  text.replace(STEERING, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** Indented JSON that is safe to look at. */
export const toJson = (value: unknown): string => withoutSteering(JSON.stringify(value, null, 2))

const YAML_OPTIONS = { aliasDuplicateObjects: false, lineWidth: 0 } as const

/** YAML that is safe to look at, with a line break at its end, without anchors and folded lines. */
export const toYaml = (value: unknown): string => {
  const text = stringify(value, YAML_OPTIONS)
  // Plain texts know no escapes: a document that needs one is in quotes throughout.
  return text.search(STEERING) >= 0
    ? withoutSteering(stringify(value, { ...YAML_OPTIONS, defaultStringType: 'QUOTE_DOUBLE' }))
    : text
}

/** Prints one object as JSON or YAML. */
export const printObject = (terminal: Terminal, format: 'json' | 'yaml', value: unknown): Promise<void> =>
  terminal.write(format === 'json' ? `${toJson(value)}\n` : toYaml(value))

const csvField = (text: string): string => {
  const field = printable(text)
  return /[",]|^\s|\s$/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
}

/** A record of CSV by RFC 4180, with its line break. */
export const csvRecord = (fields: readonly string[]): string => `${fields.map(csvField).join(',')}\r\n`

/** The name of a column in CSV and in `--columns`. */
export const keyOf = <Row>({ key, title }: Column<Row>): string =>
  key ?? title.toLowerCase().replaceAll(' ', '_')

/** How rows are shown. */
export interface RowShape<Row> {
  /** Those with `isWide` are left out of `table`. */
  readonly columns: readonly Column<Row>[]
  readonly idOf: (row: Row) => string
  /** In JSON and YAML: the field of `envelope` that holds the rows; without, they are a bare list. */
  readonly field?: string
  /** The fields before it, such as the counts of a page. */
  readonly envelope?: Readonly<Record<string, unknown>>
  /** In tables: puts a heading above rows of the same group. */
  readonly groupOf?: ((row: Row) => string) | undefined
}

/**
 * Prints rows as they come, in any format, without keeping all of them: `add` some, then `end`. JSON and YAML come out
 * as one document. A table with no row prints nothing: tell the reader on stderr why.
 */
export class RowWriter<Row> {
  readonly #terminal: Terminal
  readonly #format: Format
  readonly #shape: RowShape<Row>
  #waiting: Row[] = []
  #written = 0

  constructor(terminal: Terminal, format: Format, shape: RowShape<Row>) {
    this.#terminal = terminal
    this.#format = format
    this.#shape = shape
  }

  async add(rows: readonly Row[]): Promise<void> {
    for (const row of rows) this.#waiting.push(row)
    // The number of rows in a group stands above them.
    const isGrouped =
      this.#shape.groupOf !== undefined && (this.#format === 'table' || this.#format === 'wide')
    if (this.#waiting.length >= ROWS_AT_ONCE && !isGrouped) await this.#flush()
  }

  async end(): Promise<void> {
    if (this.#waiting.length > 0 || this.#written === 0) await this.#flush()
    if (this.#format === 'json') await this.#terminal.write(this.#jsonEnd())
  }

  async #flush(): Promise<void> {
    const rows = this.#waiting
    this.#waiting = []
    const text = this.#text(rows)
    this.#written += rows.length
    if (text !== '') await this.#terminal.write(text)
  }

  #text(rows: readonly Row[]): string {
    const { idOf } = this.#shape
    switch (this.#format) {
      case 'ids':
        return rows.map((row) => `${printable(idOf(row))}\n`).join('')
      case 'json':
        return this.#json(rows)
      case 'yaml':
        return this.#yaml(rows)
      case 'csv':
        return this.#csv(rows)
      default:
        return this.#table(rows)
    }
  }

  #table(rows: readonly Row[]): string {
    if (rows.length === 0) return ''
    const isWide = this.#format === 'wide'
    const columns = this.#shape.columns.filter((column) => isWide || column.isWide !== true)
    const lines = tableLines(this.#terminal, columns, rows, {
      isWhole: isWide,
      groupOf: this.#shape.groupOf,
    })
    return lines
      .slice(this.#written === 0 ? 0 : 1)
      .map((line) => `${line}\n`)
      .join('')
  }

  #csv(rows: readonly Row[]): string {
    const { columns } = this.#shape
    const head = this.#written === 0 ? csvRecord(columns.map(keyOf)) : ''
    const exact = (row: Row) => columns.map((column) => (column.exact ?? column.value)(row))
    return head + rows.map((row) => csvRecord(exact(row))).join('')
  }

  get #indent(): string {
    return this.#shape.field === undefined ? '  ' : '    '
  }

  #json(rows: readonly Row[]): string {
    const head = this.#written === 0 ? this.#jsonHead() : ''
    const texts = rows.map((row) => `\n${toJson(row)}`.replaceAll('\n', `\n${this.#indent}`))
    return head + (this.#written > 0 && texts.length > 0 ? ',' : '') + texts.join(',')
  }

  #jsonHead(): string {
    const { field, envelope } = this.#shape
    if (field === undefined) return '['
    return toJson({ ...envelope, [field]: [] }).replace(/\]\n\}$/, '')
  }

  #jsonEnd(): string {
    const close = this.#written === 0 ? ']' : `\n${this.#indent.slice(2)}]`
    return this.#shape.field === undefined ? `${close}\n` : `${close}\n}\n`
  }

  #yaml(rows: readonly Row[]): string {
    const { field, envelope } = this.#shape
    if (this.#written > 0) return toYaml(rows)
    if (field === undefined) return toYaml(rows)
    const head = Object.keys(envelope ?? {}).length === 0 ? '' : toYaml(envelope)
    return `${head}${field}:${rows.length === 0 ? ' []\n' : `\n${toYaml(rows)}`}`
  }
}

/** Prints rows that are all there. */
export const printRows = async <Row>(
  terminal: Terminal,
  format: Format,
  rows: readonly Row[],
  shape: RowShape<Row>,
): Promise<void> => {
  const writer = new RowWriter(terminal, format, shape)
  await writer.add(rows)
  await writer.end()
}
