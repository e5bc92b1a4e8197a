import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { systemCode } from './durable-file.ts'

/** Use of one GPU in percent. */
export interface CardUsage {
  readonly busy: number
  readonly memory: number
}

const TIMEOUT_MS = 5_000
const QUERY = ['--query-gpu=index,utilization.gpu,memory.used,memory.total', '--format=csv,noheader,nounits']

let isMissing = false

/** Use of the GPUs of this machine by index; empty where the vendor's tool is missing or fails. */
export const readCards = async (): Promise<Map<number, CardUsage>> => {
  if (isMissing) return new Map()
  try {
    const { stdout } = await promisify(execFile)('nvidia-smi', QUERY, { timeout: TIMEOUT_MS })
    return parseCards(stdout)
  } catch (error) {
    isMissing = systemCode(error) === 'ENOENT'
    return new Map()
  }
}

/** Reads lines of `index, busy, memory used, memory total`. A card that does not tell is left out. */
export const parseCards = (text: string): Map<number, CardUsage> => {
  const cards = new Map<number, CardUsage>()
  for (const line of text.split('\n')) {
    const values = line.split(',').map((field) => (field.trim() === '' ? Number.NaN : Number(field)))
    const [index = Number.NaN, busy = Number.NaN, used = Number.NaN, total = Number.NaN] = values
    if ([index, busy, used, total].every(Number.isFinite) && total > 0)
      cards.set(index, { busy, memory: (used / total) * 100 })
  }
  return cards
}
