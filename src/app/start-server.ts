import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import { createApi } from '../api/server.ts'
import { Catalog } from '../catalog/catalog.ts'
import { detectEngines } from '../catalog/detect-engines.ts'
import { detectMachine, type Machine } from '../catalog/detect-machine.ts'
import { LocalExecutor } from '../executors/local/local-executor.ts'
import { Accounts } from '../identity/accounts.ts'
import { openSecretBox } from '../identity/secret-box.ts'
import { SignIn } from '../identity/sign-in.ts'
import { Jobs } from '../jobs/jobs.ts'
import { openFilesystemObjects } from '../objects/filesystem/filesystem-objects.ts'
import type { ObjectStore } from '../objects/object-store.ts'
import { Scheduler } from '../scheduler/scheduler.ts'
import { openSqliteStore } from '../store/sqlite/open-store.ts'
import { type Config, readConfig } from './config.ts'
import { dataPaths, lockDataDirectory, makeDataDirectory } from './data-directory.ts'
import { ensureCredentials } from './ensure-credentials.ts'
import { machineCapacity, offeredEngines, offeredFlavors, offeredMachine } from './machine.ts'
import { packageVersion } from './version.ts'

export interface ServerOptions {
  readonly dataDirectory: string
  /** 0 takes any free port. */
  readonly port: number
  readonly host: string
  readonly log: Logger
}

/** A server that listens. */
export interface RunningServer {
  /** `http://host:port`. */
  readonly url: string
  /** For administration inside the process: tests make further projects with it. */
  readonly accounts: Accounts
  /** Stops taking requests and closes everything. Jobs go on; the next server takes them up. */
  close(): Promise<void>
}

const DEFAULT_REGION = 'local'

/** Undoes what was opened, newest first. */
class OpenThings {
  readonly #closers: (() => unknown)[] = []

  add<Thing>(thing: Thing, close: (thing: Thing) => unknown): Thing {
    this.#closers.push(() => close(thing))
    return thing
  }

  async closeAll(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close()
  }
}

/** Opens a data directory and serves it. Returns once requests are answered; what was opened is closed again on failure. */
export const startServer = async (options: ServerOptions): Promise<RunningServer> => {
  const open = new OpenThings()
  try {
    return await openServer(options, open)
  } catch (error) {
    await open.closeAll()
    throw error
  }
}

const openServer = async (options: ServerOptions, open: OpenThings): Promise<RunningServer> => {
  const { dataDirectory, log } = options
  const paths = dataPaths(dataDirectory)
  await makeDataDirectory(dataDirectory)
  const config = await readConfig(dataDirectory)
  open.add(lockDataDirectory(paths.lock), (unlock) => unlock())
  // Looking for interpreters starts processes: it goes on while the files are opened.
  const detected = Promise.all([detectMachine(), detectEngines()])
  const { store, objects, secretBox, accounts } = openKept(paths, open)
  const [foundMachine, foundEngines] = await detected
  const machine = offeredMachine(foundMachine, config)
  const catalog = new Catalog(offeredEngines(foundEngines, config), offeredFlavors(machine, config))
  let url = ''
  const executor = open.add(
    openExecutor(paths, objects, machine, config, () => url),
    (opened) => opened.close(),
  )
  const scheduler = open.add(
    new Scheduler({
      store,
      executor,
      log,
      interpreterOf: (engineId) => interpreterOf(catalog, engineId),
      ...graceOf(config),
    }),
    (opened) => opened.stop(),
  )
  const jobs = new Jobs({
    store,
    objects,
    executor,
    catalog,
    workspaces: accounts,
    wake: () => scheduler.wake(),
  })
  const signIn = new SignIn({ accounts })
  const linkKey = secretBox.derive('log links')
  const version = packageVersion()
  const api = open.add(
    createApi({
      jobs,
      catalog,
      accounts,
      signIn,
      objects,
      linkKey,
      version,
      logger: log,
      publicUrl: () => url,
    }),
    (opened) => opened.close(),
  )
  await api.listen({ port: options.port, host: options.host })
  url = toUrl(options.host, api.server.address() as AddressInfo)
  await ensureCredentials(paths.credentials, accounts, {
    endpoint: url,
    region: config.region ?? DEFAULT_REGION,
  })
  await scheduler.start()
  return { url, accounts, close: () => open.closeAll() }
}

/** Opens what is kept: jobs and accounts, objects, the key that seals secrets. */
const openKept = (paths: ReturnType<typeof dataPaths>, open: OpenThings) => {
  const store = open.add(openSqliteStore({ file: paths.database }), (opened) => opened.close())
  const objects = open.add(openFilesystemObjects({ root: paths.objects }), (opened) => opened.close())
  const secretBox = openSecretBox(paths.secretKey)
  return { store, objects, secretBox, accounts: new Accounts({ store: store.accounts, secretBox }) }
}

const openExecutor = (
  paths: ReturnType<typeof dataPaths>,
  objects: ObjectStore,
  machine: Machine,
  config: Config,
  url: () => string,
): LocalExecutor =>
  new LocalExecutor({
    root: paths.runs,
    logRoot: paths.logs,
    objects,
    capacity: machineCapacity(machine),
    apiEndpoint: () => url() || undefined,
    ...(config.limits?.log_bytes === undefined ? {} : { logLimitBytes: config.limits.log_bytes }),
    ...graceOf(config),
  })

const graceOf = ({ limits = {} }: Config): { graceMs?: number } =>
  limits.stop_grace_seconds === undefined ? {} : { graceMs: limits.stop_grace_seconds * 1000 }

const interpreterOf = (catalog: Catalog, engineId: string): string | undefined => {
  const engine = catalog.findEngine({ engine_id: engineId })
  return engine?.start.kind === 'boot_file' ? engine.start.interpreter : undefined
}

/** The address to call: one that listens everywhere is called on loopback. */
const toUrl = (host: string, address: AddressInfo): string => {
  const callable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${callable.includes(':') ? `[${callable}]` : callable}:${address.port}`
}
