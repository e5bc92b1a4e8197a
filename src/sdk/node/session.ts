import { TrainyardError } from '../../contract/trainyard-error.ts'
import type { LocalFiles } from '../local-files.ts'
import { Session as BrowserSession, type SessionOptions } from '../session.ts'
import { ObsFiles } from './obs-files.ts'
import {
  credentialsFile,
  type Environment,
  joinSettings,
  readCredentialsFile,
  readEnvironment,
  type Settings,
} from './settings.ts'

export interface NodeSessionOptions extends SessionOptions {
  /** Environment to read. Default: the process's own. */
  readonly env?: Environment | undefined
  /** Told of a credentials file that others can read. Default: a line on stderr. */
  readonly warn?: ((message: string) => void) | undefined
}

const toStderr = (message: string): void => {
  process.stderr.write(`warning: ${message}\n`)
}

/**
 * A session for Node. What is not passed comes from the environment (`TRAINYARD_ENDPOINT`, `TRAINYARD_PROJECT_ID`,
 * `TRAINYARD_ACCESS_KEY`, `TRAINYARD_SECRET_KEY`, `TRAINYARD_TOKEN`, `TRAINYARD_REGION`), then from the
 * `credentials.json` that a server on this machine wrote (in `TRAINYARD_DATA`, else `~/.trainyard`).
 * @example const session = new Session()
 */
export class Session extends BrowserSession {
  readonly #obs: ObsFiles

  constructor(options: NodeSessionOptions = {}) {
    const { env = process.env, warn = toStderr, ...own } = options
    super({ ...own, ...toSettings(own, env, warn, BrowserSession.hasEndpoint) })
    this.#obs = new ObsFiles(this)
  }

  /** The object store, with files of this machine. */
  override get obs(): ObsFiles {
    return this.#obs
  }

  override get localFiles(): LocalFiles {
    return this.#obs
  }
}

const toSettings = (
  own: SessionOptions,
  env: Environment,
  warn: (message: string) => void,
  hasDefaultEndpoint: boolean,
): Settings => {
  const file = credentialsFile(env)
  const joined = joinSettings([own, readEnvironment(env), readCredentialsFile(file, warn)])
  // `Session.setEndpoint` is part of the program: it is stronger than environment and file.
  const endpoint = own.endpoint ?? (hasDefaultEndpoint ? undefined : joined.endpoint)
  const hasSignIn = joined.token ?? joined.accessKey ?? joined.secretKey ?? joined.username
  if (hasSignIn === undefined || (endpoint === undefined && !hasDefaultEndpoint)) {
    throw new TrainyardError(
      'invalid_argument',
      `No ${hasSignIn === undefined ? 'credentials' : 'server'} given, in the environment or in ${file}.`,
      {
        solution:
          'Start a server on this machine (trainyard serve), or set TRAINYARD_ENDPOINT, TRAINYARD_ACCESS_KEY and TRAINYARD_SECRET_KEY.',
      },
    )
  }
  return { ...joined, endpoint }
}
