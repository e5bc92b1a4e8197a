import { Config } from '../src/app/config.ts'

/** The parts of JSON Schema that the configuration uses. `x-allowed` says in words what a pattern allows. */
interface ConfigSchema {
  readonly type?: string
  readonly description?: string
  readonly 'x-allowed'?: string
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxItems?: number
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, ConfigSchema>>
  readonly items?: ConfigSchema
}

const EXAMPLE = `local:
  cpus: 6              # leave two cores to other programs
flavors:
  - { id: lab.small, cores: 2, memory_gb: 4, max_nodes: 3 }
engines:
  - id: pytorch-lab
    name: PyTorch
    version: pytorch_2.3-lab
    interpreter: /opt/venvs/torch/bin/python
limits:
  stop_grace_seconds: 60`

const row = (...cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

const typeOf = ({ type, enum: words, items }: ConfigSchema): string => {
  if (words) return 'string'
  return type === 'array' ? `list of ${items?.type ?? 'value'}s` : (type ?? 'value')
}

const rangeOf = (schema: ConfigSchema): string => {
  const { minimum, maximum, minLength, maxItems, pattern, enum: words } = schema
  const allowed = schema['x-allowed']
  if (allowed !== undefined) return allowed
  if (words) return words.map((word) => `\`${word}\``).join(', ')
  if (pattern !== undefined) return `\`${pattern}\``
  if (maxItems !== undefined) return `at most ${maxItems} entries`
  if (minLength !== undefined) return 'not empty'
  if (minimum === undefined) return 'any'
  return maximum === undefined ? `at least ${minimum}` : `${minimum} to ${maximum}`
}

/** Descriptions end with `Default …` where something stands in for an absent key; the table has a column for that. */
const splitDescription = (description: string): { text: string; standard: string } => {
  const [, text = '', standard = ''] = /^(.*?)(?:\s*Default:? (.*)\.)?$/s.exec(description) ?? []
  return { text, standard }
}

const rowOf = (key: string, schema: ConfigSchema, isRequired: boolean): string => {
  const { text, standard } = splitDescription(schema.description ?? '')
  const isGroup = schema.properties !== undefined
  const absent = isRequired ? 'required' : standard || (isGroup ? '' : 'none')
  return row(`\`${key}\``, typeOf(schema), isGroup ? '' : rangeOf(schema), absent, text)
}

/** One row per key, parents before what they hold; the entries of a list are `key[]`. */
const rowsOf = (schema: ConfigSchema, parent: string): string[] =>
  Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const key = parent === '' ? name : `${parent}.${name}`
    return [
      rowOf(key, field, schema.required?.includes(name) ?? false),
      ...(field.items ? rowsOf(field.items, `${key}[]`) : rowsOf(field, key)),
    ]
  })

/** `docs/reference/configuration.md`: every key of `trainyard.yaml`, from the schema that checks it. */
export const configurationPage = (): string => {
  // As plain data: the types of TypeBox know the schema too well to be read generally.
  const schema = JSON.parse(JSON.stringify(Config)) as ConfigSchema
  return [
    '# Configuration',
    '',
    'Made by `npm run docs` from the schema in `src/app`; do not edit.',
    '',
    'The file `trainyard.yaml` in the data directory is read once, at the start. It may be missing, and so may every key;',
    'an entry of a list needs the keys marked as required. A key that is not listed here, or a value out of range, keeps',
    'the server from starting, with a message that names it. Where the server listens and where its data lies are options',
    'of `trainyard serve`: `trainyard serve --help` lists them.',
    '',
    '```yaml',
    EXAMPLE,
    '```',
    '',
    row('key', 'type', 'range', 'default', 'what it is'),
    row('---', '---', '---', '---', '---'),
    ...rowsOf(schema, ''),
    '',
  ].join('\n')
}
