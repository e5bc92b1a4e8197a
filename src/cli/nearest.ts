/** Edits (insert, drop, change, swap neighbours) that turn one word into another. */
export const editDistance = (from: string, to: string): number => {
  let before: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row += 1) {
    const line = [row]
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1]
      const isSwap =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      const change = (last[column - 1] ?? 0) + (isSame ? 0 : 1)
      const best = Math.min((last[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1, change)
      line.push(isSwap ? Math.min(best, (before[column - 2] ?? 0) + 1) : best)
    }
    before = last
    last = line
  }
  return last[to.length] ?? 0
}

/** Longest word that is compared: what is longer is no typing mistake. */
const MAX_LENGTH = 40

/** The known word that somebody may have meant, in any case of letters; undefined when none is near. */
export const nearest = (word: string, known: readonly string[]): string | undefined => {
  const lower = word.toLowerCase()
  if (lower.length === 0 || lower.length > MAX_LENGTH) return undefined
  const most = lower.length <= 3 ? 1 : lower.length <= 7 ? 2 : 3
  const begins = known.filter((one) => lower.length >= 3 && one.toLowerCase().startsWith(lower))
  if (begins.length === 1) return begins[0]
  return known
    .map((one) => ({ one, distance: editDistance(lower, one.toLowerCase()) }))
    .filter(({ distance }) => distance <= most)
    .toSorted((a, b) => a.distance - b.distance)[0]?.one
}

/** `; did you mean X?`, or `.` when nothing is near: the end of a sentence about an unknown word. */
export const orNearest = (word: string, known: readonly string[]): string => {
  const near = nearest(word, known)
  return near === undefined ? '.' : `; did you mean ${near}?`
}
