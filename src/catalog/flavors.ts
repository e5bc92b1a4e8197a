import type { FlavorDetail, FlavorResponse, FlavorType } from '../contract/flavor.ts'
import type { Machine } from './detect-machine.ts'

/** The size of a node: declared in `trainyard.yaml`, or made from what the machine has. */
export interface Flavor {
  readonly id: string
  readonly name: string
  readonly type: FlavorType
  readonly cores: number
  /** Whole gigabytes, at least 1. */
  readonly memoryGb: number
  /** Most nodes one job may have. */
  readonly maxNodes: number
  readonly accelerators?: { readonly count: number; readonly productName: string; readonly memory: string }
  readonly arch: string
}

const BYTES_PER_GB = 1024 ** 3

/** Powers of two up to the limit, and the limit itself. */
const sizes = (limit: number): number[] => {
  const powers: number[] = []
  for (let size = 1; size < limit; size *= 2) powers.push(size)
  return limit >= 1 ? [...powers, limit] : []
}

/**
 * The flavors of a machine: `yard.cpu.N` for N cores, `yard.gpu.Nx` and `yard.npu.Nx` for N cards, each with its share of
 * cores and memory. A job may have as many nodes as fit beside one another.
 */
export const machineFlavors = (machine: Machine): Flavor[] => {
  const memoryGb = machine.memoryBytes / BYTES_PER_GB
  const cpu = sizes(machine.cores).map(
    (cores): Flavor => ({
      id: `yard.cpu.${cores}`,
      name: `${cores} CPU`,
      type: 'CPU',
      cores,
      memoryGb: Math.max(1, Math.floor((memoryGb * cores) / machine.cores)),
      maxNodes: Math.floor(machine.cores / cores),
      arch: machine.arch,
    }),
  )
  return [...cpu, ...cardFlavors(machine, 'GPU', memoryGb), ...cardFlavors(machine, 'Ascend', memoryGb)]
}

const cardFlavors = (machine: Machine, type: 'GPU' | 'Ascend', memoryGb: number): Flavor[] => {
  const cards = type === 'GPU' ? machine.gpus : machine.npus
  if (!cards) return []
  const slug = type === 'GPU' ? 'gpu' : 'npu'
  return sizes(cards.count).map((count) => ({
    id: `yard.${slug}.${count}x`,
    name: `${count} ${slug.toUpperCase()}`,
    type,
    cores: Math.max(1, Math.floor((machine.cores * count) / cards.count)),
    memoryGb: Math.max(1, Math.floor((memoryGb * count) / cards.count)),
    maxNodes: Math.floor(cards.count / count),
    accelerators: { count, productName: cards.productName, memory: cards.memory },
    arch: machine.arch,
  }))
}

const deviceParts = (flavor: Flavor) => {
  const cards = flavor.accelerators
  if (!cards) return {}
  const named = { product_name: cards.productName, memory: cards.memory }
  // The contract types the number of NPUs as a string, that of GPUs as an integer.
  return flavor.type === 'Ascend'
    ? { npu: { unit_num: String(cards.count), ...named } }
    : { gpu: { unit_num: cards.count, ...named } }
}

const infoParts = (flavor: Flavor) => ({
  max_num: flavor.maxNodes,
  cpu: { arch: flavor.arch, core_num: flavor.cores },
  ...deviceParts(flavor),
  memory: { size: flavor.memoryGb, unit: 'GB' },
})

/** The flavor as the catalogue call shows it. */
export const toFlavorResponse = (flavor: Flavor): FlavorResponse => ({
  flavor_id: flavor.id,
  flavor_name: flavor.name,
  max_num: flavor.maxNodes,
  flavor_type: flavor.type,
  billing: { code: flavor.id, unit_num: 1 },
  flavor_info: infoParts(flavor),
  attributes: {},
})

/** The flavor as a job carries it. */
export const toFlavorDetail = (flavor: Flavor): FlavorDetail => ({
  flavor_type: flavor.type,
  billing: { code: flavor.id, unit_num: 1 },
  flavor_info: infoParts(flavor),
})
