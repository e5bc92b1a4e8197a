/** A piece of an expression; `at` and `end` are offsets in it. */
export interface Token {
  readonly kind: 'word' | 'text' | 'sign' | 'end'
  /** Without quotes and escapes. */
  readonly text: string
  readonly at: number
  readonly end: number
}

/** What is wrong with an expression, and where. */
export class WhereError extends Error {
  readonly at: number
  readonly end: number
  /** What is possible instead, as a sentence. */
  readonly advice: string

  constructor(message: string, { at, end }: { readonly at: number; readonly end: number }, advice: string) {
    super(message)
    this.name = 'WhereError'
    this.at = at
    this.end = end
    this.advice = advice
  }
}

const SPACE = /\s+/y
const SIGN = /<=|>=|!=|<>|==|[<>=(),]/y
const WORD = /[^\s<>=!(),'"]+/y

const QUOTE_ADVICE =
  'A text in quotes ends with the quote it began with; \\" and \\\' stand for quotes inside.'

const readQuoted = (text: string, at: number): Token => {
  const quote = text[at]
  let content = ''
  for (let next = at + 1; next < text.length; next += 1) {
    const character = text[next]
    if (character === quote) return { kind: 'text', text: content, at, end: next + 1 }
    if (character === '\\' && next + 1 < text.length) next += 1
    content += text[next]
  }
  throw new WhereError('The quote is not closed.', { at, end: text.length }, QUOTE_ADVICE)
}

const match = (pattern: RegExp, text: string, at: number): string | undefined => {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

/**
 * Cuts an expression into words, quoted texts and signs; the last token is the end.
 * @throws WhereError for a quote that is not closed, and a sign that means nothing.
 */
export const tokenize = (text: string): Token[] => {
  const tokens: Token[] = []
  let at = 0
  for (;;) {
    at += match(SPACE, text, at)?.length ?? 0
    const character = text[at]
    if (character === undefined) break
    const sign = match(SIGN, text, at)
    const word = sign ?? match(WORD, text, at)
    if (character === '"' || character === "'") {
      const quoted = readQuoted(text, at)
      tokens.push(quoted)
      at = quoted.end
    } else if (word !== undefined) {
      tokens.push({ kind: sign === undefined ? 'word' : 'sign', text: word, at, end: at + word.length })
      at += word.length
    } else {
      const place = { at, end: at + 1 }
      throw new WhereError(`${character} means nothing here.`, place, 'Not equal is written != or not in.')
    }
  }
  tokens.push({ kind: 'end', text: '', at: text.length, end: text.length })
  return tokens
}
