import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml'
import {
  type ConfigPath,
  configError,
  configFailure,
  type Mistake,
  type Position,
  toMistake,
} from './config-mistakes.ts'
import { Config } from './config-schema.ts'

export { Config } from './config-schema.ts'

/** A configuration that was read, with what is needed to point into its file. */
export interface LoadedConfig {
  readonly config: Config
  /** Absolute path of the file, whether it is there or not. */
  readonly file: string
  /** Where a mistake is; undefined when there is no file. */
  readonly locate: (mistake: Mistake) => Position | undefined
}

/** More is no configuration; it would only be slow to refuse. */
const MAX_CHARACTERS = 1024 * 1024

/** Name of the configuration file in a data directory. */
export const configFile = (dataDirectory: string): string => join(dataDirectory, 'trainyard.yaml')

/** Reads `trainyard.yaml` of a data directory; no file means all defaults. */
export const readConfig = async (dataDirectory: string): Promise<LoadedConfig> => {
  const file = configFile(dataDirectory)
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw configFailure([`${file}: cannot be read (${error.code})`], error)
  })
  return text === undefined ? { config: {}, file, locate: () => undefined } : parseConfig(text, file)
}

/**
 * Reads and checks the text of a configuration.
 * @throws TrainyardError `invalid_argument` with all mistakes: file, line, column, key, and what is allowed.
 */
export const parseConfig = (text: string, file: string): LoadedConfig => {
  if (text.length > MAX_CHARACTERS)
    throw configFailure([`${file}: is longer than ${MAX_CHARACTERS} characters`])
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const broken = [...document.errors, ...document.warnings]
  if (broken.length > 0) {
    const places = broken.map(({ pos, message }) => {
      const { line, col } = lines.linePos(pos[0])
      return `${file}:${line}:${col}: the file is not valid YAML: ${message}; allowed: one YAML document of keys and values`
    })
    throw configFailure([...new Set(places)])
  }
  const content = contentOf(document, file)
  const locate = (mistake: Mistake): Position | undefined => positionOf(document, lines, mistake)
  const validate = new Ajv({ strict: false, allErrors: true, verbose: true }).compile<Config>(Config)
  if (!validate(content)) throw configError(file, (validate.errors ?? []).map(toMistake), locate)
  return { config: content, file, locate }
}

/** The content without keys that have no value: a section whose keys are all commented out is no mistake. */
const contentOf = (document: Document, file: string): unknown => {
  try {
    return withoutNulls(document.toJS() ?? {})
  } catch (cause) {
    // Too many aliases, or one of an anchor that is not there.
    throw configFailure(
      [
        `${file}:1:1: the file is not valid YAML: ${cause instanceof Error ? cause.message : cause}; allowed: one YAML document of keys and values`,
      ],
      cause,
    )
  }
}

const withoutNulls = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== null)
      .map(([key, entry]) => [key, withoutNulls(entry)]),
  )
}

/** Offset of the key of a pair; undefined when the parent has no such key. */
const keyOffset = (document: Document, path: ConfigPath): number | undefined => {
  const parent = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents
  if (!isMap(parent)) return undefined
  const name = String(path.at(-1))
  const pair = parent.items.find(({ key }) => (isScalar(key) ? String(key.value) : String(key)) === name)
  return isNode(pair?.key) ? pair.key.range?.[0] : undefined
}

const valueOffset = (document: Document, path: ConfigPath): number | undefined => {
  const node = path.length === 0 ? document.contents : document.getIn(path, true)
  return isNode(node) ? node.range?.[0] : undefined
}

/** Where a mistake is; where what it names is missing, the nearest thing around it. */
const positionOf = (
  document: Document,
  lines: LineCounter,
  { path, atKey = false }: Mistake,
): Position | undefined => {
  for (let length = path.length; length >= 0; length -= 1) {
    const part = path.slice(0, length)
    const value = valueOffset(document, part)
    const offset = atKey || value === undefined ? (keyOffset(document, part) ?? value) : value
    if (offset !== undefined) {
      const { line, col } = lines.linePos(offset)
      return { line, column: col }
    }
  }
  return { line: 1, column: 1 }
}
