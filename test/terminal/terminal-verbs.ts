import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { TrainingJob, writeProfiles } from '../../src/sdk/node/index.ts'
import type { ServerProcess } from '../support/server-process.ts'

/** What the verbs are tried on: a server with a few jobs and objects that stay as they are. */
export interface World {
  readonly server: ServerProcess
  /** A fresh folder of this machine, with a file `in.txt`. */
  readonly folder: string
  /** A job that went well, with tasks, events and a log. */
  readonly done: string
  /** A job that ended with exit code 3. */
  readonly failed: string
  readonly accessKey: string
  readonly secretKey: string
  /** Makes a job for one try, which waits for nobody; gives its name. */
  readonly job: (command: string) => Promise<string>
  /** Makes an object for one try; gives its URL. */
  readonly object: () => Promise<string>
}

type Arguments = readonly string[] | ((world: World) => readonly string[] | Promise<readonly string[]>)

/** How one verb is tried. A verb of yours belongs into `VERBS`, and is then held to everything here. */
export interface VerbCase {
  readonly verb: string
  /** Right use, after the verb. A function makes something to work on for each try. */
  readonly args: Arguments
  /** What a person has to find on the screen. */
  readonly shows: RegExp | ((world: World) => RegExp)
  /** Exit code of the right use; default 0. */
  readonly exitCode?: number
  /** Arguments it cannot take: exit code 2. */
  readonly wrong: readonly string[]
  /** The formats of `-o` it has beside `table`; empty for one without `-o`. */
  readonly formats: readonly string[]
  /** Prints what others wrote, or sentences: lines may be wider than the screen. */
  readonly isProse?: boolean
  /** Asks no server. */
  readonly isOffline?: boolean
  /** What is typed, or in a pipe what stdin holds. */
  readonly types?: (world: World) => string
}

const ALL = ['wide', 'json', 'yaml', 'csv', 'ids'] as const
const WITHOUT_IDS = ['wide', 'json', 'yaml', 'csv'] as const

