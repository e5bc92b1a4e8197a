import { writeSync } from 'node:fs'
import { destination, type Logger, pino } from 'pino'
import { prettyLine } from './pretty-log.ts'

const STDERR = 2

/** The log of a server, on stderr: JSON for machines, or lines for people. */
export const openLog = (level: string, format: 'json' | 'pretty'): Logger => {
  if (format === 'json') return pino({ level }, destination({ fd: STDERR, sync: true }))
  const hasColour = process.stderr.isTTY === true && !process.env['NO_COLOR']
  return pino({ level }, { write: (line) => writeSync(STDERR, prettyLine(line, hasColour)) })
}
