import { statfs } from 'node:fs/promises'
import { refusal, type TrainyardError } from '../contract/trainyard-error.ts'
import type { EventRecord } from '../domain/job-record.ts'
import type { ObjectStore } from '../objects/object-store.ts'
import type { Store } from '../store/store.ts'

/** Space of one file system, for accounts without privileges. */
export interface DiskSpace {
  readonly freeBytes: number
  readonly sizeBytes: number
}

/** Asks for the space of the file system a directory lies on. */
export const diskSpace = async (directory: string): Promise<DiskSpace> => {
  const found = await statfs(directory)
  return { freeBytes: found.bavail * found.bsize, sizeBytes: found.blocks * found.bsize }
}

const GIB = 1024 ** 3
/** What must be free beyond the limit before work goes on: at the very edge it would stop and go all the time. */
const RESUME_SHARE = 1.05
const LOOK_PERIOD_MS = 2_000
/** How much of an upload may pass between two looks at the disk. */
const BYTES_BETWEEN_LOOKS = 16 * 1024 * 1024
/** More waiting jobs than that are not told one by one. */
const MAX_TOLD_JOBS = 1_000

/** The limit where none is configured: 1 GiB, or 1 % of a small disk. */
export const defaultMinFreeBytes = (sizeBytes: number): number => Math.min(GIB, Math.floor(sizeBytes / 100))

export interface DiskGuardOptions {
  /** Directories that are written to; they may lie on different file systems. */
  readonly directories: readonly string[]
  /** 0 switches the guard off; undefined takes the default for each disk. */
  readonly minFreeBytes: number | undefined
  /** Told when space ran low, and when there is enough again. */
  readonly onChange: (isLow: boolean, space: DiskSpace) => void
  /** Space of the file system a directory lies on. */
  readonly space?: (directory: string) => Promise<DiskSpace>
}

/** Watches the free space: while it is low nothing new is taken or started, so that what runs can end well. */
export class DiskGuard {
  readonly #options: DiskGuardOptions
  #isLow = false
  #space: DiskSpace | undefined
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined

  constructor(options: DiskGuardOptions) {
    this.#options = options
  }

  /** Looks once, then every 2 s. */
  async start(): Promise<void> {
    await this.look()
    this.#timer = setInterval(() => void this.look(), LOOK_PERIOD_MS)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  get isLow(): boolean {
    return this.#isLow
  }

  /** The fullest of the disks, as of the last look; undefined before the first, or when it cannot be read. */
  get space(): DiskSpace | undefined {
    return this.#space
  }

  /** Looks now. What cannot be read changes nothing: no space is not the same as no answer. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  /** @throws TrainyardError `ModelArts.4107` while space is low. */
  check(): void {
    if (this.#isLow) throw storageLow()
  }

  async #look(): Promise<void> {
    const { directories, space = diskSpace, minFreeBytes } = this.#options
    const found = await Promise.all(directories.map((directory) => space(directory).catch(() => undefined)))
    const disks = found
      .filter((disk) => disk !== undefined)
      .map((disk) => ({ disk, spareBytes: disk.freeBytes - this.#limit(disk, minFreeBytes) }))
      .sort((a, b) => a.spareBytes - b.spareBytes)
    const worst = disks[0]
    this.#space = worst?.disk
    if (!worst) return
    const isLow = minFreeBytes !== 0 && worst.spareBytes < 0
    if (isLow === this.#isLow) return
    this.#isLow = isLow
    this.#options.onChange(isLow, worst.disk)
  }

  #limit(disk: DiskSpace, minFreeBytes = defaultMinFreeBytes(disk.sizeBytes)): number {
    return this.#isLow ? minFreeBytes * RESUME_SHARE : minFreeBytes
  }
}

const storageLow = (): TrainyardError =>
  refusal('ModelArts.4107', 'The disk of the server is nearly full: nothing new is taken.')

/** The object store as callers write to it: refused while space is low, also in the middle of a long upload. */
export const guardUploads = (objects: ObjectStore, guard: DiskGuard): ObjectStore => ({
  put: async (ref, content, options) => {
    guard.check()
    return objects.put(ref, checked(content, guard), options)
  },
  find: (ref) => objects.find(ref),
  read: (ref, range) => objects.read(ref, range),
  delete: (ref) => objects.delete(ref),
  deletePrefix: (ref) => objects.deletePrefix(ref),
  list: (query) => objects.list(query),
  listBuckets: (projectId) => objects.listBuckets(projectId),
  download: (ref, file) => objects.download(ref, file),
  upload: (file, ref) => objects.upload(file, ref),
  usage: () => objects.usage(),
  close: () => objects.close(),
})

async function* checked(content: AsyncIterable<Uint8Array>, guard: DiskGuard): AsyncGenerator<Uint8Array> {
  let passedBytes = 0
  for await (const chunk of content) {
    passedBytes += chunk.byteLength
    if (passedBytes >= BYTES_BETWEEN_LOOKS) {
      passedBytes = 0
      await guard.look()
      guard.check()
    }
    yield chunk
  }
}

/** Tells the jobs that wait why they wait, or that they go on. */
export const tellWaitingJobs = async (store: Store, isLow: boolean, time: number): Promise<void> => {
  const active = await store.jobs.listActive()
  const waiting = active.filter(({ job, deletedAt }) => job.status.phase === 'Pending' && deletedAt === null)
  const events = waiting.slice(0, MAX_TOLD_JOBS).map(
    ({ id }): EventRecord => ({
      jobId: id,
      source: 'Job',
      level: isLow ? 'Warning' : 'Info',
      message: isLow
        ? 'Waiting: the disk of the server is nearly full.'
        : 'The disk of the server has space again.',
      time,
    }),
  )
  await store.events.add(events)
}
