import type { Input, Output } from '../contract/channels.ts'
import { parseStorageUrl, type StoragePlace } from '../contract/storage-url.ts'
import { refusal } from '../contract/trainyard-error.ts'
import { defaultInputDirectory, defaultOutputDirectory } from '../domain/task-names.ts'

const NAME = /^[A-Za-z0-9_-]{1,64}$/
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/
const MAX_CHANNELS = 100

/** Seconds between two uploads of an output (contract: runtime, section 5). */
const UPLOAD_PERIOD_S = 30

const broken = (message: string) => refusal('ModelArts.2753', message)

const checkCommon = (channel: Input | Output, place: string, taken: Set<string>): string => {
  const name = channel.name ?? ''
  if (!NAME.test(name)) throw broken(`${place}.name is not 1 to 64 letters, digits, "_" or "-".`)
  if (taken.has(name)) throw broken(`${place}.name: another channel is called ${name} too.`)
  taken.add(name)
  const access = channel.access_method ?? 'parameter'
  if (access !== 'parameter' && access !== 'env') {
    throw refusal('ModelArts.2788', `${place}.access_method is not "parameter" or "env".`)
  }
  if (access === 'env' && !VARIABLE.test(name)) {
    throw refusal('ModelArts.2788', `${place}.name cannot be the name of an environment variable.`)
  }
  checkLocalDir(channel.local_dir, place)
  return name
}

const checkLocalDir = (directory: string | undefined, place: string): void => {
  if (!directory) return
  const segments = directory.split('/').slice(1)
  const isPlain = directory.startsWith('/') && segments.every((part) => part !== '..' && part !== '.')
  if (!isPlain || directory.length > 1024 || segments.filter((part) => part !== '').length === 0) {
    throw refusal('ModelArts.2788', `${place}.local_dir is not an absolute path without "." and "..".`)
  }
}

/** Checks a list of input channels and fills in what the server owns. */
export const checkInputs = (inputs: readonly Input[], taken: Set<string>): Input[] => {
  if (inputs.length > MAX_CHANNELS)
    throw refusal('ModelArts.2816', `At most ${MAX_CHANNELS} inputs are allowed.`)
  return inputs.map((input, index) => {
    const place = `algorithm.inputs[${index}]`
    const name = checkCommon(input, place, taken)
    const { dataset, obs } = input.remote ?? {}
    if (dataset && obs) throw broken(`${place}.remote names both a dataset and a storage path.`)
    if (!dataset && !obs?.obs_url) throw broken(`${place}.remote names no place.`)
    return { ...input, local_dir: input.local_dir || defaultInputDirectory(name, 0) }
  })
}

/** Checks a list of output channels and fills in what the server owns. */
export const checkOutputs = (outputs: readonly Output[], taken: Set<string>): Output[] => {
  if (outputs.length > MAX_CHANNELS)
    throw refusal('ModelArts.2816', `At most ${MAX_CHANNELS} outputs are allowed.`)
  return outputs.map((output, index) => {
    const place = `algorithm.outputs[${index}]`
    const name = checkCommon(output, place, taken)
    if (!output.remote?.obs?.obs_url) throw broken(`${place}.remote.obs.obs_url is missing.`)
    return {
      ...output,
      local_dir: output.local_dir || defaultOutputDirectory(name, 0),
      mode: 'upload_periodically',
      period: UPLOAD_PERIOD_S,
    }
  })
}

/**
 * Checks the places of channels whose lists are well formed: a list that is broken anywhere is told first.
 * @throws TrainyardError `ModelArts.2791` no storage path, then `ModelArts.2783` unknown dataset.
 */
export const checkRemotes = (inputs: readonly Input[], outputs: readonly Output[]): void => {
  for (const { remote } of [...inputs, ...outputs]) {
    if (remote?.obs?.obs_url) parseStorageUrl(remote.obs.obs_url)
  }
  const index = inputs.findIndex(({ remote }) => remote?.dataset)
  if (index < 0) return
  const id = inputs[index]?.remote?.dataset?.id ?? ''
  throw refusal(
    'ModelArts.2783',
    `algorithm.inputs[${index}].remote.dataset: there is no dataset ${JSON.stringify(id.slice(0, 200))}.`,
  )
}

const asPrefix = ({ bucket, key }: StoragePlace): string =>
  `${bucket}/${key === '' || key.endsWith('/') ? key : `${key}/`}`

/** Storage prefixes that the outputs of a job write to. */
export const outputPrefixes = (outputs: readonly Output[]): string[] =>
  outputs.map((output) => asPrefix(parseStorageUrl(output.remote?.obs?.obs_url ?? '')))

/**
 * Two active jobs may not write to the same or nested prefixes (contract: runtime, section 5).
 * @throws TrainyardError `ModelArts.2791` naming the prefix.
 */
export const checkPrefixesFree = (wanted: readonly string[], held: readonly string[]): void => {
  for (const prefix of wanted) {
    if (held.some((other) => other.startsWith(prefix) || prefix.startsWith(other))) {
      throw refusal('ModelArts.2791', `Another active job writes its output to /${prefix} too.`, {
        solution: 'Choose another output path, or wait until that job has ended.',
      })
    }
  }
}
