import { iterateJobs, type Session, TrainingJob } from '../../src/sdk/index.ts'

// Runs in Node and, bundled, in a browser: what both have to find is found by the same lines.

/** The line that the program of the test prints at a place: with text of two and four bytes, and a carriage return. */
export const lineAt = (index: number): string =>
  `${index} ${'ä😀'.repeat(index % 9)} loss ${(index * 7919) % 1000}${index % 10 === 0 ? ' 50%\r100%' : ''}`

/** What came of following a log. */
export interface FollowedLog {
  readonly lines: number
  readonly bytes: number
  /** The first line that is not the one that belongs there. */
  readonly wrong: string | undefined
}

/** Follows the log of a job to its end and compares each line. */
export const followLines = async (session: Session, jobId: string): Promise<FollowedLog> => {
  let lines = 0
  let bytes = 0
  let wrong: string | undefined
  for await (const line of new TrainingJob({ session, jobId }).logLines('worker-0', { intervalMs: 25 })) {
    const isRight = line.text === lineAt(lines) && line.offset === bytes && line.isWhole
    if (!isRight) wrong ??= `line ${lines}: ${JSON.stringify(line)}, wanted ${JSON.stringify(lineAt(lines))}`
    lines += 1
    bytes = line.nextOffset
  }
  return { lines, bytes, wrong }
}

/** The names of all jobs that start with a text, in the order in which they come. */
export const walkJobs = async (session: Session, like: string): Promise<string[]> => {
  const names: string[] = []
  const query = {
    limit: 10,
    sort_by: 'create_time',
    order: 'asc' as const,
    filters: [{ key: 'name', operator: 'like' as const, value: [like] }],
  }
  for await (const { metadata } of iterateJobs(session, query)) names.push(metadata.name)
  return names
}
