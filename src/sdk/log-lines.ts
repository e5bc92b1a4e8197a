import { type FollowLogOptions, followBytes, type LogSource } from './follow-log.ts'

/** One line of a log. */
export interface LogLine {
  /** The line without its line feed. Carriage returns are kept: what follows one overwrites what is before it. */
  readonly text: string
  /** Byte of the log the line begins at. */
  readonly offset: number
  /** Byte after the line and its line feed: begin here to go on later. */
  readonly nextOffset: number
  /** False when no line feed ends it: the last words of a program, or a part of a line longer than 1 MiB. */
  readonly isWhole: boolean
}

/** A line that is longer comes in parts: a program that writes no line feeds must not fill the memory. */
export const MAX_LINE_BYTES = 1024 * 1024

const LINE_FEED = 10

const isInsideCharacter = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80

/** Where to cut bytes that are too long: at most `limit`, and between two characters of UTF-8. */
const cutBefore = (bytes: Uint8Array, limit: number): number => {
  for (let at = limit; at > limit - 4; at -= 1) if (!isInsideCharacter(bytes[at])) return at
  return limit
}

const join = (head: Uint8Array, tail: Uint8Array): Uint8Array => {
  if (head.byteLength === 0) return tail
  const joined = new Uint8Array(head.byteLength + tail.byteLength)
  joined.set(head)
  joined.set(tail, head.byteLength)
  return joined
}

/** Makes lines of bytes that may end anywhere. */
export class LineSplitter {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  #rest: Uint8Array = new Uint8Array(0)
  #offset: number

  constructor(offset: number) {
    this.#offset = offset
  }

  /** The lines that the bytes complete. */
  *add(bytes: Uint8Array): Generator<LogLine> {
    let from = 0
    for (;;) {
      const end = bytes.indexOf(LINE_FEED, from)
      if (end < 0) break
      const line = join(this.#rest, bytes.subarray(from, end))
      this.#rest = new Uint8Array(0)
      from = end + 1
      yield* this.#parts(line)
      yield this.#take(this.#rest, 1)
    }
    yield* this.#parts(join(this.#rest, bytes.subarray(from)))
  }

  /** What no line feed has ended. */
  *end(): Generator<LogLine> {
    if (this.#rest.byteLength > 0) yield this.#take(this.#rest, 0)
  }

  /** Hands out what is beyond the longest line, and keeps the rest. */
  *#parts(bytes: Uint8Array): Generator<LogLine> {
    this.#rest = bytes
    while (this.#rest.byteLength > MAX_LINE_BYTES) {
      const cut = cutBefore(this.#rest, MAX_LINE_BYTES)
      const next = this.#rest.subarray(cut)
      yield this.#take(this.#rest.subarray(0, cut), 0)
      this.#rest = next
    }
    // The bytes belong to the chunk, which is large: a short rest must not keep it alive.
    if (this.#rest.byteLength > 0 && this.#rest.byteLength < this.#rest.buffer.byteLength)
      this.#rest = this.#rest.slice()
  }

  #take(line: Uint8Array, feedBytes: 0 | 1): LogLine {
    const offset = this.#offset
    this.#offset += line.byteLength + feedBytes
    this.#rest = new Uint8Array(0)
    return { text: this.#decoder.decode(line), offset, nextOffset: this.#offset, isWhole: feedBytes === 1 }
  }
}

/** Gives the log of a task line by line as it grows, each line once. See `followLog` for what it outlives. */
export async function* logLines(source: LogSource, options: FollowLogOptions): AsyncGenerator<LogLine> {
  const splitter = new LineSplitter(options.offset ?? 0)
  for await (const bytes of followBytes(source, options)) yield* splitter.add(bytes)
  yield* splitter.end()
}
