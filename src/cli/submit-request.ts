import type { EngineItem } from '../contract/engine.ts'
import type { CreateTrainingJobRequest, FlavorResponse } from '../sdk/node/index.ts'
import { TrainyardError } from '../sdk/node/index.ts'
import type { JobFile } from './submit-file.ts'
import type { SubmitOptions } from './submit-options.ts'

type Algorithm = NonNullable<CreateTrainingJobRequest['algorithm']>
type Spec = NonNullable<CreateTrainingJobRequest['spec']>

const given = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: V }

/** Entries of the options change those of the same name, or join the end. */
const mergeByName = <Entry extends { name?: string }>(
  entries: readonly Entry[] | undefined,
  overrides: readonly Entry[],
): Entry[] | undefined => {
  if (overrides.length === 0) return entries && [...entries]
  const names = new Set(overrides.map(({ name }) => name))
  const before = new Map(entries?.map((entry) => [entry.name, entry]))
  const changed = overrides.map((override) => ({ ...before.get(override.name), ...override }))
  return [...(entries ?? []).filter(({ name }) => !names.has(name)), ...changed]
}

const entriesOf = (pairs: Readonly<Record<string, string>> | undefined): [string, string][] =>
  Object.entries(pairs ?? {})

const toAlgorithm = (base: Algorithm | undefined, options: SubmitOptions): Algorithm => {
  const environments = options.env && { ...base?.environments, ...options.env }
  const remote = (path: string) => ({ remote: { obs: { obs_url: path } } })
  return {
    ...base,
    ...given('code_dir', options.codeDir),
    ...given('boot_file', options.bootFile),
    ...given('command', options.command),
    ...given('environments', environments),
    ...given(
      'parameters',
      mergeByName(
        base?.parameters,
        entriesOf(options.param).map(([name, value]) => ({ name, value })),
      ),
    ),
    ...given(
      'inputs',
      mergeByName(
        base?.inputs,
        entriesOf(options.input).map(([name, path]) => ({ name, ...remote(path) })),
      ),
    ),
    ...given(
      'outputs',
      mergeByName(
        base?.outputs,
        entriesOf(options.output).map(([name, path]) => ({ name, ...remote(path) })),
      ),
    ),
  }
}

const toSpec = (base: Spec | undefined, options: SubmitOptions): Spec => ({
  ...base,
  resource: {
    ...base?.resource,
    ...given('flavor_id', options.flavor),
    ...given('node_count', options.nodes),
  },
  ...(options.logUrl === undefined
    ? {}
    : { log_export_path: { ...base?.log_export_path, obs_url: options.logUrl } }),
  ...(options.autoStop === undefined
    ? {}
    : { auto_stop: { time_unit: 'HOURS', duration: options.autoStop } }),
  ...(options.priority === undefined
    ? {}
    : { schedule_policy: { ...base?.schedule_policy, priority: options.priority } }),
})

/** Joins the options into the create request of the file; options win. */
export const toRequest = (
  base: JobFile,
  options: SubmitOptions,
  name: string,
  workspace: string | undefined,
): CreateTrainingJobRequest => {
  const annotations = options.annotation && { ...base.metadata?.annotations, ...options.annotation }
  return {
    ...base,
    kind: base.kind ?? 'job',
    metadata: {
      ...base.metadata,
      name,
      ...given('description', options.description),
      ...given('workspace_id', workspace),
      ...given('annotations', annotations),
    },
    // A job of several roles describes both in its tasks.
    ...(base.tasks === undefined
      ? { algorithm: toAlgorithm(base.algorithm, options), spec: toSpec(base.spec, options) }
      : {}),
  }
}

/** The first dotted number of a version: `python_3.10-ca3ed7` → 3, 10. What follows tells installations apart. */
const numbersOf = (version: string): number[] =>
  (/\d+(\.\d+)*/.exec(version)?.[0] ?? '').split('.').map(Number)

const byVersion = (a: EngineItem, b: EngineItem): number => {
  const [left, right] = [numbersOf(a.engine_version), numbersOf(b.engine_version)]
  const at = left.findIndex((value, index) => value !== right[index])
  return at < 0 ? left.length - right.length : (left[at] ?? 0) - (right[at] ?? 0)
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** Whether `2.3` or `pytorch_2.3-py_3.11` names the version `pytorch_2.3-py_3.11`. */
const isVersion = (engineVersion: string, version: string): boolean => {
  const short = engineVersion.toLowerCase().replace(/^[a-z_]+_(?=\d)/, '')
  const wanted = version.toLowerCase()
  return same(engineVersion, version) || short === wanted || short.startsWith(`${wanted}-`)
}

/**
 * Finds the engine that `--engine` names: an id, `name:version`, or a name there is one of.
 * @throws TrainyardError `invalid_argument` when there is none, or several.
 */
export const chooseEngine = (engines: readonly EngineItem[], text: string): EngineItem => {
  const byId = engines.find(({ engine_id: id }) => id === text)
  if (byId) return byId
  const [name = '', version] = text.split(/:(.*)/s)
  const found = engines.filter(
    (engine) =>
      same(engine.engine_name, name) && (version === undefined || isVersion(engine.engine_version, version)),
  )
  const [engine] = found
  if (engine && found.length === 1) return engine
  const names = (found.length > 0 ? found : engines).map((one) => `${one.engine_name}:${one.engine_version}`)
  throw new TrainyardError(
    'invalid_argument',
    `${engine ? 'Several engines are' : 'No engine is'} called ${JSON.stringify(text)}.`,
    {
      solution:
        names.length === 0 ? 'This server has no engines.' : `There is ${names.slice(0, 20).join(', ')}.`,
    },
  )
}

/** The newest Python engine; of several in one version the first. */
export const newestPython = (engines: readonly EngineItem[]): EngineItem | undefined =>
  engines
    .filter(({ engine_name: name }) => same(name, 'Python'))
    .reduce<EngineItem | undefined>(
      (best, engine) => (best && byVersion(best, engine) >= 0 ? best : engine),
      undefined,
    )

/** The CPU flavor with the fewest cores, then the least memory. */
export const smallestCpuFlavor = (flavors: readonly FlavorResponse[]): FlavorResponse | undefined =>
  flavors
    .filter(({ flavor_type: type }) => type === 'CPU')
    .toSorted((a, b) => {
      const cores = (flavor: FlavorResponse) => flavor.flavor_info?.cpu?.core_num ?? Number.MAX_SAFE_INTEGER
      const memory = (flavor: FlavorResponse) => flavor.flavor_info?.memory?.size ?? Number.MAX_SAFE_INTEGER
      return cores(a) - cores(b) || memory(a) - memory(b)
    })[0]
