import { TrainyardError } from '../../contract/trainyard-error.ts'
import type { SessionOptions } from '../session.ts'
import { type ChosenProfile, chooseProfile, settingsOfProfile } from './profiles.ts'
import {
  credentialsFile,
  type Environment,
  hasSignIn,
  joinSettings,
  readCredentialsFile,
  readEnvironment,
  type Settings,
} from './settings.ts'

/** What is looked through for settings. */
export interface SettingsOptions {
  /** What the program passed. */
  readonly own: SessionOptions
  readonly env: Environment
  /** Name of a profile, as the program passed it. */
  readonly profile: string | undefined
  readonly warn: (message: string) => void
  /** Whether `Session.setEndpoint` names a server. */
  readonly hasDefaultEndpoint: boolean
}

/** Settings, and where the way to sign in was found: `arguments`, `environment`, `profile lab`, or a file. */
export interface FoundSettings {
  /** What a session is made of. */
  readonly settings: Settings
  /** Where the way to sign in was found. */
  readonly signInFrom: string
  /** Name of the user where the way to sign in was found, if it stands there. */
  readonly userName: string | undefined
  /** Name of the profile in use. */
  readonly profile: string | undefined
  /** Whether they lack the password of the profile's user, which no file keeps. */
  readonly lacksPassword: boolean
}

const noServer = (what: string, file: string): TrainyardError =>
  new TrainyardError(
    'invalid_argument',
    `No ${what} given, in the environment, in a profile or in ${file}.`,
    {
      solution:
        'Start a server on this machine (trainyard serve), sign in to one (trainyard login), or set TRAINYARD_ENDPOINT, TRAINYARD_ACCESS_KEY and TRAINYARD_SECRET_KEY.',
    },
  )

/** A password goes nowhere but to the server it was given for. */
const checkPlace = ({ name, profile }: ChosenProfile, { endpoint, username }: Settings): void => {
  if (username === undefined || endpoint === profile.endpoint) return
  throw new TrainyardError(
    'invalid_argument',
    `The password of profile ${name} is for ${profile.endpoint}, not for ${endpoint}.`,
    { solution: 'Make a profile for that server: trainyard login --profile <name> --endpoint <url>' },
  )
}

/** @throws TrainyardError `invalid_argument` when the password is missing. */
export const checkPassword = ({ settings, profile, lacksPassword }: FoundSettings): Settings => {
  if (!lacksPassword) return settings
  throw new TrainyardError(
    'invalid_argument',
    `Profile ${profile} signs in as ${settings.username}, whose password is not kept.`,
    { solution: 'Set TRAINYARD_PASSWORD, or sign in with a key pair: trainyard login' },
  )
}

/**
 * Finds where the server is and how to sign in: arguments, then a profile named by one, the environment, another
 * profile, and where no profile is in use the `credentials.json` of a server on this machine.
 * @throws TrainyardError `invalid_argument` when nothing is found, or a password would go to another server.
 */
export const findSettings = (options: SettingsOptions): FoundSettings => {
  const { own, env, warn, hasDefaultEndpoint } = options
  const chosen = chooseProfile(options.profile, env, warn)
  const file = credentialsFile(env)
  const ofEnvironment = ['environment', readEnvironment(env)] as const
  const ofProfile = chosen && ([`profile ${chosen.name}`, settingsOfProfile(chosen, env)] as const)
  const sources: (readonly [from: string, Settings])[] = [
    ['arguments', own],
    ...(ofProfile && chosen.isNamed ? [ofProfile, ofEnvironment] : [ofEnvironment]),
    ...(ofProfile && !chosen.isNamed ? [ofProfile] : []),
    ...(chosen ? [] : [[file, readCredentialsFile(file, warn)] as const]),
  ]
  const joined = joinSettings(sources.map(([, settings]) => settings))
  // `Session.setEndpoint` is part of the program: it is stronger than environment, profile and file.
  const endpoint = own.endpoint ?? (hasDefaultEndpoint ? undefined : joined.endpoint)
  const [from, { username: userName } = {}] = sources.find(([, one]) => hasSignIn(one)) ?? []
  if (from === undefined) throw noServer('credentials', file)
  if (endpoint === undefined && !hasDefaultEndpoint) throw noServer('server', file)
  const settings = { ...joined, endpoint }
  const isOfProfile = chosen !== undefined && from === ofProfile?.[0]
  if (isOfProfile) checkPlace(chosen, settings)
  const lacksPassword = isOfProfile && settings.username !== undefined && settings.password === undefined
  return { settings, signInFrom: from, userName, profile: chosen?.name, lacksPassword }
}
