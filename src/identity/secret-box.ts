import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { refusal } from '../contract/trainyard-error.ts'

/** Keeps secrets that are needed in clear again, such as secret keys, which signatures are checked with. */
export interface SecretBox {
  /** Encrypts a text. The same text is sealed differently each time. */
  seal(text: string): string
  /** Decrypts what `seal` made. @throws TrainyardError `ModelArts.2952` when it was changed or sealed by another key. */
  open(sealed: string): string
  /** A key of 32 bytes for one purpose, always the same for the same key file and label. */
  derive(label: string): Buffer
}

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const VERSION = 'v1'

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code

const syncFolder = (folder: string): void => {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

// Written aside and then linked: the key file is whole or not there, and who comes second takes the first one's.
const makeKey = (file: string): void => {
  const aside = `${file}.${randomBytes(8).toString('hex')}`
  const descriptor = openSync(aside, 'wx', 0o600)
  try {
    writeSync(descriptor, randomBytes(KEY_BYTES))
    fsyncSync(descriptor)
    linkSync(aside, file)
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
  } finally {
    closeSync(descriptor)
    rmSync(aside, { force: true })
  }
  syncFolder(dirname(file))
}

const readKey = (file: string): Buffer => {
  try {
    return readFileSync(file)
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error
  }
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  makeKey(file)
  return readFileSync(file)
}

/**
 * Opens the box of a key file; makes the file (mode 0600) at first use. Without this file nothing sealed can be
 * opened again, so it belongs into every backup.
 * @throws TrainyardError `ModelArts.2952` when the file is not a key.
 */
export const openSecretBox = (file: string): SecretBox => {
  const root = readKey(file)
  if (root.length !== KEY_BYTES) {
    throw refusal('ModelArts.2952', `${file} is not a key file: it must have ${KEY_BYTES} bytes.`)
  }
  const derive = (label: string): Buffer =>
    Buffer.from(hkdfSync('sha256', root, '', `trainyard ${label}`, KEY_BYTES))
  const sealingKey = derive('secret box')
  return {
    derive,
    seal: (text) => {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', sealingKey, nonce)
      const sealed = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]
      return `${VERSION}.${Buffer.concat(sealed).toString('base64url')}`
    },
    open: (sealed) => {
      const bytes = Buffer.from(sealed.slice(VERSION.length + 1), 'base64url')
      try {
        const nonce = bytes.subarray(0, NONCE_BYTES)
        const decipher = createDecipheriv('aes-256-gcm', sealingKey, nonce, { authTagLength: TAG_BYTES })
        decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
        const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES))
        return Buffer.concat([text, decipher.final()]).toString('utf8')
      } catch (cause) {
        throw refusal(
          'ModelArts.2952',
          'A stored secret cannot be opened with the key file of this server.',
          {
            cause,
          },
        )
      }
    },
  }
}
