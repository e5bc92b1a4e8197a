const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const
const NOTHING = ' '

const meanOf = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length

/** As many means as there is room for, each over an equal part of the values; parts without a measurement have none. */
const squeeze = (values: readonly (number | undefined)[], width: number): (number | undefined)[] => {
  if (values.length <= width) return [...values]
  return Array.from({ length: width }, (_, part) => {
    const from = Math.floor((part * values.length) / width)
    const to = Math.floor(((part + 1) * values.length) / width)
    return meanOf(values.slice(from, to).filter((value) => value !== undefined))
  })
}

/**
 * A curve of text, at most `width` columns wide: one bar per value from 0 to `most`, the means of several where there
 * are more. A gap stands for values that are missing.
 */
export const sparkline = (values: readonly (number | undefined)[], width: number, most = 100): string =>
  squeeze(values, Math.max(1, width))
    .map((value) => {
      if (value === undefined) return NOTHING
      const step = Math.round((Math.min(Math.max(value, 0), most) / most) * (BARS.length - 1))
      return BARS[step] ?? NOTHING
    })
    .join('')
