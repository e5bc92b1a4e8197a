import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import type { Machine } from '../catalog/detect-machine.ts'
import type { LoadedConfig } from './config.ts'
import { type ConfigPath, configError, type Mistake, shown } from './config-mistakes.ts'
import type { Config } from './config-schema.ts'

const BYTES_PER_GB = 1024 ** 3

/** Entries whose id an earlier one has. */
const repeatedIds = (list: 'flavors' | 'engines', entries: readonly { readonly id: string }[]): Mistake[] =>
  entries.flatMap(({ id }, index) => {
    const first = entries.findIndex((entry) => entry.id === id)
    if (first === index) return []
    const problem = `is ${shown(id)}, which ${list}[${first}] has already`
    return [{ path: [list, index, 'id'], problem, allowed: 'an id of its own for each entry' }]
  })

const tooLarge = (path: ConfigPath, value: number, most: number, unit: string): Mistake[] =>
  value <= most
    ? []
    : [
        {
          path,
          problem: `is ${value}, more than this machine offers`,
          allowed: `at most ${most} ${unit} (raise it under local where the machine has more)`,
        },
      ]

type DeclaredFlavor = NonNullable<Config['flavors']>[number]

const cardMistakes = (flavor: DeclaredFlavor, index: number, machine: Machine): Mistake[] => {
  if (flavor.type === undefined || flavor.type === 'CPU') {
    return flavor.cards === undefined
      ? []
      : [
          {
            path: ['flavors', index, 'cards'],
            atKey: true,
            problem: 'is set for a flavor of type CPU',
            allowed: 'cards only with type GPU or Ascend',
          },
        ]
  }
  const key = flavor.type === 'GPU' ? 'gpus' : 'npus'
  const cards = machine[key]
  if (!cards) {
    return [
      {
        path: ['flavors', index, 'type'],
        problem: `is ${flavor.type}, and this machine has no such cards`,
        allowed: `CPU (or declare the cards under local.${key})`,
      },
    ]
  }
  return tooLarge(['flavors', index, 'cards'], flavor.cards ?? 1, cards.count, 'cards')
}

const flavorMistakes = (flavor: DeclaredFlavor, index: number, machine: Machine): Mistake[] => [
  ...tooLarge(['flavors', index, 'cores'], flavor.cores, machine.cores, 'cores'),
  ...tooLarge(
    ['flavors', index, 'memory_gb'],
    flavor.memory_gb,
    Math.floor(machine.memoryBytes / BYTES_PER_GB),
    'GB',
  ),
  ...cardMistakes(flavor, index, machine),
]

const interpreterMistake = async (interpreter: string, index: number): Promise<Mistake[]> => {
  const wrong = (problem: string): Mistake[] => [
    {
      path: ['engines', index, 'interpreter'],
      problem: `is ${shown(interpreter)}, ${problem}`,
      allowed: 'the path of a program this account may run',
    },
  ]
  try {
    if (!(await stat(interpreter)).isFile()) return wrong('which is not a file')
    await access(interpreter, constants.X_OK)
    return []
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    return wrong(code === 'ENOENT' || code === 'ENOTDIR' ? 'which is not there' : 'which cannot be run')
  }
}

/**
 * Checks what no schema can: ids used twice, flavors that no job could ever get, interpreters that cannot be started.
 * `machine` is what jobs are offered. @throws TrainyardError `invalid_argument` with all mistakes.
 */
export const checkAgainstMachine = async (loaded: LoadedConfig, machine: Machine): Promise<void> => {
  const { flavors = [], engines = [] } = loaded.config
  const interpreters = await Promise.all(
    engines.map(({ interpreter }, index) => interpreterMistake(interpreter, index)),
  )
  const mistakes = [
    ...repeatedIds('flavors', flavors),
    ...repeatedIds('engines', engines),
    ...flavors.flatMap((flavor, index) => flavorMistakes(flavor, index, machine)),
    ...interpreters.flat(),
  ]
  if (mistakes.length > 0) throw configError(loaded.file, mistakes, loaded.locate)
}
