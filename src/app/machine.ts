import type { Accelerators, Machine } from '../catalog/detect-machine.ts'
import type { Engine } from '../catalog/engine.ts'
import { interpreterEngine } from '../catalog/engine.ts'
import { type Flavor, machineFlavors } from '../catalog/flavors.ts'
import type { FlavorType } from '../contract/flavor.ts'
import type { Capacity } from '../executors/executor.ts'
import type { Config } from './config.ts'

const BYTES_PER_GB = 1024 ** 3

type Cards = NonNullable<NonNullable<Config['local']>['gpus']>

const declaredCards = (cards: Cards | undefined): Accelerators | undefined =>
  cards && { count: cards.count, productName: cards.product_name ?? 'declared', memory: cards.memory ?? '' }

/** What this machine offers: what was found, overruled by what the operator declares. */
export const offeredMachine = (found: Machine, { local = {} }: Config): Machine => {
  const cores = local.cpus ?? found.cores
  const gpus = declaredCards(local.gpus) ?? found.gpus
  const npus = declaredCards(local.npus) ?? found.npus
  // Declared cores are slots; each flavor has at least 1 GB a core, so memory must not be what holds slots back.
  const memoryBytes = local.memory_gb
    ? local.memory_gb * BYTES_PER_GB
    : Math.max(found.memoryBytes, cores * BYTES_PER_GB)
  return { cores, memoryBytes, arch: found.arch, ...(gpus ? { gpus } : {}), ...(npus ? { npus } : {}) }
}

/** What jobs may hold at one time. */
export const machineCapacity = (machine: Machine): Capacity => ({
  cores: machine.cores,
  memoryBytes: machine.memoryBytes,
  gpus: machine.gpus?.count ?? 0,
  npus: machine.npus?.count ?? 0,
})

/** The flavors of the machine and the declared ones; a declared id replaces one made from the machine. */
export const offeredFlavors = (machine: Machine, { flavors = [] }: Config): Flavor[] => {
  const declared = flavors.map((entry): Flavor => {
    const type: FlavorType = entry.type ?? 'CPU'
    const cards = type === 'Ascend' ? machine.npus : machine.gpus
    return {
      id: entry.id,
      name: entry.name ?? entry.id,
      type,
      cores: entry.cores,
      memoryGb: entry.memory_gb,
      maxNodes: entry.max_nodes ?? 1,
      arch: machine.arch,
      ...(type === 'CPU'
        ? {}
        : {
            accelerators: {
              count: entry.cards ?? 1,
              productName: cards?.productName ?? 'declared',
              memory: cards?.memory ?? '',
            },
          }),
    }
  })
  const ids = new Set(declared.map(({ id }) => id))
  return [...machineFlavors(machine).filter(({ id }) => !ids.has(id)), ...declared]
}

/** The engines found and the declared ones; a declared id replaces one that was found. */
export const offeredEngines = (found: readonly Engine[], { engines = [] }: Config): Engine[] => {
  const ids = new Set(engines.map(({ id }) => id))
  return [...engines.map(interpreterEngine), ...found.filter(({ item }) => !ids.has(item.engine_id))]
}
