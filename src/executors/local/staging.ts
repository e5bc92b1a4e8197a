import { chmod, mkdir } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import type { ObjectInfo } from '../../contract/objects.ts'
import { isObjectKey, type StoragePlace, toStorageUrl } from '../../contract/storage-url.ts'
import { refusal } from '../../contract/trainyard-error.ts'
import {
  CACHE_DIRECTORY,
  HOME_DIRECTORY,
  JOB_DIRECTORY,
  LOG_DIRECTORY,
  MOUNT_DIRECTORY,
} from '../../domain/task-names.ts'
import type { ChannelSpec, TaskSpec } from '../../domain/task-spec.ts'
import { isThere, removeTree } from './durable-file.ts'
import { describeBytes, describeError, type RunContext, tellTask, timeUsed } from './run-context.ts'
import type { TaskPaths } from './run-directory.ts'

const PRIVATE_DIRECTORY = { recursive: true, mode: 0o700 } as const
const LIST_PAGE = 1000

/** Where a copy from the object store goes. */
interface Copy {
  readonly place: StoragePlace
  readonly directory: string
  /** Mode of the copied files. */
  readonly mode: number
}

interface Copied {
  readonly files: number
  readonly bytes: number
  /** Whether there was anything, be it only the mark of an empty directory. */
  readonly found: boolean
}

/**
 * Makes the sandbox of a task and fills it with code and inputs. What an earlier try left is removed first.
 * Throws what failed in words for people; stops soon after the signal is aborted.
 */
export const stageTask = async (
  context: RunContext,
  spec: TaskSpec,
  paths: TaskPaths,
  signal: AbortSignal,
): Promise<void> => {
  const { place } = paths
  signal.throwIfAborted()
  await removeTree(paths.sandbox)
  const directories = [HOME_DIRECTORY, JOB_DIRECTORY, LOG_DIRECTORY, CACHE_DIRECTORY, '/tmp']
  const outputs = spec.outputs.map(({ directory }) => directory)
  for (const directory of [...directories, ...outputs]) await mkdir(place(directory), PRIVATE_DIRECTORY)
  for (const directory of ['inputs', 'outputs'])
    await mkdir(join(place(MOUNT_DIRECTORY), directory), PRIVATE_DIRECTORY)
  const stage = new Stage(context, spec, signal)
  if (spec.code) {
    // Scripts among the code may be called directly; the object store keeps no modes.
    await stage.fetch('Code', { place: spec.code.place, directory: place(spec.code.directory), mode: 0o700 })
  }
  for (const input of spec.inputs) {
    const copy = { place: input.place, directory: place(input.directory), mode: 0o600 }
    await stage.fetch(`Input (parameter name: ${input.name})`, copy)
  }
  // A later attempt goes on from the checkpoints of the one before.
  if (spec.attempt > 1) for (const output of spec.outputs) await stage.refill(output, place(output.directory))
  await makeWorkingDirectory(spec, paths)
}

/** Directories of the platform are made when missing; others must be there, in the sandbox or on the node. */
const makeWorkingDirectory = async (spec: TaskSpec, paths: TaskPaths): Promise<void> => {
  const inPlatform = [HOME_DIRECTORY, CACHE_DIRECTORY].some(
    (top) => spec.workingDirectory === top || spec.workingDirectory.startsWith(`${top}/`),
  )
  if (inPlatform) await mkdir(paths.place(spec.workingDirectory), PRIVATE_DIRECTORY)
}

/** Real working directory of a task: in the sandbox, or else the one the node has under this name. */
export const realWorkingDirectory = async (spec: TaskSpec, paths: TaskPaths): Promise<string> => {
  const inside = paths.place(spec.workingDirectory)
  return (await isThere(inside)) ? inside : resolve('/', spec.workingDirectory)
}

class Stage {
  readonly #context: RunContext
  readonly #spec: TaskSpec
  readonly #signal: AbortSignal

  constructor(context: RunContext, spec: TaskSpec, signal: AbortSignal) {
    this.#context = context
    this.#spec = spec
    this.#signal = signal
  }

