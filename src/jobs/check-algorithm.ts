import type { Catalog } from '../catalog/catalog.ts'
import type { Engine } from '../catalog/engine.ts'
import type { JobAlgorithmResponse } from '../contract/algorithm.ts'
import type { AlgorithmRequest } from '../contract/create-training-job.ts'
import { parseStorageUrl, type StoragePlace } from '../contract/storage-url.ts'
import { isTrainyardError, refusal } from '../contract/trainyard-error.ts'
import type { ObjectStore } from '../objects/object-store.ts'

const MAX_COMMAND = 16_384

/** The parts of the answer that name code and engine. */
export type CheckedCode = Pick<JobAlgorithmResponse, 'code_dir' | 'boot_file' | 'command' | 'engine'>

/** What checking needs to look things up in. */
export interface CodeSources {
  readonly catalog: Catalog
  readonly objects: ObjectStore
  readonly projectId: string
}

/**
 * Checks that the job names its code in exactly one way (contract: job model, section 5), that the code is there, and that
 * the engine exists.
 */
export const checkAlgorithm = async (
  algorithm: AlgorithmRequest,
  sources: CodeSources,
): Promise<CheckedCode> => {
  checkWays(algorithm)
  if (algorithm.engine?.image_url) return refuseImage(algorithm)
  if (algorithm.command) return checkCommand(algorithm, sources)
  const codeDir = checkCodeDirectory(algorithm.code_dir ?? '')
  await checkCodeExists(codeDir, sources)
  const bootFile = bootFilePath(algorithm.boot_file ?? '', codeDir)
  if (!(await sources.objects.find({ projectId: sources.projectId, ...bootFile }))) {
    throw refusal('ModelArts.2758', `algorithm.boot_file /${bootFile.bucket}/${bootFile.key} does not exist.`)
  }
  const engine = checkEngine(algorithm, sources.catalog)
  if (engine.start.kind !== 'boot_file') {
    throw refusal('ModelArts.2788', 'The engine "command" needs algorithm.command instead of a boot_file.')
  }
  return {
    code_dir: `/${codeDir.bucket}/${codeDir.key}`,
    boot_file: `/${bootFile.bucket}/${bootFile.key}`,
    engine: shownEngine(engine),
  }
}

const checkWays = (algorithm: AlgorithmRequest): void => {
  const managed = Boolean(algorithm.id)
  if (Boolean(algorithm.subscription_id) !== Boolean(algorithm.item_version_id)) {
    throw refusal('ModelArts.2788', 'algorithm needs both subscription_id and item_version_id, or neither.')
  }
  const subscribed = Boolean(algorithm.subscription_id)
  const own = Boolean(
    algorithm.code_dir || algorithm.boot_file || algorithm.command || algorithm.engine?.image_url,
  )
  if (managed && !own && !subscribed)
    throw refusal('ModelArts.2755', `There is no algorithm ${JSON.stringify(algorithm.id)}.`)
  if (subscribed && !own && !managed)
    throw refusal('ModelArts.2755', 'There is no such subscribed algorithm.')
  if (managed || subscribed) {
    throw refusal(
      'ModelArts.2788',
      'algorithm names its code in several ways: use an id, a subscription, or code of its own.',
    )
  }
  if (!own)
    throw refusal('ModelArts.2788', 'algorithm names no code: send code_dir with boot_file, or a command.')
  if (algorithm.command || algorithm.engine?.image_url) return
  for (const name of ['code_dir', 'boot_file'] as const) {
    if (!algorithm[name]) throw refusal('ModelArts.2788', `algorithm.${name} is missing.`)
  }
}

const refuseImage = (algorithm: AlgorithmRequest): never => {
  if (!algorithm.command && !algorithm.boot_file) {
    throw refusal('ModelArts.2806', 'A custom image needs algorithm.command.')
  }
  throw refusal('ModelArts.2858', 'This server runs tasks as processes; it has no executor for images.')
}

