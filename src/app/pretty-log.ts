import { styleText } from 'node:util'

const LEVELS: Readonly<Record<number, readonly [name: string, style: Parameters<typeof styleText>[0]]>> = {
  10: ['trace', 'dim'],
  20: ['debug', 'dim'],
  30: ['info', 'green'],
  40: ['warn', 'yellow'],
  50: ['error', 'red'],
  60: ['fatal', 'red'],
}

/** What every line has and nobody at a terminal wants to read. */
const LEFT_OUT = ['level', 'time', 'pid', 'hostname', 'msg', 'err']

const shown = (value: unknown): string =>
  typeof value === 'string' && /^[\w./:@+-]+$/.test(value) ? value : (JSON.stringify(value) ?? '')

/** Without what would move the cursor: parts of a line come from callers. */
const harmless = (text: string): string =>
  text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/g, '?')

const entryOf = (line: string): Record<string, unknown> | undefined => {
  try {
    const entry: unknown = JSON.parse(line)
    const isEntry =
      entry !== null && typeof entry === 'object' && 'time' in entry && typeof entry.time === 'number'
    return isEntry ? (entry as unknown as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** A line of the log for people: `22:17:03.120 info  answered status=200`. What is no log line stays as it is. */
export const prettyLine = (line: string, hasColour: boolean): string => {
  const entry = entryOf(line)
  if (!entry) return line
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    hasColour ? styleText(style, text, { validateStream: false }) : text
  const [name, style] = LEVELS[Number(entry['level'])] ?? [String(entry['level']), 'dim']
  const time = new Date(Number(entry['time'])).toISOString().slice(11, 23)
  const details = Object.entries(entry)
    .filter(([key]) => !LEFT_OUT.includes(key))
    .map(([key, value]) => `${key}=${harmless(shown(value))}`)
    .join(' ')
  const head = `${paint('dim', time)} ${paint(style, name.padEnd(5))} ${harmless(String(entry['msg'] ?? ''))}`
  return `${head}${details ? ` ${paint('dim', details)}` : ''}\n${errorText(entry['err'])}`
}

const errorText = (err: unknown): string => {
  if (err === null || typeof err !== 'object') return ''
  const { stack, message } = err as { stack?: unknown; message?: unknown }
  const text = harmless(String(stack ?? message ?? ''))
  return `${text
    .split('\n')
    .map((part) => `    ${part.trim()}`)
    .join('\n')}\n`
}
