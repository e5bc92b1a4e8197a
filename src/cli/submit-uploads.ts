import { readdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type CreateTrainingJobRequest, type Session, TrainyardError } from '../sdk/node/index.ts'
import { withTransfer } from './progress.ts'
import type { JobFile } from './submit-file.ts'
import type { SubmitOptions } from './submit-options.ts'
import type { Terminal } from './terminal.ts'

/** Bucket that local code and data are uploaded to. */
const UPLOAD_BUCKET = 'trainyard-uploads'
/** Directories that are no code, wherever they lie. */
const NO_CODE = new Set(['.git', 'node_modules', '.venv', '__pycache__'])

/** Local paths of a job, each absolute. */
export interface LocalSources {
  readonly code: string | undefined
  readonly inputs: ReadonlyMap<string, string>
}

const invalid = (message: string, solution?: string): TrainyardError =>
  new TrainyardError('invalid_argument', message, solution === undefined ? {} : { solution })

/** The absolute path of what is local; undefined for a storage path. */
const findLocal = async (path: string, what: string): Promise<string | undefined> => {
  if (/^(obs|file):/.test(path)) return undefined
  const local = resolve(path)
  const isThere = await stat(local).then(
    () => true,
    () => false,
  )
  if (isThere) return local
  if (path.startsWith('/')) return undefined
  throw invalid(`${what}: there is no local ${path}.`, 'Paths of the object store begin with obs://.')
}

/** In a file, what begins with `/` is the wire's own spelling of a storage path. */
const findInFile = async (
  path: string | undefined,
  file: string,
  what: string,
): Promise<string | undefined> =>
  path === undefined || path.startsWith('/') ? undefined : findLocal(joinLocal(file, path), what)

const joinLocal = (file: string, path: string): string =>
  /^(obs|file):/.test(path) ? path : resolve(dirname(file), path)

/** Finds which paths of the options and the file are local. */
export const findLocalSources = async (base: JobFile, options: SubmitOptions): Promise<LocalSources> => {
  const file = options.file ?? ''
  const code =
    options.codeDir === undefined
      ? await findInFile(base.algorithm?.code_dir, file, 'code_dir')
      : await findLocal(options.codeDir, '--code-dir')
  const inputs = new Map<string, string>()
  for (const { name, remote } of base.algorithm?.inputs ?? []) {
    const local = await findInFile(remote?.obs?.obs_url, file, `input ${name ?? ''}`)
    if (name !== undefined && local !== undefined) inputs.set(name, local)
  }
  for (const [name, path] of Object.entries(options.input ?? {})) {
    inputs.delete(name)
    const local = await findLocal(path, `--input ${name}`)
    if (local !== undefined) inputs.set(name, local)
  }
  return { code, inputs }
}

/** The start file of local code: as named, else `train.py`, `main.py`, or the only Python file there is. */
const findBootFile = async (directory: string, named: string | undefined): Promise<string> => {
  if (!(await stat(directory)).isDirectory()) throw invalid(`${directory} is not a directory.`)
  if (named !== undefined) {
    const isThere = await stat(join(directory, named)).then(
      (about) => about.isFile(),
      () => false,
    )
    if (!isThere && !/^(obs:|\/)/.test(named))
      throw invalid(`There is no start file ${named} in ${directory}.`)
    return named
  }
  const programs = (await readdir(directory)).filter((name) => name.endsWith('.py'))
  const found = ['train.py', 'main.py'].find((name) => programs.includes(name)) ?? programs[0]
  const isClear = found === 'train.py' || found === 'main.py' || programs.length === 1
  if (found === undefined || !isClear)
    throw invalid(`Which file of ${directory} starts the program?`, 'Name it with --boot-file.')
  return found
}

/** Checks local sources before anything is sent, and names the start file. */
export const withBootFile = async (
  request: CreateTrainingJobRequest,
  { code }: LocalSources,
): Promise<CreateTrainingJobRequest> => {
  const algorithm = request.algorithm
  if (code === undefined || (algorithm?.command !== undefined && algorithm.boot_file === undefined))
    return request
  return {
    ...request,
    algorithm: { ...algorithm, boot_file: await findBootFile(code, algorithm?.boot_file) },
  }
}

const isNoCode = (path: string): boolean => NO_CODE.has(path.slice(path.lastIndexOf('/') + 1))

/** Uploads what is local and names it in the request. Runs again go to a new place: nothing is overwritten. */
export const uploadSources = async (
  session: Session,
  terminal: Terminal,
  request: CreateTrainingJobRequest,
  { code, inputs }: LocalSources,
): Promise<CreateTrainingJobRequest> => {
  if (code === undefined && inputs.size === 0) return request
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
  const place = `obs://${UPLOAD_BUCKET}/${request.metadata.name}-${time}`
  const algorithm = { ...request.algorithm }
  if (code !== undefined) {
    algorithm.code_dir = `${place}/code/`
    terminal.note(`uploading ${code} to ${algorithm.code_dir}`)
    const url = algorithm.code_dir
    const { skipped } = await withTransfer(terminal, 'uploading code', (onProgress) =>
      session.obs.uploadDir(code, url, { isExcluded: isNoCode, onProgress }),
    )
    for (const path of skipped)
      terminal.note(`warning: left out ${path}: a link that leads elsewhere, or no file`)
  }
  for (const [name, local] of inputs) {
    const url = `${place}/inputs/${name}/`
    terminal.note(`uploading ${local} to ${url}`)
    await withTransfer(terminal, `uploading ${name}`, (onProgress) =>
      session.obs.uploadPath(local, url, { onProgress }),
    )
    algorithm.inputs =
      algorithm.inputs?.map((input) =>
        input.name === name ? { ...input, remote: { obs: { obs_url: url } } } : input,
      ) ?? []
  }
  return { ...request, algorithm }
}