const checkCommand = async (algorithm: AlgorithmRequest, sources: CodeSources): Promise<CheckedCode> => {
  const command = algorithm.command ?? ''
  if (algorithm.boot_file)
    throw refusal('ModelArts.2788', 'algorithm has both command and boot_file; leave one blank.')
  if (/[\n\r]/.test(command)) throw refusal('ModelArts.2788', 'algorithm.command must be one line.')
  if (command.length > MAX_COMMAND)
    throw refusal('ModelArts.2816', `algorithm.command is longer than ${MAX_COMMAND} characters.`)
  const named = algorithm.engine?.engine_id || algorithm.engine?.engine_name
  if (!named) throw refusal('ModelArts.2806', 'A command needs engine.image_url, or the engine "command".')
  const codeDir = algorithm.code_dir ? checkCodeDirectory(algorithm.code_dir) : undefined
  if (codeDir) await checkCodeExists(codeDir, sources)
  const engine = checkEngine(algorithm, sources.catalog)
  if (engine.start.kind !== 'command') {
    throw refusal('ModelArts.2788', `The engine ${engine.item.engine_id} starts a boot_file, not a command.`)
  }
  return {
    ...(codeDir ? { code_dir: `/${codeDir.bucket}/${codeDir.key}` } : {}),
    command,
    engine: shownEngine(engine),
  }
}

const checkEngine = (algorithm: AlgorithmRequest, catalog: Catalog): Engine => {
  const name = algorithm.engine ?? {}
  const engine = catalog.findEngine(
    name.engine_id === 'command' || name.engine_name === 'command' ? { engine_id: 'command' } : name,
  )
  if (!engine) {
    if (!name.engine_id && !name.engine_name) throw refusal('ModelArts.2780', 'algorithm names no engine.')
    const shown = name.engine_id || [name.engine_name, name.engine_version].filter(Boolean).join(' ')
    throw refusal('ModelArts.2780', `There is no engine ${JSON.stringify(shown)}.`)
  }
  return engine
}

const shownEngine = ({ item }: Engine) => ({
  engine_id: item.engine_id,
  engine_name: item.engine_name,
  engine_version: item.engine_version,
  v1_compatible: item.v1_compatible,
  run_user: item.run_user,
})

/** Reads a code directory; it always ends with `/`. */
const checkCodeDirectory = (url: string): StoragePlace => {
  if (url.startsWith('file:'))
    throw refusal('ModelArts.2858', 'Code inside an image needs an executor for images.')
  try {
    const place = parseStorageUrl(url)
    return place.key === '' || place.key.endsWith('/') ? place : { ...place, key: `${place.key}/` }
  } catch (error) {
    if (!isTrainyardError(error)) throw error
    throw refusal(
      'ModelArts.2802',
      `algorithm.code_dir is not a storage directory: ${JSON.stringify(url.slice(0, 200))}.`,
    )
  }
}

/** The start file as a place: absolute inside the code directory, or relative to it. */
const bootFilePath = (bootFile: string, codeDir: StoragePlace): StoragePlace => {
  const wrong = (why: string) =>
    refusal('ModelArts.2758', `algorithm.boot_file ${JSON.stringify(bootFile.slice(0, 200))} ${why}.`)
  const isAbsolute = bootFile.startsWith('/') || bootFile.startsWith('obs:')
  const url = isAbsolute ? bootFile : `/${codeDir.bucket}/${codeDir.key}${bootFile}`
  let place: StoragePlace
  try {
    place = parseStorageUrl(url)
  } catch (error) {
    if (!isTrainyardError(error)) throw error
    throw wrong('is not a storage path')
  }
  const inside =
    place.bucket === codeDir.bucket && place.key.startsWith(codeDir.key) && place.key !== codeDir.key
  if (!inside || place.key.endsWith('/')) throw wrong('is not inside the code directory')
  return place
}

const checkCodeExists = async (codeDir: StoragePlace, { objects, projectId }: CodeSources): Promise<void> => {
  const page = await objects.list({
    projectId,
    bucket: codeDir.bucket,
    prefix: codeDir.key,
    delimiter: '',
    limit: 1,
    after: '',
  })
  if (page.objects.length === 0) {
    throw refusal(
      'ModelArts.2757',
      `algorithm.code_dir /${codeDir.bucket}/${codeDir.key} does not exist or is empty.`,
    )
  }
}
