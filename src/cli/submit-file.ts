import { readFile, stat } from 'node:fs/promises'
import { parse } from 'yaml'
import { type CreateTrainingJobRequest, TrainyardError } from '../sdk/node/index.ts'

/** The server takes no longer body. */
const MAX_FILE_BYTES = 1024 * 1024

/** A create request that may still lack its name. */
export type JobFile = Partial<CreateTrainingJobRequest>

const wrong = (file: string, why: string): TrainyardError =>
  new TrainyardError('invalid_argument', `${file}: ${why}`, {
    solution: 'See the create request in the API reference.',
  })

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** YAML reads `EPOCHS: 5` as a number; the maps of the wire hold text. */
const withTextValues = (map: unknown): unknown =>
  isMap(map)
    ? Object.fromEntries(
        Object.entries(map).map(([key, value]) => [
          key,
          typeof value === 'number' || typeof value === 'boolean' ? String(value) : value,
        ]),
      )
    : map

const parseYaml = (file: string, text: string): unknown => {
  try {
    return parse(text)
  } catch (error) {
    throw wrong(file, error instanceof Error ? error.message : 'not YAML.')
  }
}

/**
 * Reads the create request of a YAML or JSON file. Only its shape is checked here; the server checks the rest.
 * @throws TrainyardError `invalid_argument` when it is not YAML, or its parts are no maps.
 */
export const readJobFile = async (file: string): Promise<JobFile> => {
  if ((await stat(file)).size > MAX_FILE_BYTES) throw wrong(file, 'larger than 1 MiB.')
  return parseJobFile(file, await readFile(file, 'utf8'))
}

/** Reads the text of such a file. */
export const parseJobFile = (file: string, text: string): JobFile => {
  const content = parseYaml(file, text)
  if (!isMap(content)) throw wrong(file, 'a map with metadata, algorithm and spec is expected.')
  for (const part of ['metadata', 'algorithm', 'spec']) {
    if (content[part] !== undefined && !isMap(content[part])) throw wrong(file, `${part} must be a map.`)
  }
  const { metadata, algorithm } = content
  return {
    ...content,
    ...(isMap(metadata)
      ? { metadata: { ...metadata, annotations: withTextValues(metadata['annotations']) } }
      : {}),
    ...(isMap(algorithm)
      ? { algorithm: { ...algorithm, environments: withTextValues(algorithm['environments']) } }
      : {}),
  } as JobFile
}
