import type { ErrorObject } from 'ajv'
import { TrainyardError } from '../contract/trainyard-error.ts'

/** Where in the configuration: `['flavors', 0, 'cores']`. */
export type ConfigPath = readonly (string | number)[]

/** One mistake in a configuration. */
export interface Mistake {
  readonly path: ConfigPath
  /** Whether the mistake is the key itself, rather than its value. */
  readonly atKey?: boolean
  /** What is wrong, to be read after the key: `is "many"`. */
  readonly problem: string
  readonly allowed: string
}

/** A place in a file, both from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** `flavors[0].cores`. */
export const keyName = (path: ConfigPath): string =>
  path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${part}`))
    .join('') || 'the file'

/** A line without what would move the cursor of a terminal: keys and values are anybody's. */
const harmless = (line: string): string =>
  line.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g,
    (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )

const MAX_SHOWN = 60

/** A value as it is shown in a mistake. */
export const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}

interface Schema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxItems?: number
  readonly properties?: Readonly<Record<string, Schema>>
  readonly 'x-allowed'?: string
}

/** What a schema allows, in words. */
export const allowedBy = (schema: Schema): string => {
  if (schema['x-allowed']) return schema['x-allowed']
  if (schema.enum) return schema.enum.map(String).join(', ')
  switch (schema.type) {
    case 'integer':
      return `a whole number ${schema.maximum === undefined ? `of at least ${schema.minimum}` : `from ${schema.minimum} to ${schema.maximum}`}`
    case 'boolean':
      return 'true or false'
    case 'string':
      return schema.minLength ? 'text that is not empty' : 'text'
    case 'array':
      return `a list of at most ${schema.maxItems} entries`
    default:
      return `the keys ${Object.keys(schema.properties ?? {}).join(', ')}`
  }
}

/** Steps of single letters from one word to another. */
const distance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= to.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}

const nearest = (word: string, known: readonly string[]): string | undefined => {
  const candidates = known
    .map((name) => ({ name, steps: distance(word.toLowerCase(), name) }))
    .sort((a, b) => a.steps - b.steps)
  const best = candidates[0]
  return best && best.steps <= Math.max(2, Math.floor(best.name.length / 3)) ? best.name : undefined
}

const pathOf = (pointer: string): ConfigPath =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part))

/** A finding of the schema check as a mistake. */
export const toMistake = (error: ErrorObject): Mistake => {
  const path = pathOf(error.instancePath)
  const schema = (error.parentSchema ?? {}) as Schema
  const { additionalProperty: extra, missingProperty: missing } = error.params as Record<string, string>
  if (extra !== undefined) {
    const known = Object.keys(schema.properties ?? {})
    const meant = nearest(extra, known)
    const hint = meant ? ` (did you mean ${meant}?)` : ''
    return {
      path: [...path, extra],
      atKey: true,
      problem: `is not a key${hint}`,
      allowed: `the keys ${known.join(', ')}`,
    }
  }
  if (missing !== undefined) {
    return {
      path: [...path, missing],
      problem: 'is missing',
      allowed: allowedBy(schema.properties?.[missing] ?? {}),
    }
  }
  return { path, problem: `is ${shown(error.data)}`, allowed: allowedBy(schema) }
}

/** One line of a mistake: `trainyard.yaml:3:9: local.cpus is "many"; allowed: …`. */
const toLine = (file: string, mistake: Mistake, at: Position | undefined): string =>
  `${file}${at ? `:${at.line}:${at.column}` : ''}: ${keyName(mistake.path)} ${mistake.problem}; allowed: ${mistake.allowed}`

/** The error that tells all mistakes, each on a line, in the order of the file. Ends the command with code 2. */
export const configError = (
  file: string,
  mistakes: readonly Mistake[],
  locate: (mistake: Mistake) => Position | undefined,
): TrainyardError => {
  const placed = mistakes.map((mistake) => ({ mistake, at: locate(mistake) }))
  placed.sort((a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0))
  const lines = new Set(placed.map(({ mistake, at }) => toLine(file, mistake, at)))
  return configFailure([...lines])
}

/** A configuration that cannot be used, told in our words. */
export const configFailure = (lines: readonly string[], cause?: unknown): TrainyardError =>
  new TrainyardError('invalid_argument', lines.map(harmless).join('\n'), {
    solution: 'Correct the file and try again; every key is optional. `trainyard config check` tries it.',
    ...(cause === undefined ? {} : { cause }),
  })
