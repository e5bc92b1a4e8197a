/** Text in columns, one space of air on each side of two. Numbers to the right. */
export const textTable = (header: readonly string[], rows: readonly (readonly string[])[]): string => {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const isNumeric = header.map((_, column) => rows.every((row) => /^[\d.]|^-$/.test(row[column] ?? '')))
  const toLine = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return isNumeric[column] ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '-'.repeat(width))
  return [header, rule, ...rows].map((row) => `  ${toLine(row)}`).join('\n')
}
