import { isTrainyardError, TrainyardError } from '../contract/trainyard-error.ts'
import type { BytesAnswer } from './http.ts'
import { Patience } from './patience.ts'
import { pause, throwIfAborted } from './retry.ts'

/** How a log is followed. */
export interface FollowLogOptions {
  /** Ends following with `request_aborted`. */
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

  /** The bytes that came; keeps its place when the connection breaks in between. */
  async *read(answer: BytesAnswer): AsyncGenerator<Uint8Array> {
    // A server without Range sends the log from its begin.
    let skip = answer.status === 200 ? this.#offset : 0
    for await (const chunk of answer.chunks) {
      const part = chunk.subarray(Math.min(skip, chunk.byteLength))
      skip -= chunk.byteLength - part.byteLength
      if (part.byteLength === 0) continue
      this.#offset += part.byteLength
      this.hasProgressed = true
      yield part
    }
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

/** Pauses between two looks at what grows, rising by half. */
export const followPauses = (isLocal: boolean): readonly [firstMs: number, longestMs: number] =>
  isLocal ? [250, 2_000] : [1_000, 5_000]

/**
 * Gives the log of a task as it grows, in pieces of text that may end anywhere. Ends when the job is final and all
 * is read. Resumes at the byte reached after broken connections, expired links and restarts of the server.
 */
export async function* followLog(source: LogSource, options: FollowLogOptions): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  for await (const bytes of followBytes(source, options)) {
    const text = decoder.decode(bytes, { stream: true })
    if (text !== '') yield text
  }
  // What is left of a character cut off at the end.
  const rest = decoder.decode()
  if (rest !== '') yield rest
}

/** As `followLog`, in bytes: one after another from `offset` on, none twice, none missing. */
export async function* followBytes(source: LogSource, options: FollowLogOptions): AsyncGenerator<Uint8Array> {
  const { signal, follow = true, intervalMs } = options
  const [firstMs, longestMs] = followPauses(source.isLocal)
  const reader = new LogReader(source, options.offset ?? 0, signal)
  const patience = new Patience()
  let pauseMs = intervalMs ?? firstMs
  for (;;) {
    throwIfAborted(signal)
    // Asked before reading: what a final job has written is there to be read.
    const isLast = follow ? await patience.attempt(() => source.isFinal(signal)) : true
    reader.hasProgressed = false
    const isComplete = yield* readOnce(reader, patience)
    if (isLast === true && isComplete) return
    pauseMs = intervalMs ?? (reader.hasProgressed ? firstMs : Math.min(longestMs, pauseMs * 1.5))
    await pause(pauseMs, signal)
  }
}

/** Reads to the present end; gives whether it was reached without trouble. */
async function* readOnce(reader: LogReader, patience: Patience): AsyncGenerator<Uint8Array, boolean> {
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
