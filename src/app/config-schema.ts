import { type Static, Type } from 'typebox'

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

const Local = Type.Object(
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
    gpus: Type.Optional({ ...Cards, description: 'GPUs jobs may hold. Default: what `nvidia-smi` tells.' }),
    npus: Type.Optional({ ...Cards, description: 'NPUs jobs may hold. Default: none.' }),
  },
  { ...strict, description: 'What this machine offers to jobs, where it differs from what is found.' },
)

const DeclaredFlavor = Type.Object(
  {
    id: Type.String({
      pattern: '^[A-Za-z0-9._-]{1,64}$',
      'x-allowed': '1 to 64 letters, digits, ".", "_" and "-"',
      description: 'Id that jobs name.',
    }),
    name: Type.Optional(Type.String({ description: 'Name for people. Default: the id.' })),
    type: Type.Optional(Type.Enum(['CPU', 'GPU', 'Ascend'], { description: 'Kind of node. Default `CPU`.' })),
    cores: Type.Integer({ minimum: 1, description: 'Cores of a node.' }),
    memory_gb: Type.Integer({ minimum: 1, description: 'Memory of a node, in GiB.' }),
    cards: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Accelerators of a node; not for `CPU`. Default 1.' }),
    ),
    max_nodes: Type.Optional(Type.Integer({ minimum: 1, description: 'Most nodes of a job. Default 1.' })),
  },
  strict,
)

const DeclaredEngine = Type.Object(
  {
    id: Type.String({
      pattern: '^[A-Za-z0-9._-]{1,128}$',
      'x-allowed': '1 to 128 letters, digits, ".", "_" and "-"',
      description: 'Id that jobs name.',
    }),
    name: Type.String({ minLength: 1, description: 'Framework, such as `PyTorch`.' }),
    version: Type.String({ minLength: 1, description: 'Version of the engine.' }),
    interpreter: Type.String({
      pattern: '^/',
      'x-allowed': 'the absolute path of a program',
      description: 'Absolute path of the interpreter.',
    }),
  },
  strict,
)

const Limits = Type.Object(
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
    min_free_bytes: Type.Optional(
      Type.Integer({
        minimum: 0,
        description:
          'Free space of the data directory below which nothing new is taken; 0 switches the guard off. Default: 1 GiB or 1 % of the disk, whichever is less.',
      }),
    ),
  },
  { ...strict, description: 'Bounds on what jobs take.' },
)

/** How long something is kept: `30d`, `12h` or `forever`. */
export const KEEP_PATTERN = '^(?:[1-9][0-9]{0,4}[hd]|forever)$'
/** `KEEP_PATTERN` in words. */
export const KEEP_ALLOWED = 'days or hours such as 30d or 12h, or forever'

const keep = (description: string) =>
  Type.Optional(Type.String({ pattern: KEEP_PATTERN, 'x-allowed': KEEP_ALLOWED, description }))

const Retention = Type.Object(
  {
    logs: keep('How long hosted logs are kept after the end of a job. Default `30d`.'),
    events: keep('How long events are kept after the end of a job. Default `forever`.'),
    jobs: keep('How long finished jobs are kept, with all that belongs to them. Default `forever`.'),
  },
  {
    ...strict,
    description: 'What is removed by itself, and when: hours (`12h`), days (`30d`) or `forever`.',
  },
)

/** `trainyard.yaml`: every key is optional and has a default. */
export const Config = Type.Object(
  {
    region: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9-]{1,64}$',
        'x-allowed': '1 to 64 letters, digits and "-"',
        description: 'Name of the first project. Default `local`.',
      }),
    ),
    local: Type.Optional(Local),
    flavors: Type.Optional(
      Type.Array(DeclaredFlavor, {
        maxItems: 200,
        description: 'Flavors beside those made from the machine.',
      }),
    ),
    engines: Type.Optional(
      Type.Array(DeclaredEngine, {
        maxItems: 200,
        description: 'Engines beside those found on the search path.',
      }),
    ),
    limits: Type.Optional(Limits),
    retention: Type.Optional(Retention),
    metrics: Type.Optional(
      Type.Object(
        {
          open: Type.Optional(
            Type.Boolean({ description: 'Whether `/metrics` answers without sign-in. Default `false`.' }),
          ),
        },
        { ...strict, description: 'Figures about the server, for Prometheus.' },
      ),
    ),
  },
  strict,
)
export type Config = Static<typeof Config>
