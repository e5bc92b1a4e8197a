import { readdir, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { refusal } from '../../contract/trainyard-error.ts'
import type { ChannelSpec, TaskSpec } from '../../domain/task-spec.ts'
import type { ObjectRef } from '../../objects/object-store.ts'
import { ChangedFiles } from './changed-files.ts'
import { systemCode } from './durable-file.ts'
import type { RunContext } from './run-context.ts'
import type { TaskPaths } from './run-directory.ts'

/** A file of an output. */
interface OutputFile {
  /** Real path, links resolved. */
  readonly path: string
  /** Path below the output directory, as the object is to be named. */
  readonly relative: string
}

/** What one pass has sent. */
export interface Sent {
  readonly files: number
  readonly bytes: number
}

/** Sends the files of one output channel to the object store. Local deletions are not mirrored. */
export class OutputUpload {
  readonly channel: ChannelSpec
  readonly #context: RunContext
  readonly #projectId: string
  readonly #directory: string
  readonly #sandbox: string
  readonly #changed: ChangedFiles

  constructor(context: RunContext, spec: TaskSpec, paths: TaskPaths, channel: ChannelSpec) {
    this.channel = channel
    this.#context = context
    this.#projectId = spec.projectId
    this.#directory = paths.place(channel.directory)
    this.#sandbox = paths.sandbox
    this.#changed = new ChangedFiles(context.objects)
  }

  /** Counts everything that is there as sent. */
  async remember(): Promise<void> {
    for await (const file of listFiles(this.#directory, this.#sandbox))
      await this.#changed.remember(file.path, this.#ref(file))
  }

  /** Sends what is new or changed. One file that fails does not keep the others; then the first failure is thrown. */
  async pass(signal: AbortSignal): Promise<Sent> {
    let files = 0
    let bytes = 0
    const failures: unknown[] = []
    await this.#context.slots.each(listFiles(this.#directory, this.#sandbox), async (file) => {
      signal.throwIfAborted()
      try {
        const sent = await this.#send(file)
        if (sent === undefined) return
        files += 1
        bytes += sent
      } catch (error) {
        failures.push(error)
      }
    })
    if (failures.length > 0) throw failures[0]
    return { files, bytes }
  }

  async #send(file: OutputFile): Promise<number | undefined> {
    try {
      return await this.#changed.send(file.path, this.#ref(file))
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error
      if (file.relative.includes('\uFFFD'))
        throw refusal('ModelArts.2791', `the file name ${file.relative} is not UTF-8`, { cause: error })
      // Programs move and delete files while we look: what is gone is not ours to send.
      return undefined
    }
  }

  #ref({ relative }: OutputFile): ObjectRef {
    const { bucket, key } = this.channel.place
    const prefix = key === '' || key.endsWith('/') ? key : `${key}/`
    return { projectId: this.#projectId, bucket, key: prefix + relative }
  }
}

/**
 * The regular files below a directory. Links are followed as long as they stay inside; a directory reached twice is
 * listed once, so circles end.
 */
async function* listFiles(top: string, sandbox: string): AsyncGenerator<OutputFile> {
  const realTop = await realOrNothing(top)
  if (realTop === undefined) return
  if (!`${realTop}/`.startsWith(`${await realpath(sandbox)}/`))
    throw refusal(
      'ModelArts.2791',
      'the output directory was replaced by a link that leads out of the sandbox',
    )
  const seen = new Set([realTop])
  const waiting = [{ path: realTop, relative: '' }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const name of await listNames(next.path)) {
      const relative = next.relative === '' ? name : `${next.relative}/${name}`
      const path = await realOrNothing(join(next.path, name))
      // A name that is not UTF-8 cannot be looked up again; whoever sends it finds out and says so.
      if (path === undefined && name.includes('\uFFFD')) yield { path: join(next.path, name), relative }
      if (path === undefined || !path.startsWith(realTop + sep)) continue
      const found = await unlessGone(stat(path))
      if (found?.isFile()) yield { path, relative }
      if (!found?.isDirectory() || seen.has(path)) continue
      seen.add(path)
      waiting.push({ path, relative })
    }
  }
}

const listNames = async (directory: string): Promise<string[]> => (await unlessGone(readdir(directory))) ?? []

const realOrNothing = (path: string): Promise<string | undefined> => unlessGone(realpath(path))

const unlessGone = async <T>(asked: Promise<T>): Promise<T | undefined> => {
  try {
    return await asked
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemCode(error))) return undefined
    throw error
  }
}