export const VERBS: readonly VerbCase[] = [
  {
    verb: 'list',
    args: ['--where', 'name in (done, broken)'],
    shows: /NAME +ID +PHASE.*\n(?:.*\n)*done +[0-9a-f]{8} +Completed/,
    wrong: ['--where', 'phse = Failed'],
    formats: ALL,
  },
  {
    verb: 'show',
    args: ({ failed }) => [failed],
    shows: /Status\n +phase +Failed\n +reason +command_failed\n +exit code +3 \(worker-0\)/,
    wrong: [],
    formats: ALL,
    isProse: true,
  },
  {
    verb: 'submit',
    args: () => ['--name', `new-${randomUUID().slice(0, 8)}`, '--command', 'true'],
    shows: /[0-9a-f]{8}-[0-9a-f-]{27}/,
    wrong: ['--nodes', 'many'],
    formats: ALL,
    isProse: true,
  },
  {
    verb: 'logs',
    args: ({ done }) => [done],
    shows: /it works/,
    wrong: ['done', '--tail', '-1'],
    formats: [],
  },
  {
    verb: 'events',
    args: ({ done }) => [done],
    shows: /Job created\./,
    wrong: ['done', '--level', 'loud'],
    formats: WITHOUT_IDS,
    isProse: true,
  },
  {
    verb: 'wait',
    args: ({ done }) => [done],
    shows: /done {2}Completed {2}/,
    wrong: ['done', '--timeout', 'long'],
    formats: ALL,
  },
  {
    verb: 'stop',
    args: async ({ job }) => [await job('sleep 60')],
    shows: /Terminat/,
    wrong: [],
    formats: ALL,
  },
  { verb: 'delete', args: async ({ job }) => [await job('true')], shows: /deleted/, wrong: [], formats: ALL },
  {
    verb: 'cp',
    args: ({ folder }) => [`${folder}/in.txt`, 'obs://lab/copied.txt'],
    shows: /copied 1 file/,
    wrong: ['a', 'b'],
    formats: [],
    isProse: true,
  },
  {
    verb: 'ls',
    args: ['obs://lab/'],
    shows: /SIZE +MODIFIED +PATH\n(?:.*\n)* +6 .*obs:\/\/lab\/kept\.txt/,
    wrong: ['obs://lab/', '-o', 'paths'],
    formats: ALL,
  },
  {
    verb: 'rm',
    args: async ({ object }) => [await object()],
    shows: /^$/,
    wrong: ['obs://lab/'],
    formats: [],
  },
  {
    verb: 'flavors',
    args: [],
    shows: /FLAVOR +TYPE +CPUS.*\nyard\.cpu\.1 /,
    wrong: ['--type', 'TPU'],
    formats: ALL,
  },
  { verb: 'engines', args: [], shows: /NAME +VERSION +ID/, wrong: ['-o', 'xml'], formats: ALL },
  {
    verb: 'clone',
    args: ({ done }) => [done, '--name', `clone-${randomUUID().slice(0, 8)}`],
    shows: /[0-9a-f]{8}-[0-9a-f-]{27}/,
    wrong: ['done', '--nodes', 'many'],
    formats: ALL,
    isProse: true,
  },
  {
    verb: 'compare',
    args: ({ done, failed }) => [done, failed],
    shows: /FIELD +done +broken[\s\S]*command +echo it works +echo it fails; e[\s\S]*exit code +0 +3/,
    wrong: ['done'],
    formats: WITHOUT_IDS,
  },
  {
    verb: 'tasks',
    args: ({ failed }) => [failed],
    shows: /TASK +STATE +EXIT +NODE[\s\S]*worker-0 +Failed +3 +127\.0\.0\.1/,
    wrong: ['done', '--attempt', '0'],
    formats: ALL,
  },
  {
    verb: 'metrics',
    args: ({ done }) => [done],
    shows: /nothing measured yet \(Completed\)/,
    wrong: ['done', 'worker-9'],
    formats: WITHOUT_IDS,
    isProse: true,
  },
  {
    verb: 'open',
    args: ['docs'],
    shows: /http:\/\/127\.0\.0\.1:\d+\/docs/,
    wrong: [],
    formats: [],
    isOffline: true,
  },
  {
    verb: 'login',
    args: ({ server, accessKey }) => ['--endpoint', server.url, '--access-key', accessKey, '--stdin'],
    types: ({ secretKey }) => secretKey,
    shows: /signed in to http:\/\/127\.0\.0\.1:\d+; kept as profile default/,
    wrong: ['--stdin', '--profile', '..'],
    formats: [],
    isProse: true,
  },
  {
    verb: 'whoami',
    args: () => [],
    shows: /SERVER +USER +ACCESS KEY[\s\S]*http:\/\/127\.0\.0\.1:\d+ /,
    wrong: ['--profile', 'nowhere'],
    formats: ALL,
  },
  {
    verb: 'profile',
    args: ['list'],
    shows: /NAME +SERVER +SIGN-IN[\s\S]*kept +http:\/\/lab\.invalid +key AK/,
    wrong: ['use', 'nowhere'],
    formats: ALL,
    isOffline: true,
  },
  {
    verb: 'completion',
    args: ['bash'],
    shows: /complete -F _trainyard trainyard/,
    wrong: ['tcsh'],
    formats: [],
    isProse: true,
    isOffline: true,
  },
]

/** The arguments of one try. */
export const argumentsOf = async ({ verb, args }: VerbCase, world: World): Promise<string[]> => [
  verb,
  ...(typeof args === 'function' ? await args(world) : args),
]

/** Makes the jobs and objects of the world. */
export const makeWorld = async (server: ServerProcess, folder: string): Promise<World> => {
  const session = server.session()
  const create = (name: string, command: string) =>
    TrainingJob.create(session, {
      kind: 'job',
      metadata: { name },
      algorithm: { command, engine: { engine_id: 'command' } },
      spec: { resource: { flavor_id: 'yard.cpu.1', node_count: 1 } },
    })
  const done = await create('done', 'echo it works')
  const failed = await create('broken', 'echo it fails; exit 3')
  await done.waitForCompletion({ intervalMs: 50 })
  await failed.waitForCompletion({ intervalMs: 50 }).catch(() => undefined)
  await session.obs.put('obs://lab/kept.txt', 'stays\n')
  const kept = { endpoint: 'http://lab.invalid', accessKey: 'AK', secretKey: 'SK' }
  writeProfiles({ XDG_CONFIG_HOME: join(folder, 'config') }, { profiles: new Map([['kept', kept]]) })
  const { access_key: accessKey, secret_key: secretKey } = await server.credentials()
  return {
    server,
    folder,
    done: 'done',
    failed: 'broken',
    accessKey,
    secretKey,
    job: async (command) => {
      const name = `try-${randomUUID().slice(0, 8)}`
      await create(name, command)
      return name
    },
    object: async () => {
      const url = `obs://lab-tries/${randomUUID()}`
      await session.obs.put(url, 'goes\n')
      return url
    },
  }
}
