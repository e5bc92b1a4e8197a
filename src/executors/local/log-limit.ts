import { open, stat } from 'node:fs/promises'
import { platformLine } from '../../domain/platform-line.ts'
import { systemCode } from './durable-file.ts'

/**
 * Cuts a log back that has grown beyond its limit; its last line then says so. Returns whether it was cut.
 * The program appends to the same file, so what it writes afterwards is cut at the next look.
 */
export const limitLog = async (log: string, limitBytes: number, now: number): Promise<boolean> => {
  try {
    if ((await stat(log)).size <= limitBytes) return false
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw error
  }
  const text = `Log limit of ${limitBytes} bytes reached, further lines dropped.`
  const line = Buffer.from(`\n${platformLine('WARNING', text, now)}`)
  const handle = await open(log, 'r+')
  try {
    // Written at its place, not appended: lines that come in meanwhile must not push it over the edge.
    const position = Math.max(0, limitBytes - line.length)
    await handle.truncate(position)
    await handle.write(line, 0, line.length, position)
    await handle.truncate(position + line.length)
  } finally {
    await handle.close()
  }
  return true
}
