import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { TrainyardError } from '../../contract/trainyard-error.ts'

/** More than any such file has; a wrong path must not fill the memory. */
const MAX_FILE_BYTES = 64 * 1024

/** A file of ours that holds secrets, and what to do when it cannot be read. */
export interface SecretFile {
  readonly file: string
  readonly solution: string
}

/** What a file holds. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Says that a file is not what it should be, without quoting it. */
export const unreadable = ({ file, solution }: SecretFile, why: string, cause?: unknown): TrainyardError =>
  new TrainyardError('invalid_argument', `${file} ${why}.`, { solution, cause })

/** Whether a value is an object of JSON, not a list. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const parse = (about: SecretFile, text: string): JsonObject => {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    // The parser's own message quotes the text, which is secret.
    throw unreadable(about, 'is not JSON')
  }
  if (!isJsonObject(content)) throw unreadable(about, 'is not a JSON object')
  return content
}

/**
 * Reads a JSON file that holds secrets; undefined when there is none. Warns when others can read it.
 * @throws TrainyardError `invalid_argument` when it is there and cannot be read.
 */
export const readSecretFile = (
  about: SecretFile,
  warn: (message: string) => void,
): JsonObject | undefined => {
  const { file } = about
  let text: string
  try {
    const { size, mode } = statSync(file)
    if (size > MAX_FILE_BYTES) throw unreadable(about, 'is larger than such a file can be')
    if ((mode & 0o077) !== 0) warn(`${file} can be read by others; run: chmod 600 ${file}`)
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    if (code === undefined || error instanceof TrainyardError) throw error
    throw unreadable(about, `cannot be read (${code})`, error)
  }
  return parse(about, text)
}

/** Writes a file only we can read (0600), whole or not at all, with the directories above it. */
export const writeSecretFile = (file: string, text: string): void => {
  const directory = dirname(file)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const part = join(directory, `.${randomBytes(6).toString('hex')}.part`)
  const handle = openSync(part, 'wx', 0o600)
  try {
    try {
      writeSync(handle, text)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    renameSync(part, file)
  } catch (error) {
    rmSync(part, { force: true })
    throw error
  }
}
