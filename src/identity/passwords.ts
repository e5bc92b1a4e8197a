import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { refusal } from '../contract/trainyard-error.ts'

/** Longest password, in UTF-16 units. */
export const MAX_PASSWORD_LENGTH = 1_024

// 32 MiB and about a quarter of a second for each guess.
const COST = { N: 2 ** 15, r: 8, p: 3 }
const SALT_BYTES = 16
const HASH_BYTES = 32
/** Most memory one check may take, whatever a stored hash asks for. */
const MAX_MEMORY_BYTES = 256 * 1024 * 1024

/** Hashes at the same time, and callers that may wait for their turn: a flood of sign-ins must not fill the memory. */
const AT_ONCE = 2
const MAX_WAITING = 64

let running = 0
const waiting: (() => void)[] = []

const inTurn = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  if (running >= AT_ONCE) {
    if (waiting.length >= MAX_WAITING) {
      throw refusal('ModelArts.2799', 'Too many sign-ins at the same time.')
    }
    // Whoever is done hands its turn over, so the count stays.
    await new Promise<void>((resolve) => waiting.push(resolve))
  } else {
    running += 1
  }
  try {
    return await work()
  } finally {
    const next = waiting.shift()
    if (next) next()
    else running -= 1
  }
}

const stretch = (password: string, salt: Buffer, cost: ScryptOptions): Promise<Buffer> =>
  inTurn(
    () =>
      new Promise((resolve, reject) => {
        const options = { ...cost, maxmem: MAX_MEMORY_BYTES }
        // Composed, so that the same password typed on another keyboard is the same bytes.
        scrypt(password.normalize('NFC'), salt, HASH_BYTES, options, (error, hash) =>
          error ? reject(error) : resolve(hash),
        )
      }),
  )

/**
 * Hashes a password for keeping: `scrypt$N$r$p$salt$hash`. The cost stands in the text, so that it can be raised
 * later without losing old passwords.
 */
export const hashPassword = async (password: string): Promise<string> => {
  const salt = randomBytes(SALT_BYTES)
  const hash = await stretch(password, salt, COST)
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64'), hash.toString('base64')].join('$')
}

// What an unknown user is checked against: takes as long as any other check, and fits no password.
const NOBODY = ['scrypt', COST.N, COST.r, COST.p, 'bm9ib2R5', ''].join('$')

/**
 * Whether a password is the one of a hash. Without a hash (the user is unknown) it works as long and answers no.
 * @throws TrainyardError `ModelArts.2799` when too many checks are waiting.
 */
export const isPassword = async (password: string, kept: string | undefined): Promise<boolean> => {
  const [scheme, n, r, p, salt = '', expected = ''] = (kept ?? NOBODY).split('$')
  if (scheme !== 'scrypt') return false
  const cost = { N: Number(n), r: Number(r), p: Number(p) }
  const hash = await stretch(password, Buffer.from(salt, 'base64'), cost)
  const wanted = Buffer.from(expected, 'base64')
  return wanted.length === hash.length && timingSafeEqual(wanted, hash)
}
