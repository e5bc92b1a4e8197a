import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { TrainyardError } from '../../contract/trainyard-error.ts'
import { isJsonObject, type JsonObject, readSecretFile, unreadable, writeSecretFile } from './secret-file.ts'
import type { Environment, Settings } from './settings.ts'

/** A server and how to sign in to it: with a key pair, or as a user whose password is asked for and never kept. */
export interface Profile {
  /** Address of the server. */
  readonly endpoint: string
  /** Project of the session. */
  readonly projectId?: string | undefined
  /** Region: the name of the project. */
  readonly regionName?: string | undefined
  /** Access key; together with `secretKey`. */
  readonly accessKey?: string | undefined
  /** Secret key. */
  readonly secretKey?: string | undefined
  /** Account (domain) of the user. */
  readonly account?: string | undefined
  /** Name of a user whose password no file keeps. */
  readonly username?: string | undefined
}

/** What the file of profiles holds. */
export interface Profiles {
  /** The profile in use when none is named. */
  readonly current?: string | undefined
  /** The profiles by name. */
  readonly profiles: ReadonlyMap<string, Profile>
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** @throws TrainyardError `invalid_argument` for what cannot name a profile. */
export const checkProfileName = (name: string): void => {
  if (NAME.test(name)) return
  throw new TrainyardError('invalid_argument', `Not the name of a profile: ${JSON.stringify(name)}.`, {
    solution: 'Use 1 to 64 letters, digits, ".", "_" or "-", a letter or digit first.',
  })
}

/** The file of profiles: `trainyard/profiles.json` in `XDG_CONFIG_HOME`, else in `~/.config`. */
export const profilesFile = (env: Environment): string => {
  const config = env['XDG_CONFIG_HOME'] ?? ''
  const base = isAbsolute(config) ? config : join(env['HOME'] || homedir(), '.config')
  return join(base, 'trainyard', 'profiles.json')
}

/** Our names beside those in the file, which are those of `credentials.json`. */
const FIELDS = [
  ['endpoint', 'endpoint'],
  ['projectId', 'project_id'],
  ['regionName', 'region'],
  ['accessKey', 'access_key'],
  ['secretKey', 'secret_key'],
  ['account', 'domain_name'],
  ['username', 'user_name'],
] as const satisfies readonly (readonly [keyof Profile, string])[]

const toProfile = (content: unknown): Profile | undefined => {
  if (!isJsonObject(content)) return undefined
  const fields = FIELDS.flatMap(([name, written]) => {
    const value = content[written]
    return typeof value === 'string' && value !== '' ? [[name, value] as const] : []
  })
  const { endpoint, ...rest }: Partial<Profile> = Object.fromEntries(fields)
  return endpoint === undefined ? undefined : { endpoint, ...rest }
}

const fromProfile = (profile: Profile): JsonObject =>
  Object.fromEntries(
    FIELDS.flatMap(([name, written]) => {
      const value = profile[name]
      return value === undefined ? [] : [[written, value] as const]
    }),
  )

/**
 * Reads the profiles; none when there is no file. Warns when others can read it.
 * @throws TrainyardError `invalid_argument` when it is there and cannot be read.
 */
export const readProfiles = (env: Environment, warn: (message: string) => void): Profiles => {
  const file = profilesFile(env)
  const about = { file, solution: 'Correct or remove it, then sign in again: trainyard login.' }
  const content = readSecretFile(about, warn)
  if (content === undefined) return { profiles: new Map() }
  const { current, profiles: written = {} } = content
  if (!isJsonObject(written)) throw unreadable(about, 'has no object "profiles"')
  const profiles = Object.entries(written).map(([name, one]) => {
    const profile = toProfile(one)
    if (profile === undefined)
      throw unreadable(about, `names no endpoint for the profile ${JSON.stringify(name)}`)
    return [name, profile] as const
  })
  return { current: typeof current === 'string' ? current : undefined, profiles: new Map(profiles) }
}

/** Writes the profiles, whole or not at all, readable by their owner alone. */
export const writeProfiles = (env: Environment, { current, profiles }: Profiles): void => {
  const written = Object.fromEntries([...profiles].map(([name, one]) => [name, fromProfile(one)]))
  const content = { ...(current === undefined ? {} : { current }), profiles: written }
  writeSecretFile(profilesFile(env), `${JSON.stringify(content, null, 2)}\n`)
}

/** A profile that was chosen. */
export interface ChosenProfile {
  readonly name: string
  readonly profile: Profile
  /** Whether the program named it, which makes it stronger than the environment. */
  readonly isNamed: boolean
}

/**
 * The profile to use: as named, else `TRAINYARD_PROFILE`, else the current one unless `TRAINYARD_DATA` says that the
 * server whose data lie there is meant; undefined when none is chosen.
 * @throws TrainyardError `invalid_argument` when there is none of that name.
 */
export const chooseProfile = (
  named: string | undefined,
  env: Environment,
  warn: (message: string) => void,
): ChosenProfile | undefined => {
  const wanted = named ?? (env['TRAINYARD_PROFILE'] || undefined)
  if (wanted === undefined && env['TRAINYARD_DATA']) return undefined
  const { current, profiles } = readProfiles(env, warn)
  const name = wanted ?? current
  if (name === undefined) return undefined
  const profile = profiles.get(name)
  if (profile !== undefined) return { name, profile, isNamed: named !== undefined }
  const known = [...profiles.keys()]
  throw new TrainyardError('invalid_argument', `There is no profile ${JSON.stringify(name)}.`, {
    solution:
      known.length > 0 ? `There is ${known.join(', ')}.` : `Make it: trainyard login --profile ${name}`,
  })
}

/** The settings of a profile. The password of its user comes from `TRAINYARD_PASSWORD`. */
export const settingsOfProfile = ({ profile }: ChosenProfile, env: Environment): Settings => {
  const { accessKey, secretKey, account, username, ...place } = profile
  if (accessKey !== undefined) return { ...place, accessKey, secretKey }
  const password = env['TRAINYARD_PASSWORD'] || undefined
  return username === undefined ? place : { ...place, account, username, password }
}
