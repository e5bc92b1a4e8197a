import type { LocalFiles } from '../local-files.ts'
import { Session as BrowserSession, type SessionOptions } from '../session.ts'
import { checkPassword, type FoundSettings, findSettings } from './find-settings.ts'
import { ObsFiles } from './obs-files.ts'
import type { Environment } from './settings.ts'

/** Options of a session for Node: nothing is required. */
export interface NodeSessionOptions extends SessionOptions {
  /** Environment to read. Default: the process's own. */
  readonly env?: Environment | undefined
  /** Profile to sign in with, of those that `trainyard login` made. Stronger than the environment. */
  readonly profile?: string | undefined
  /** Told of a credentials file that others can read. Default: a line on stderr. */
  readonly warn?: ((message: string) => void) | undefined
}

const toStderr = (message: string): void => {
  process.stderr.write(`warning: ${message}\n`)
}

/**
 * A session for Node. What is not passed comes from the environment (`TRAINYARD_ENDPOINT`, `TRAINYARD_PROJECT_ID`,
 * `TRAINYARD_ACCESS_KEY`, `TRAINYARD_SECRET_KEY`, `TRAINYARD_TOKEN`, `TRAINYARD_REGION`), then from a profile
 * (`TRAINYARD_PROFILE`, else the current one of `trainyard login`), and where there is none from the
 * `credentials.json` that a server on this machine wrote (in `TRAINYARD_DATA`, else `~/.trainyard`).
 * @example const session = new Session()
 */
export class Session extends BrowserSession {
  readonly #obs: ObsFiles

  constructor(options: NodeSessionOptions = {}) {
    super({ ...options, ...checkPassword(Session.findSettings(options)) })
    this.#obs = new ObsFiles(this)
  }

  /** What a session with these options would use, and where it was found; signs in nowhere. */
  static findSettings(options: NodeSessionOptions = {}): FoundSettings {
    const { env = process.env, warn = toStderr, profile, ...own } = options
    return findSettings({ own, env, warn, profile, hasDefaultEndpoint: BrowserSession.hasEndpoint })
  }

  /** The object store, with files of this machine. */
  override get obs(): ObsFiles {
    return this.#obs
  }

  override get localFiles(): LocalFiles {
    return this.#obs
  }
}
