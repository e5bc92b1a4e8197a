/** Everything in a tar file comes in blocks of this size. */
export const BLOCK_BYTES = 512

/** Longest a name may be without a header of its own. */
const MAX_NAME_BYTES = 100
/** Largest size the octal field holds: 8 GiB - 1. */
const MAX_OCTAL = 0o77777777777

const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, '0')}\0`

/** Sum of all bytes, the checksum field counted as spaces. */
const checksumOf = (block: Buffer): number =>
  block.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte), 0)

const headerBlock = (name: string, sizeBytes: number, modifiedMs: number, type: '0' | 'x'): Buffer => {
  const block = Buffer.alloc(BLOCK_BYTES)
  block.write(name, 0, MAX_NAME_BYTES)
  block.write(octal(0o600, 8), 100)
  block.write(octal(0, 8), 108)
  block.write(octal(0, 8), 116)
  block.write(octal(Math.min(sizeBytes, MAX_OCTAL), 12), 124)
  block.write(octal(Math.max(0, Math.floor(modifiedMs / 1000)), 12), 136)
  block.write(type, 156)
  block.write('ustar\u000000', 257)
  block.write(`${checksumOf(block).toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

/** A record of an extended header: its own length in digits, which count too. */
const extendedRecord = (key: string, value: string): string => {
  const rest = ` ${key}=${value}\n`
  let length = Buffer.byteLength(rest)
  while (String(length).length + Buffer.byteLength(rest) !== length) {
    length = String(length).length + Buffer.byteLength(rest)
  }
  return `${length}${rest}`
}

/** Zeros that fill the last block of something of this size. */
export const padding = (sizeBytes: number): Buffer =>
  Buffer.alloc((BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES)

/** The header of a file: POSIX pax where the old fields are too small, plain ustar else. */
export const encodeHeader = (name: string, sizeBytes: number, modifiedMs: number): Buffer => {
  const records = [
    ...(Buffer.byteLength(name) > MAX_NAME_BYTES ? [extendedRecord('path', name)] : []),
    ...(sizeBytes > MAX_OCTAL ? [extendedRecord('size', String(sizeBytes))] : []),
  ].join('')
  const header = headerBlock(name, sizeBytes, modifiedMs, '0')
  if (records === '') return header
  const body = Buffer.from(records)
  const extended = headerBlock('PaxHeader', body.length, modifiedMs, 'x')
  return Buffer.concat([extended, body, padding(body.length), header])
}

/** One header as read. `type` is `0` for a file, `x` for an extended header. */
export interface TarHeader {
  readonly name: string
  readonly sizeBytes: number
  readonly type: string
}

/** Reads a header; undefined for the zeros at the end. @throws Error when it is damaged. */
export const decodeHeader = (block: Buffer): TarHeader | undefined => {
  if (block.every((byte) => byte === 0)) return undefined
  const text = (from: number, length: number): string =>
    block
      .subarray(from, from + length)
      .toString()
      .replace(/\0.*$/s, '')
  if (Number.parseInt(text(148, 8), 8) !== checksumOf(block) || text(257, 5) !== 'ustar') {
    throw new Error('a header is damaged')
  }
  return { name: text(0, 100), sizeBytes: Number.parseInt(text(124, 12), 8), type: text(156, 1) || '0' }
}

/** Reads the records of an extended header. */
export const decodeExtended = (body: Buffer): ReadonlyMap<string, string> => {
  const records = new Map<string, string>()
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(0x20, at)
    const length = Number(body.subarray(at, space).toString())
    if (space < 0 || !Number.isInteger(length) || length < 5) throw new Error('an extended header is damaged')
    const [key = '', ...value] = body
      .subarray(space + 1, at + length - 1)
      .toString()
      .split('=')
    records.set(key, value.join('='))
    at += length
  }
  return records
}
