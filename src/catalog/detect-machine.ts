import { execFile } from 'node:child_process'
import { availableParallelism, totalmem } from 'node:os'
import { promisify } from 'node:util'

/** A kind of accelerator card and how many there are. */
export interface Accelerators {
  readonly count: number
  readonly productName: string
  /** Memory of one card, such as `32GB`. */
  readonly memory: string
}

/** What a machine has to run jobs on. */
export interface Machine {
  readonly cores: number
  readonly memoryBytes: number
  /** `x86` or `arm`, in the contract's words. */
  readonly arch: string
  readonly gpus?: Accelerators
  readonly npus?: Accelerators
}

const TOOL_TIMEOUT_MS = 5_000

/** The architecture in the contract's words. */
const archName = (): string => (process.arch === 'arm64' || process.arch === 'arm' ? 'arm' : 'x86')

/** Looks at this machine: cores and memory it may use, and NVIDIA GPUs if their tool answers. */
export const detectMachine = async (): Promise<Machine> => {
  const gpus = await detectGpus()
  // Inside a container the limit is what counts; Node answers 0 or more than the machine has where there is none.
  const limit = process.constrainedMemory()
  const memoryBytes = limit > 0 && limit < totalmem() ? limit : totalmem()
  return { cores: availableParallelism(), memoryBytes, arch: archName(), ...(gpus ? { gpus } : {}) }
}

/** Asks `nvidia-smi`; a machine without the tool has no GPUs. */
const detectGpus = async (): Promise<Accelerators | undefined> => {
  try {
    const { stdout } = await promisify(execFile)(
      'nvidia-smi',
      ['--query-gpu=name,memory.total', '--format=csv,noheader,nounits'],
      { timeout: TOOL_TIMEOUT_MS },
    )
    return parseGpus(stdout)
  } catch {
    return undefined
  }
}

/** Reads the lines `name, MiB` of `nvidia-smi`; the first card names the product. */
export const parseGpus = (listing: string): Accelerators | undefined => {
  const lines = listing.split('\n').filter((line) => line.trim() !== '')
  const [name, mebibytes] = (lines[0] ?? '').split(',').map((part) => part.trim())
  if (!name) return undefined
  return { count: lines.length, productName: name, memory: `${Math.round(Number(mebibytes) / 1024)}GB` }
}
