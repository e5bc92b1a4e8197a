import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { createApi } from '../api/server.ts'
import { Catalog } from '../catalog/catalog.ts'
import { detectEngines } from '../catalog/detect-engines.ts'
import { detectMachine, type Machine } from '../catalog/detect-machine.ts'
import type { Executor } from '../executors/executor.ts'
import { LocalExecutor } from '../executors/local/local-executor.ts'
import { Accounts } from '../identity/accounts.ts'
import { openSecretBox, type SecretBox } from '../identity/secret-box.ts'
import { SignIn } from '../identity/sign-in.ts'
import { Jobs } from '../jobs/jobs.ts'
import { openFilesystemObjects } from '../objects/filesystem/filesystem-objects.ts'
import type { ObjectStore } from '../objects/object-store.ts'
import { Scheduler } from '../scheduler/scheduler.ts'
import { openSqliteStore } from '../store/sqlite/open-store.ts'
import type { Store } from '../store/store.ts'
import { readConfig } from './config.ts'
import { checkAgainstMachine } from './config-cross-checks.ts'
import type { Config } from './config-schema.ts'
import { dataPaths, lockDataDirectory, makeDataDirectory, refuseHalfRestored } from './data-directory.ts'
import { DiskGuard, guardUploads, tellWaitingJobs } from './disk-guard.ts'
import { keepingOf } from './durations.ts'
import { ensureCredentials } from './ensure-credentials.ts'
import { machineCapacity, offeredEngines, offeredFlavors, offeredMachine } from './machine.ts'
import { Metrics } from './metrics/metrics.ts'
import { Operator } from './operator.ts'
import { prepareWork } from './prepare-work.ts'
import { type Keeping, Retention } from './retention.ts'
import { packageVersion } from './version.ts'

export interface ServerOptions {
  readonly dataDirectory: string
  /** 0 takes any free port. */
  readonly port: number
  readonly host: string
  readonly log: Logger
  /** How long finished jobs are kept, such as `90d`; goes before the configuration. */
  readonly keep?: string
}

/** A server that listens. */
export interface RunningServer {
  /** `http://host:port`. */
  readonly url: string
  /** For administration inside the process: tests make further projects with it. */
  readonly accounts: Accounts
  /** Resolves when jobs are taken up, a moment after requests are answered; rejects when they cannot be. */
  readonly working: Promise<void>
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
  const loaded = await readConfig(dataDirectory)
  const { config } = loaded
  open.add(lockDataDirectory(paths.lock), (unlock) => unlock())
  await refuseHalfRestored(paths)
  // Asks a program for the cards: it goes on while the files are opened.
  const foundMachine = detectMachine()
  const metrics = new Metrics({ version: packageVersion() })
  const kept = openKept(paths, metrics, open)
  const machine = offeredMachine(await foundMachine, config)
  await checkAgainstMachine(loaded, machine)
  const catalog = new Catalog([], offeredFlavors(machine, config))
  const work = prepareWork(async () => catalog.offerEngines(offeredEngines(await detectEngines(), config)))
  const { enginesKnown } = work
  let url = ''
  const executor = open.add(
    metrics.watchExecutor(openExecutor(paths, kept.objects, machine, config, () => url)),
    (opened) => opened.close(),
  )
  const guard = await openGuard(paths, config, kept.store, log, open)
  const scheduler = openScheduler({ ...kept, executor, catalog, guard, metrics, config, log }, open)
  openRetention({ ...kept, executor, metrics, log, keeping: keepingOf(config, options.keep) }, open)
  const parts = { ...kept, executor, catalog, enginesKnown, guard, metrics, scheduler, config, log }
  const api = openApi(parts, () => url, open)
  await api.listen({ port: options.port, host: options.host })
  url = toUrl(options.host, api.server.address() as AddressInfo)
  await ensureCredentials(paths.credentials, kept.accounts, {
    endpoint: url,
    region: config.region ?? DEFAULT_REGION,
  })
  const working = work.begin(scheduler)
  working.catch(() => undefined)
  const close = async (): Promise<void> => {
    await work.stop()
    await open.closeAll()
  }
  return { url, accounts: kept.accounts, working, close }
}

