import { isTrainyardError, type TrainingJob, TrainyardError } from '../sdk/node/index.ts'

/** Bytes looked at first from the end, and most at once; each look back is twice as long. */
const FIRST_WINDOW = 64 * 1024
const MOST_WINDOW = 8 * 1024 * 1024
const LINE_FEED = 10

/** How often a fresh link is asked for: one can expire between two looks. */
const LINK_TRIES = 3

/** Reads parts of the log of a task, whose links expire. */
class LogWindows {
  readonly #job: TrainingJob
  readonly #task: string
  #link: string | undefined

  constructor(job: TrainingJob, task: string) {
    this.#job = job
    this.#task = task
  }

  /** Bytes there are now; undefined before the first output. */
  async size(): Promise<number | undefined> {
    try {
      // Nothing begins there: the refusal of the range tells the size.
      const answer = await this.#open(Number.MAX_SAFE_INTEGER)
      await answer.discard()
      const told = /^bytes \*\/(\d+)$/.exec(answer.headers.get('content-range') ?? '')?.[1]
      return told === undefined ? Number(answer.headers.get('content-length') ?? 0) : Number(told)
    } catch (error) {
      if (isTrainyardError(error) && error.code === 'ModelArts.2818') return undefined
      throw error
    }
  }

  /** The bytes of a part, fewer where the log is shorter. */
  async read(start: number, end: number): Promise<Uint8Array> {
    const answer = await this.#open(start)
    const part = new Uint8Array(end - start)
    let filled = 0
    // A server without Range sends the log from its begin.
    let skip = answer.status === 200 ? start : 0
    try {
      for await (const chunk of answer.chunks) {
        const rest = chunk.subarray(Math.min(skip, chunk.byteLength))
        skip -= chunk.byteLength - rest.byteLength
        const taken = rest.subarray(0, part.byteLength - filled)
        part.set(taken, filled)
        filled += taken.byteLength
        if (filled === part.byteLength) break
      }
    } finally {
      await answer.discard()
    }
    return part.subarray(0, filled)
  }

  async #open(offset: number) {
    for (let tries = 1; ; tries += 1) {
      this.#link ??= await this.#job.logUrl(this.#task)
      const answer = await this.#job.session.openLink(this.#link, offset)
      if ([200, 206, 416].includes(answer.status)) return answer
      await answer.discard()
      this.#link = undefined
      if (tries < LINK_TRIES) continue
      throw new TrainyardError('unexpected_answer', `The log could not be read (HTTP ${answer.status}).`, {
        status: answer.status,
      })
    }
  }
}

/** Where the last lines begin in a part, or how many line feeds it has when they begin before it. */
const lookBack = (part: Uint8Array, wanted: number): { at: number } | { feeds: number } => {
  let feeds = 0
  for (let at = part.byteLength - 1; at >= 0; at -= 1) {
    if (part[at] !== LINE_FEED) continue
    feeds += 1
    if (feeds > wanted) return { at: at + 1 }
  }
  return { feeds }
}

/**
 * The byte where the last lines of a log begin, found from its end: what is before is never read. A last line without a
 * line feed counts as one. Undefined before the first output.
 */
export const findTail = async (
  job: TrainingJob,
  task: string,
  lines: number,
): Promise<number | undefined> => {
  const log = new LogWindows(job, task)
  const size = await log.size()
  if (size === undefined || size === 0 || lines === 0) return size
  const [last] = await log.read(size - 1, size)
  // A line feed at the very end ends the last line; before it begins none.
  let wanted = last === LINE_FEED ? lines : lines - 1
  let end = size
  for (let window = FIRST_WINDOW; end > 0; window = Math.min(window * 2, MOST_WINDOW)) {
    const start = Math.max(0, end - window)
    const found = lookBack(await log.read(start, end), wanted)
    if ('at' in found) return start + found.at
    wanted -= found.feeds
    end = start
  }
  return 0
}
