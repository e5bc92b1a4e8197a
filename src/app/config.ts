import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { type Static, Type } from 'typebox'
import { parseDocument } from 'yaml'
import { TrainyardError } from '../contract/trainyard-error.ts'

const strict = { additionalProperties: false } as const

const Cards = Type.Object(
  {
    count: Type.Integer({ minimum: 1, maximum: 1024, description: 'Number of cards.' }),
    product_name: Type.Optional(
      Type.String({ description: 'Product name, as flavors show it. Default `declared`.' }),
    ),
    memory: Type.Optional(Type.String({ description: 'Memory of one card, such as `24GB`.' })),
  },
  strict,
)

/** `trainyard.yaml`: every key is optional and has a default. */
export const Config = Type.Object(
  {
    region: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9-]{1,64}$',
        description: 'Name of the first project. Default `local`.',
      }),
    ),
    local: Type.Optional(
      Type.Object(
        {
          cpus: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 4096,
              description: 'Cores jobs may hold at one time. Default: those of the machine.',
            }),
          ),
          memory_gb: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 65_536,
              description:
                'Memory jobs may hold at one time, in GiB. Default: that of the machine, at least 1 a core.',
            }),
          ),
          gpus: Type.Optional({
            ...Cards,
            description: 'GPUs jobs may hold. Default: what `nvidia-smi` tells.',
          }),
          npus: Type.Optional({ ...Cards, description: 'NPUs jobs may hold. Default: none.' }),
        },
        { ...strict, description: 'What this machine offers to jobs, where it differs from what is found.' },
      ),
    ),
    flavors: Type.Optional(
      Type.Array(
        Type.Object(
          {
            id: Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$', description: 'Id that jobs name.' }),
            name: Type.Optional(Type.String({ description: 'Name for people. Default: the id.' })),
            type: Type.Optional(
              Type.Enum(['CPU', 'GPU', 'Ascend'], { description: 'Kind of node. Default `CPU`.' }),
            ),
            cores: Type.Integer({ minimum: 1, description: 'Cores of a node.' }),
            memory_gb: Type.Integer({ minimum: 1, description: 'Memory of a node, in GiB.' }),
            cards: Type.Optional(
              Type.Integer({ minimum: 1, description: 'Accelerators of a node; not for `CPU`. Default 1.' }),
            ),
            max_nodes: Type.Optional(
              Type.Integer({ minimum: 1, description: 'Most nodes of a job. Default 1.' }),
            ),
          },
          strict,
        ),
        { maxItems: 200, description: 'Flavors beside those made from the machine.' },
      ),
    ),
    engines: Type.Optional(
      Type.Array(
        Type.Object(
          {
            id: Type.String({ pattern: '^[A-Za-z0-9._-]{1,128}$', description: 'Id that jobs name.' }),
            name: Type.String({ minLength: 1, description: 'Framework, such as `PyTorch`.' }),
            version: Type.String({ minLength: 1, description: 'Version of the engine.' }),
            interpreter: Type.String({ pattern: '^/', description: 'Absolute path of the interpreter.' }),
          },
          strict,
        ),
        { maxItems: 200, description: 'Engines beside those found on the search path.' },
      ),
    ),
    limits: Type.Optional(
      Type.Object(
        {
          log_bytes: Type.Optional(
            Type.Integer({ minimum: 1024, description: 'Most bytes of a task log. Default 1 GiB.' }),
          ),
          stop_grace_seconds: Type.Optional(
            Type.Integer({
              minimum: 0,
              maximum: 3600,
              description: 'Seconds between SIGTERM and SIGKILL. Default 30.',
            }),
          ),
        },
        { ...strict, description: 'Bounds on what jobs take.' },
      ),
    ),
  },
  strict,
)
export type Config = Static<typeof Config>

/** A mistake in the configuration: told with the file and the key, before anything is started. */
const configError = (file: string, message: string): TrainyardError =>
  new TrainyardError('invalid_argument', `${file}: ${message}`, {
    solution: 'Correct the file and start again; every key is optional.',
  })

/** Reads `trainyard.yaml` of a data directory; no file means all defaults. */
export const readConfig = async (dataDirectory: string): Promise<Config> => {
  const file = join(dataDirectory, 'trainyard.yaml')
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw configError(file, `cannot be read (${error.code})`)
  })
  return text === undefined ? {} : parseConfig(text, file)
}

/** Reads and checks the text of a configuration. @throws TrainyardError `invalid_argument` naming the line or the key at fault. */
export const parseConfig = (text: string, file: string): Config => {
  const document = parseDocument(text, { prettyErrors: true })
  const mistake = document.errors[0]
  if (mistake) throw configError(file, mistake.message)
  const content: unknown = document.toJS() ?? {}
  const validate = new Ajv({ strict: false }).compile<Config>(Config)
  if (validate(content)) return content
  const [error] = validate.errors ?? []
  const key = (error?.instancePath ?? '').replaceAll('/', '.').slice(1)
  const extra = (error?.params as { additionalProperty?: string } | undefined)?.additionalProperty
  const place = [key, extra].filter(Boolean).join('.') || 'the file'
  throw configError(file, extra ? `${place} is not a key of the configuration` : `${place} ${error?.message}`)
}