  /** Copies what must be there. */
  async fetch(what: string, copy: Copy): Promise<void> {
    const begun = this.#context.clock()
    tellTask(this.#context, this.#spec, 'Info', `${what} is being downloaded.`)
    try {
      const copied = await this.#copy(copy)
      if (!copied.found) throw refusal('ModelArts.2791', `nothing is at ${toStorageUrl(copy.place)}`)
      const text = `${what} downloaded: ${copied.files} files, ${describeBytes(copied.bytes)}.`
      tellTask(this.#context, this.#spec, 'Info', `${text} ${timeUsed(this.#context.clock() - begun)}`)
    } catch (error) {
      this.#signal.throwIfAborted()
      const text = `${what} download failed: ${describeError(error)}`
      tellTask(this.#context, this.#spec, 'Error', text)
      throw refusal('ModelArts.2791', text, { cause: error })
    }
  }

  /** Copies what an earlier attempt has put out, if anything. */
  async refill(output: ChannelSpec, directory: string): Promise<void> {
    try {
      await this.#copy({ place: output.place, directory, mode: 0o600 })
    } catch (error) {
      this.#signal.throwIfAborted()
      const text = `Output (parameter name: ${output.name}) of the attempt before cannot be read: ${describeError(error)}`
      tellTask(this.#context, this.#spec, 'Error', text)
      throw refusal('ModelArts.2791', text, { cause: error })
    }
  }

  /** A place that names an object means that file; otherwise it is a directory, copied with all below. */
  async #copy(copy: Copy): Promise<Copied> {
    const { projectId } = this.#spec
    const { bucket, key } = copy.place
    await mkdir(copy.directory, PRIVATE_DIRECTORY)
    if (key !== '' && !key.endsWith('/')) {
      const info = await this.#context.objects.find({ projectId, bucket, key })
      if (info) {
        const name = key.slice(key.lastIndexOf('/') + 1)
        await this.#context.slots.use(() => this.#download(copy, info, name))
        return { files: 1, bytes: info.size, found: true }
      }
    }
    return this.#copyDirectory(copy, key === '' || key.endsWith('/') ? key : `${key}/`)
  }

  async #copyDirectory(copy: Copy, prefix: string): Promise<Copied> {
    let files = 0
    let bytes = 0
    let found = false
    await this.#context.slots.each(this.#list(copy.place.bucket, prefix), async (info) => {
      found = true
      const relative = info.key.slice(prefix.length)
      if (relative === '') return
      if (relative.endsWith('/')) {
        await mkdir(inside(copy.directory, relative), PRIVATE_DIRECTORY)
        return
      }
      await this.#download(copy, info, relative)
      files += 1
      bytes += info.size
    })
    return { files, bytes, found }
  }

  async *#list(bucket: string, prefix: string): AsyncGenerator<ObjectInfo> {
    const { projectId } = this.#spec
    let after: string | undefined = ''
    while (after !== undefined) {
      const query = { projectId, bucket, prefix, delimiter: '', limit: LIST_PAGE, after }
      const page = await this.#context.objects.list(query)
      for (const info of page.objects) {
        this.#signal.throwIfAborted()
        yield info
      }
      after = page.next
    }
  }

  async #download(copy: Copy, info: ObjectInfo, relative: string): Promise<void> {
    this.#signal.throwIfAborted()
    const file = inside(copy.directory, relative)
    await mkdir(dirname(file), PRIVATE_DIRECTORY)
    const ref = { projectId: this.#spec.projectId, bucket: copy.place.bucket, key: info.key }
    await this.#context.objects.download(ref, file)
    await chmod(file, copy.mode)
  }
}

/** A path below a directory; refuses one that would lead out of it, whatever the store let through. */
const inside = (directory: string, relative: string): string => {
  const path = resolve(directory, relative)
  if (!isObjectKey(relative) || !path.startsWith(directory + sep))
    throw refusal('ModelArts.2791', `the name ${JSON.stringify(relative)} leads out of its directory`)
  return path
}
