import { detectMachine } from '../catalog/detect-machine.ts'
import { readConfig } from './config.ts'
import type { Config } from './config-schema.ts'
import { nearestDirectory } from './data-directory.ts'
import { defaultMinFreeBytes, diskSpace } from './disk-guard.ts'
import { DEFAULT_KEEP } from './durations.ts'
import type { ServeOptions } from './serve-options.ts'

const BYTES_PER_GB = 1024 ** 3

/** Where a value comes from. */
type Source = 'default' | 'file' | 'flag' | 'environment'

interface Setting {
  readonly key: string
  readonly value: unknown
  readonly source: Source
}

/** What each key is where the file does not say. */
const defaultsOf = async (dataDirectory: string): Promise<Readonly<Record<string, unknown>>> => {
  const machine = await detectMachine()
  // The directory may not be there yet; then the disk above it will hold it.
  const space = await diskSpace(await nearestDirectory(dataDirectory))
  return {
    region: 'local',
    'local.cpus': machine.cores,
    'local.memory_gb': Math.floor(machine.memoryBytes / BYTES_PER_GB),
    'local.gpus': machine.gpus ?? 'none',
    'local.npus': machine.npus ?? 'none',
    flavors: 'those of the machine',
    engines: 'those on the search path',
    'limits.log_bytes': BYTES_PER_GB,
    'limits.stop_grace_seconds': 30,
    'limits.min_free_bytes': defaultMinFreeBytes(space.sizeBytes),
    'retention.logs': DEFAULT_KEEP.logs,
    'retention.events': DEFAULT_KEEP.events,
    'retention.jobs': DEFAULT_KEEP.jobs,
    'metrics.open': false,
  }
}

const inFile = (config: Config, key: string): unknown =>
  key.split('.').reduce<unknown>((value, part) => {
    const isSection = value !== null && typeof value === 'object'
    return isSection ? Reflect.get(value, part) : undefined
  }, config)

const flagSettings = (options: ServeOptions, isGiven: (option: string) => boolean): Setting[] => {
  const setting = (key: string, option: keyof ServeOptions): Setting => ({
    key,
    value: options[option],
    source: isGiven(option) ? 'flag' : 'default',
  })
  const data = setting('data', 'data')
  const fromEnvironment = data.source === 'default' && Boolean(process.env['TRAINYARD_DATA'])
  return [
    fromEnvironment ? { ...data, source: 'environment' } : data,
    setting('host', 'host'),
    setting('port', 'port'),
    setting('log_level', 'logLevel'),
    setting('log_format', 'logFormat'),
  ]
}

/** The settings in force for `serve` with these options, one per key. */
export const effectiveSettings = async (
  options: ServeOptions,
  isGiven: (option: string) => boolean,
): Promise<Setting[]> => {
  const { config } = await readConfig(options.data)
  const defaults = await defaultsOf(options.data)
  const fileSettings = Object.entries(defaults).map(([key, fallback]): Setting => {
    if (key === 'retention.jobs' && options.keep) return { key, value: options.keep, source: 'flag' }
    const written = inFile(config, key)
    return written === undefined
      ? { key, value: fallback, source: 'default' }
      : { key, value: written, source: 'file' }
  })
  return [...flagSettings(options, isGiven), ...fileSettings]
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** The settings in force, printed. @throws TrainyardError `invalid_argument` when the file has mistakes. */
export const showConfig = async (
  options: ServeOptions,
  isGiven: (option: string) => boolean,
  output: 'table' | 'json',
): Promise<string> => {
  const settings = await effectiveSettings(options, isGiven)
  if (output === 'json') return `${JSON.stringify(settings, null, 2)}\n`
  const rows = [
    ['SETTING', 'SOURCE', 'VALUE'],
    ...settings.map(({ key, source, value }) => [key, source, textOf(value)]),
  ]
  const width = (column: number): number => Math.max(...rows.map((row) => row[column]?.length ?? 0))
  const [keyWidth, sourceWidth] = [width(0), width(1)]
  return rows
    .map(
      ([key = '', source = '', value = '']) =>
        `${key.padEnd(keyWidth)}  ${source.padEnd(sourceWidth)}  ${value}\n`,
    )
    .join('')
}
