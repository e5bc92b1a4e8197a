import { type FileHandle, open } from 'node:fs/promises'
import { type LogPreviewResponse, MAX_PREVIEW_BYTES } from '../contract/logs.ts'
import { refusal } from '../contract/trainyard-error.ts'

const LINE_FEED = 0x0a

const notReady = (task: string) => refusal('ModelArts.2818', `Task ${task} has not written a log.`)

/**
 * The newest part of a log file, at most 5 MB. A part begins at a line; inside a line longer than that, at a character.
 * @throws TrainyardError `ModelArts.2818` nothing written yet, `ModelArts.2820` the file is gone.
 */
export const readLogPreview = async (file: string | null, task: string): Promise<LogPreviewResponse> => {
  if (file === null) throw notReady(task)
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw refusal('ModelArts.2820', `The log of task ${task} is missing.`, { cause: error })
  })
  try {
    const { size } = await handle.stat()
    if (size === 0) throw notReady(task)
    const bytes = await readTail(handle, size)
    const content = new TextDecoder('utf-8', { ignoreBOM: true }).decode(
      size > bytes.length ? fromLineStart(bytes) : bytes,
    )
    return boundContent(content, size)
  } finally {
    await handle.close()
  }
}

const readTail = async (handle: FileHandle, size: number): Promise<Buffer> => {
  const length = Math.min(size, MAX_PREVIEW_BYTES)
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await handle.read(buffer, 0, length, size - length)
  return buffer.subarray(0, bytesRead)
}

/** Drops the part of a line, or of a character, that the cut left at the front. */
const fromLineStart = (bytes: Buffer): Buffer => {
  const feed = bytes.indexOf(LINE_FEED)
  if (feed >= 0 && feed < bytes.length - 1) return bytes.subarray(feed + 1)
  let start = 0
  while (start < 4 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1
  return bytes.subarray(start)
}

/** Replaced bytes can make the text longer than the file: the cap holds for what is returned. */
const boundContent = (content: string, fullSize: number): LogPreviewResponse => {
  const size = Buffer.byteLength(content)
  if (size <= MAX_PREVIEW_BYTES) return { content, current_size: size, full_size: fullSize }
  const bytes = fromLineStart(Buffer.from(content).subarray(size - MAX_PREVIEW_BYTES))
  return { content: bytes.toString(), current_size: bytes.length, full_size: fullSize }
}
