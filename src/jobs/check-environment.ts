import { refusal } from '../contract/trainyard-error.ts'

/** Limits of user variables (contract: job model, section 5). */
const MAX_VARIABLES = 100
const MAX_KEY = 8192
const MAX_VALUE = 4096
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Container directories the platform keeps for itself (contract: job model, section 5). */
const RESERVED = ['modelarts', 'modelarts-dev', 'infer'].map((name) => `/home/ma-user/${name}`)

/** Checks the variables a user sets. */
export const checkEnvironments = (environments: Readonly<Record<string, string>>): void => {
  const entries = Object.entries(environments)
  if (entries.length > MAX_VARIABLES) {
    throw refusal('ModelArts.2816', `algorithm.environments has more than ${MAX_VARIABLES} variables.`)
  }
  for (const [name, value] of entries) {
    if (name.length > MAX_KEY || value.length > MAX_VALUE) {
      throw refusal(
        'ModelArts.2816',
        `algorithm.environments: a name is longer than ${MAX_KEY} or a value longer than ${MAX_VALUE} characters.`,
      )
    }
    if (!VARIABLE.test(name)) {
      throw refusal(
        'ModelArts.2788',
        `algorithm.environments: ${JSON.stringify(name.slice(0, 80))} cannot be the name of a variable.`,
      )
    }
    if (value.includes('$')) {
      throw refusal('ModelArts.2788', `algorithm.environments.${name}: a value may not contain "$".`)
    }
  }
}

const isPlainAbsolute = (path: string): boolean =>
  path.startsWith('/') &&
  path.length <= 1024 &&
  !path.split('/').some((part) => part === '..' || part === '.')

/** The directory for the code on the node: under `/home`, not in a reserved place. */
export const checkLocalCodeDir = (path: string | undefined): void => {
  if (!path) return
  const clean = path.replace(/\/+/g, '/').replace(/\/$/, '')
  const reserved =
    clean === '/home/ma-user' || RESERVED.some((place) => clean === place || clean.startsWith(`${place}/`))
  if (!isPlainAbsolute(path) || !clean.startsWith('/home/') || reserved) {
    throw refusal(
      'ModelArts.2857',
      `algorithm.local_code_dir ${JSON.stringify(path.slice(0, 200))} is refused.`,
    )
  }
}

/** The working directory of the program: absolute. */
export const checkWorkingDir = (path: string | undefined): void => {
  if (path && !isPlainAbsolute(path)) {
    throw refusal(
      'ModelArts.2859',
      `algorithm.working_dir ${JSON.stringify(path.slice(0, 200))} is not an absolute path.`,
    )
  }
}
