import { type Paint, printable, type Terminal } from './terminal.ts'
import { cutToWidth, displayWidth, padToWidth } from './text-width.ts'

/** A column of a table of `Row`s. */
export interface Column<Row> {
  readonly title: string
  /** Name in CSV and in `--columns`; default: the title in lower case. */
  readonly key?: string
  /** For people; empty when there is nothing to say, which tables show as `-`. */
  readonly value: (row: Row) => string
  /** For programs (CSV): in full, times in RFC 3339, spans in ms; default: `value`. */
  readonly exact?: (row: Row) => string
  /** Left out of `-o table`. */
  readonly isWide?: boolean
  readonly paint?: (row: Row) => readonly Paint[]
  readonly align?: 'left' | 'right'
  /** A narrow screen first loses the columns with the highest number; 0 always stays. */
  readonly dropOrder: number
  /** A column that may be cut with `…` down to this width when dropping is not enough. */
  readonly cutTo?: number
}

const GAP = 2

interface Sized<Row> {
  readonly column: Column<Row>
  readonly cells: readonly string[]
  readonly width: number
}

const totalWidth = <Row>(columns: readonly Sized<Row>[]): number =>
  columns.reduce((sum, { width }) => sum + width + GAP, -GAP)

const withoutLeast = <Row>(columns: readonly Sized<Row>[]): Sized<Row>[] => {
  const least = Math.max(...columns.map(({ column }) => column.dropOrder))
  return columns.filter(({ column }) => column.dropOrder !== least || least === 0)
}

/** Columns are cut, first to last, before any is dropped below a readable width; then columns go one by one. */
const fit = <Row>(columns: readonly Sized<Row>[], limit: number): readonly Sized<Row>[] => {
  const over = totalWidth(columns) - limit
  if (over <= 0) return columns
  const cut = shrink(columns, over)
  if (totalWidth(cut) <= limit) return cut
  const fewer = withoutLeast(columns)
  return fewer.length < columns.length ? fit(fewer, limit) : cut
}

const shrink = <Row>(columns: readonly Sized<Row>[], over: number): Sized<Row>[] => {
  let left = over
  return columns.map((sized) => {
    const { cutTo } = sized.column
    const give = cutTo === undefined ? 0 : Math.min(left, Math.max(0, sized.width - cutTo))
    left -= give
    return { ...sized, width: sized.width - give }
  })
}

/** How a table is laid out. */
export interface TableOptions<Row> {
  /** All columns in full, however narrow the screen. */
  readonly isWhole?: boolean
  /** Puts a heading with their number above rows that follow one another and have the same value. */
  readonly groupOf?: ((row: Row) => string) | undefined
}

/** How many rows from `begin` on are in the same group. */
const groupLength = <Row>(rows: readonly Row[], begin: number, groupOf: (row: Row) => string): number => {
  const group = groupOf(rows[begin] as Row)
  const end = rows.findIndex((row, index) => index > begin && groupOf(row) !== group)
  return (end < 0 ? rows.length : end) - begin
}

const withHeadings = <Row>(
  terminal: Terminal,
  lines: readonly string[],
  rows: readonly Row[],
  groupOf: (row: Row) => string,
): string[] => {
  const grouped: string[] = []
  let next = 0
  for (const [index, line] of lines.entries()) {
    if (index === next) {
      const count = groupLength(rows, index, groupOf)
      const group = cutToWidth(
        printable(groupOf(rows[index] as Row)) || '(none)',
        (terminal.columns ?? 500) - 9,
      )
      grouped.push(...(index === 0 ? [] : ['']), terminal.paint(`${group} (${count})`, 'bold'))
      next += count
    }
    grouped.push(line)
  }
  return grouped
}

/**
 * Lines of a table: a heading and one line per row, no line longer than the screen. Where there is no screen, all
 * columns in full.
 */
export const tableLines = <Row>(
  terminal: Terminal,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  options: TableOptions<Row> = {},
): string[] => {
  const sized = columns.map((column): Sized<Row> => {
    const cells = rows.map((row) => printable(column.value(row)) || '-')
    const width = cells.reduce((widest, cell) => Math.max(widest, displayWidth(cell)), column.title.length)
    return { column, cells, width }
  })
  const limit = options.isWhole === true ? undefined : terminal.columns
  const shown = fit(sized, limit ?? Number.POSITIVE_INFINITY)
  const toLine = (
    cellOf: (sized: Sized<Row>) => string,
    paintOf: (column: Column<Row>) => readonly Paint[],
  ) =>
    shown
      .map((one, index) => {
        const cell = cutToWidth(cellOf(one), Math.max(1, one.width))
        const isLast = index === shown.length - 1 && one.column.align !== 'right'
        const padding = padToWidth(cell, isLast ? 0 : one.width, one.column.align)
        return terminal.paint(padding, ...paintOf(one.column))
      })
      .join(' '.repeat(GAP))
  const lines = rows.map((row, index) =>
    toLine(
      ({ cells }) => cells[index] ?? '',
      (column) => column.paint?.(row) ?? [],
    ),
  )
  const heading = toLine(
    ({ column }) => column.title,
    () => ['bold'],
  )
  const { groupOf } = options
  return [heading, ...(groupOf === undefined ? lines : withHeadings(terminal, lines, rows, groupOf))]
}
