import type { PathMap, TaskSpec } from './task-spec.ts'

/**
 * Arguments of the program: inputs, outputs, parameters, then what the platform adds. Each is one token
 * `--name=value`, values verbatim. Channels of access `env` are variables instead.
 * `masterHost` is the address the tasks of the job meet at.
 */
export const taskArguments = (spec: TaskSpec, place: PathMap, masterHost = '127.0.0.1'): string[] => {
  const channels = [...spec.inputs, ...spec.outputs]
    .filter(({ access }) => access === 'parameter')
    .map(({ name, directory }) => ({ name, value: place(directory) }))
  const given = [...channels, ...spec.parameters]
  const names = new Set(given.map(({ name }) => name))
  const added = rendezvous(spec, masterHost).filter(({ name }) => !names.has(name))
  return [...given, ...added].map(({ name, value }) => `--${name}=${value}`)
}

/** What PyTorch scripts on several nodes find each other by. Values count nodes: the script starts one process per card. */
const rendezvous = (spec: TaskSpec, masterHost: string): { name: string; value: string }[] => {
  const nodes = Object.values(spec.roles).flat().length
  const isPyTorch = spec.program.kind === 'boot_file' && spec.engineName.toLowerCase() === 'pytorch'
  if (!isPyTorch || nodes < 2) return []
  return [
    { name: 'init_method', value: `tcp://${masterHost}:${spec.masterPort}` },
    { name: 'rank', value: String(spec.index) },
    { name: 'world_size', value: String(nodes) },
  ]
}
