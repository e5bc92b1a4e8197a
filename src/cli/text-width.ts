/** Characters that take two columns: East Asian wide forms and pictographs. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]$/u

const widthOf = (character: string): number => (NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1)

/** Columns a text takes on a screen; the text has no colours in it. */
export const displayWidth = (text: string): number =>
  [...text].reduce((width, character) => width + widthOf(character), 0)

/** Cuts a text to a width; what is cut ends with `…`. */
export const cutToWidth = (text: string, width: number): string => {
  if (displayWidth(text) <= width) return text
  let cut = ''
  let used = 0
  for (const character of text) {
    used += widthOf(character)
    if (used > width - 1) break
    cut += character
  }
  return `${cut}…`
}

/** Fills a text with spaces up to a width. */
export const padToWidth = (text: string, width: number, side: 'left' | 'right' = 'left'): string => {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)))
  return side === 'left' ? text + space : space + text
}

const INDENT = 2

/** Breaks a line between words; what follows stands a little further in. Words that are too long stay whole. */
export const wrapLine = (line: string, width: number): string => {
  if (displayWidth(line) <= width) return line
  const begin = /^ */.exec(line)?.[0] ?? ''
  const lines: string[] = []
  let current = begin
  for (const word of line.trim().split(/ +/)) {
    const isFirst = current.trim() === ''
    if (!isFirst && displayWidth(current) + 1 + displayWidth(word) > width) {
      lines.push(current)
      current = begin + ' '.repeat(INDENT) + word
    } else current += isFirst ? word : ` ${word}`
  }
  return [...lines, current].join('\n')
}

/** Columns below which what follows a label stands further left in its next lines. */
const ROOMY = 60

/**
 * A text beside a label that is so wide, broken between words so that it ends within the screen: its next lines stand below
 * its first, or a little in on a narrow screen. Without a screen it stays one line.
 */
export const besideLabel = (text: string, labelWidth: number, columns: number | undefined): string => {
  if (columns === undefined || labelWidth + displayWidth(text) <= columns) return text
  const indent = columns < ROOMY ? 2 * INDENT : labelWidth
  let broken = ''
  let used = labelWidth
  for (const word of text.split(' ').filter((one) => one !== '')) {
    const width = displayWidth(word)
    const isFirst = broken === ''
    if (used + width + (isFirst ? 0 : 1) > columns && used > indent) {
      broken += `\n${' '.repeat(indent)}${word}`
      used = indent + width
    } else {
      broken += isFirst ? word : ` ${word}`
      used += width + (isFirst ? 0 : 1)
    }
  }
  return broken
}