/** What was opened before. */
interface Parts {
  readonly store: Store
  readonly objects: ObjectStore
  readonly secretBox: SecretBox
  readonly accounts: Accounts
  readonly executor: Executor
  readonly catalog: Catalog
  /** Resolves once the catalogue has all engines. */
  readonly enginesKnown: Promise<void>
  readonly guard: DiskGuard
  readonly metrics: Metrics
  readonly scheduler: Scheduler
  readonly config: Config
  readonly log: Logger
}

const openGuard = async (
  { root, objects, runs, logs }: ReturnType<typeof dataPaths>,
  { limits = {} }: Config,
  store: Store,
  log: Logger,
  open: OpenThings,
): Promise<DiskGuard> => {
  const guard = new DiskGuard({
    // Each may lie on a disk of its own.
    directories: [root, objects, runs, logs],
    minFreeBytes: limits.min_free_bytes,
    onChange: (isLow, { freeBytes }) => {
      if (isLow) log.warn({ freeBytes }, 'the disk is nearly full: nothing new is taken or started')
      else log.info({ freeBytes }, 'the disk has space again')
      tellWaitingJobs(store, isLow, Date.now()).catch((error: unknown) =>
        log.error({ err: error }, 'events not kept'),
      )
    },
  })
  await guard.start()
  return open.add(guard, (opened) => opened.stop())
}

const openScheduler = (
  {
    store,
    executor,
    catalog,
    guard,
    metrics,
    config,
    log,
  }: Omit<Parts, 'scheduler' | 'secretBox' | 'objects' | 'accounts' | 'enginesKnown'>,
  open: OpenThings,
): Scheduler =>
  open.add(
    new Scheduler({
      store,
      executor,
      log,
      interpreterOf: (engineId) => interpreterOf(catalog, engineId),
      mayPlace: () => !guard.isLow,
      onLook: (durationMs, failed) => metrics.looked(durationMs, failed),
      ...graceOf(config),
    }),
    (opened) => opened.stop(),
  )

const openRetention = (
  {
    store,
    executor,
    metrics,
    log,
    keeping,
  }: Pick<Parts, 'store' | 'executor' | 'metrics' | 'log'> & { readonly keeping: Keeping },
  open: OpenThings,
): void => {
  const retention = new Retention({
    store,
    executor,
    keeping,
    onSwept: (swept) => {
      metrics.swept(swept)
      log.info(swept, 'removed what was kept long enough')
    },
    onTrouble: (error, job) => log.error({ err: error, job }, 'could not be removed; it is tried again'),
  })
  retention.start()
  open.add(retention, (opened) => opened.stop())
}

const openApi = (parts: Parts, url: () => string, open: OpenThings): FastifyInstance => {
  const { store, objects, secretBox, accounts, executor, catalog, guard, metrics, scheduler, config } = parts
  const wake = (): void => {
    metrics.woke()
    scheduler.wake()
  }
  const workspaces = accounts
  const checkTaking = async (): Promise<void> => {
    guard.check()
    await parts.enginesKnown
  }
  const listEngines = async () => {
    await parts.enginesKnown
    return catalog.listEngines()
  }
  const sources = { store, executor, objects, guard }
  return open.add(
    createApi({
      jobs: new Jobs({ store, objects, executor, catalog, workspaces, checkTaking, wake }),
      catalog: { listEngines, listFlavors: (type) => catalog.listFlavors(type) },
      accounts,
      signIn: new SignIn({ accounts }),
      objects: guardUploads(objects, guard),
      linkKey: secretBox.derive('log links'),
      version: packageVersion(),
      logger: parts.log,
      publicUrl: url,
      operator: new Operator({ metrics, sources, areMetricsOpen: config.metrics?.open ?? false }),
      observer: metrics,
    }),
    (opened) => opened.close(),
  )
}

/** Opens what is kept: jobs and accounts, objects, the key that seals secrets. */
const openKept = (paths: ReturnType<typeof dataPaths>, metrics: Metrics, open: OpenThings) => {
  const store = open.add(metrics.watchStore(openSqliteStore({ file: paths.database })), (opened) =>
    opened.close(),
  )
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
