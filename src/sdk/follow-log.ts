import { isTrainyardError, TrainyardError } from '../contract/trainyard-error.ts'
import type { BytesAnswer } from './http.ts'
import { Patience } from './patience.ts'
import { pause, throwIfAborted } from './retry.ts'

export interface FollowLogOptions {
  readonly signal?: AbortSignal | undefined
  /** Byte to begin at. Default 0. */
  readonly offset?: number | undefined
  /** Whether to wait for what the program has yet to write. Default true; false reads what is there. */
  readonly follow?: boolean | undefined
  /** Pause between two looks when nothing new came. Default: 250 ms rising to 2 s, from 1 s to 5 s for a far server. */
  readonly intervalMs?: number | undefined
}

/** What following needs of a job. */
export interface LogSource {
  readonly isLocal: boolean
  /** Whether nothing more will be written. */
  isFinal(signal: AbortSignal | undefined): Promise<boolean>
  /** A fresh link to the log. */
  link(signal: AbortSignal | undefined): Promise<string>
  open(link: string, offset: number, signal: AbortSignal | undefined): Promise<BytesAnswer>
}

class LogReader {
  readonly #source: LogSource
  readonly #signal: AbortSignal | undefined
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  #link: string | undefined
  #isFreshLink = false
  #offset: number
  /** Whether anything came since this was last set to false. */
  hasProgressed = false

  constructor(source: LogSource, offset: number, signal: AbortSignal | undefined) {
    this.#source = source
    this.#offset = offset
    this.#signal = signal
  }

  /** Opens the log at the place reached; undefined when there is nothing new, or nothing at all yet. */
  async open(): Promise<BytesAnswer | undefined> {
    for (;;) {
      const link = await this.#currentLink()
      if (link === undefined) return undefined
      const answer = await this.#source.open(link, this.#offset, this.#signal)
      const hasContent = answer.status === 200 || answer.status === 206
      const isAtEnd = answer.status === 416
      if (hasContent || isAtEnd) this.#isFreshLink = false
      if (hasContent) return answer
      await answer.discard()
      if (isAtEnd) return undefined
      this.#rejectLink(answer.status)
    }
  }

  /** The text that came; keeps its place when the connection breaks in between. */
  async *read(answer: BytesAnswer): AsyncGenerator<string> {
    // A server without Range sends the log from its begin.
    let skip = answer.status === 200 ? this.#offset : 0
    for await (const chunk of answer.chunks) {
      const part = chunk.subarray(Math.min(skip, chunk.byteLength))
      skip -= chunk.byteLength - part.byteLength
      if (part.byteLength === 0) continue
      this.#offset += part.byteLength
      this.hasProgressed = true
      const text = this.#decoder.decode(part, { stream: true })
      if (text !== '') yield text
    }
  }

  /** What is left of a character cut off at the end. */
  rest(): string {
    return this.#decoder.decode()
  }

  async #currentLink(): Promise<string | undefined> {
    if (this.#link !== undefined) return this.#link
    try {
      this.#link = await this.#source.link(this.#signal)
      this.#isFreshLink = true
      return this.#link
    } catch (error) {
      if (isTrainyardError(error) && error.code === 'ModelArts.2818') return undefined
      throw error
    }
  }

  /** Links expire; one refused right after it was made is a fault. */
  #rejectLink(status: number): void {
    if (status < 500 && this.#isFreshLink) {
      throw new TrainyardError(
        'unexpected_answer',
        `The server refuses its own link to the log (HTTP ${status}).`,
        { status },
      )
    }
    if (status >= 500) {
      throw new TrainyardError('unexpected_answer', `The log could not be read (HTTP ${status}).`, { status })
    }
    this.#link = undefined
  }
}

/**
 * Gives the log of a task as it grows, in pieces of text that may end anywhere. Ends when the job is final and all
 * is read. Resumes at the byte reached after broken connections, expired links and restarts of the server.
 */
export async function* followLog(source: LogSource, options: FollowLogOptions): AsyncGenerator<string> {
  const { signal, follow = true, intervalMs } = options
  const [firstMs, longestMs] = source.isLocal ? [250, 2_000] : [1_000, 5_000]
  const reader = new LogReader(source, options.offset ?? 0, signal)
  const patience = new Patience()
  let pauseMs = intervalMs ?? firstMs
  for (;;) {
    throwIfAborted(signal)
    // Asked before reading: what a final job has written is there to be read.
    const isLast = follow ? await patience.attempt(() => source.isFinal(signal)) : true
    reader.hasProgressed = false
    const isComplete = yield* readOnce(reader, patience)
    if (isLast === true && isComplete) break
    pauseMs = intervalMs ?? (reader.hasProgressed ? firstMs : Math.min(longestMs, pauseMs * 1.5))
    await pause(pauseMs, signal)
  }
  const rest = reader.rest()
  if (rest !== '') yield rest
}

/** Reads to the present end; gives whether it was reached without trouble. */
async function* readOnce(reader: LogReader, patience: Patience): AsyncGenerator<string, boolean> {
  const opened = await patience.attempt(async () => ({ answer: await reader.open() }))
  if (opened === undefined) return false
  if (opened.answer === undefined) return true
  const pieces = reader.read(opened.answer)
  try {
    for (;;) {
      const next = await patience.attempt(() => pieces.next())
      if (next === undefined) return false
      if (next.done) return true
      yield next.value
    }
  } finally {
    await pieces.return(undefined)
  }
}
