/** One piece of a page that says how it is used: a fenced block. */
export interface DocBlock {
  /** `sh`, `ts`, `text`, … */
  readonly language: string
  /** Words after the language, such as `no-test`. */
  readonly marks: readonly string[]
  readonly text: string
  /** Line of the fence, from 1. */
  readonly line: number
  /** What it is said to print: the `text` block that follows with nothing but a blank line between. */
  readonly expected?: string
}

/** The exit code a block is said to end with: that of its mark `exit=…`, else 0. */
export const expectedExitCode = ({ marks }: DocBlock): number =>
  Number(/^exit=(\d+)$/m.exec(marks.join('\n'))?.[1] ?? 0)

const FENCE = /^(?<indent> *)(?<ticks>`{3,})(?<info>[^`]*)$/

/** Takes the fenced blocks out of a page of Markdown. A block that is not closed is an error of the page. */
export const parseBlocks = (page: string): DocBlock[] => {
  const lines = page.split('\n')
  const blocks: (DocBlock & { readonly end: number })[] = []
  for (let at = 0; at < lines.length; at += 1) {
    const { indent = '', ticks, info = '' } = FENCE.exec(lines[at] ?? '')?.groups ?? {}
    if (ticks === undefined) continue
    const end = lines.findIndex((line, index) => index > at && line === `${indent}${ticks}`)
    if (end < 0) throw new Error(`the block of line ${at + 1} has no end`)
    const [language = '', ...marks] = info.trim().split(/\s+/)
    const text = lines
      .slice(at + 1, end)
      .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
      .join('\n')
    blocks.push({ language, marks, text: `${text}\n`, line: at + 1, end })
    at = end
  }
  return blocks.map(({ end, ...block }, index) => {
    const next = blocks[index + 1]
    const between = next && lines.slice(end + 1, next.line - 1)
    const follows = next?.language === 'text' && between?.every((line) => line.trim() === '')
    return follows ? { ...block, expected: next.text } : block
  })
}

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/**
 * Whether output is as a page says. `…` stands for anything, on a line of its own for any number of lines; how many
 * spaces there are does not matter, since tables are as wide as what is in them.
 */
export const matchesExpected = (output: string, expected: string): boolean => {
  const tidy = (text: string): string[] =>
    text
      .trim()
      .split('\n')
      .map((line) => line.trim().replace(/\s+/g, ' '))
  const pattern = tidy(expected)
    .map((line) => (line === '…' ? '(?:.*\\n)*' : `${line.split(/ ?… ?/).map(literal).join('.*')}\\n`))
    .join('')
  return new RegExp(`^${pattern}$`).test(`${tidy(output).join('\n')}\n`)
}
