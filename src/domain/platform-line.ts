/**
 * A line the platform writes into the log of a task. Readers tell it from program output by its head; the search for
 * metrics skips it. `time` is epoch ms, shown in UTC.
 */
export const platformLine = (level: 'INFO' | 'WARNING' | 'ERROR', text: string, time: number): string => {
  const stamp = new Date(time).toISOString()
  const date = stamp.slice(0, 10).replaceAll('-', '/')
  const clock = stamp.slice(11, 23).replace('.', ',')
  return `[ModelArts Service Log][${level}][${date} ${clock}] ${text.replaceAll(/\s*\n\s*/g, ' ')}\n`
}
