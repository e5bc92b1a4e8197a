const LAST_CODE_POINT = 0x10ffff
const BEFORE_SURROGATES = 0xd7ff
const AFTER_SURROGATES = 0xe000

/**
 * The least text that comes after every text starting with `prefix`, in the order of UTF-8 bytes (which is the order
 * of code points). Undefined when there is none: an empty prefix starts everything.
 */
export const afterPrefix = (prefix: string): string | undefined => {
  const points = Array.from(prefix, (char) => char.codePointAt(0) ?? 0)
  while (points.at(-1) === LAST_CODE_POINT) points.pop()
  const last = points.pop()
  if (last === undefined) return undefined
  points.push(last === BEFORE_SURROGATES ? AFTER_SURROGATES : last + 1)
  return points.map((point) => String.fromCodePoint(point)).join('')
}

/** The prefix a key is folded into: up to the first delimiter behind `prefix`. Undefined when it is not folded. */
export const foldedPrefix = (key: string, prefix: string, delimiter: string): string | undefined => {
  if (delimiter === '' || !key.startsWith(prefix)) return undefined
  const at = key.indexOf(delimiter, prefix.length)
  return at < 0 ? undefined : key.slice(0, at + delimiter.length)
}
