import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { type LogPreviewResponse, MAX_PREVIEW_BYTES } from '../contract/logs.ts'
import { refusal } from '../contract/trainyard-error.ts'

const LINE_FEED = 0x0a

const notReady = (task: string) => refusal('ModelArts.2818', `Task ${task} has not written a log.`)

/**
 * Opens a log for reading. The program of the job can write near it, so links are not followed and nothing but a
 * regular file is read; a pipe must not make us wait.
 * @throws TrainyardError `ModelArts.2820` when it is gone or no file.
 */
export const openLog = async (file: string): Promise<{ handle: FileHandle; sizeBytes: number }> => {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const handle = await open(file, flags).catch((cause: unknown) => {
    throw refusal('ModelArts.2820', 'The log file cannot be read.', { cause })
  })
  const stat = await handle.stat()
  if (stat.isFile()) return { handle, sizeBytes: stat.size }
  await handle.close()
  throw refusal('ModelArts.2820', 'The log is not a file.')
}

/**
 * The newest part of a log file, at most 5 MB. A part begins at a line; inside a line longer than that, at a character.
 * @throws TrainyardError `ModelArts.2818` nothing written yet, `ModelArts.2820` the file is gone.
 */
export const readLogPreview = async (file: string | null, task: string): Promise<LogPreviewResponse> => {
  if (file === null) throw notReady(task)
  const { handle, sizeBytes: size } = await openLog(file)
  try {
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
