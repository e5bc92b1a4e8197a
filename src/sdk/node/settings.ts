import { homedir } from 'node:os'
import { join } from 'node:path'
import type { SessionOptions } from '../session.ts'
import { readSecretFile } from './secret-file.ts'

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The part of the session options that may come from the environment or the file. */
export type Settings = Pick<
  SessionOptions,
  | 'endpoint'
  | 'projectId'
  | 'regionName'
  | 'accessKey'
  | 'secretKey'
  | 'account'
  | 'username'
  | 'password'
  | 'token'
>

/** The file the server writes for the SDK and CLI: in `TRAINYARD_DATA`, else `~/.trainyard`. */
export const credentialsFile = (env: Environment): string =>
  join(env['TRAINYARD_DATA'] || join(env['HOME'] || homedir(), '.trainyard'), 'credentials.json')

/** Settings of the environment; an empty variable counts as none. */
export const readEnvironment = (env: Environment): Settings => ({
  endpoint: env['TRAINYARD_ENDPOINT'] || undefined,
  projectId: env['TRAINYARD_PROJECT_ID'] || undefined,
  regionName: env['TRAINYARD_REGION'] || undefined,
  accessKey: env['TRAINYARD_ACCESS_KEY'] || undefined,
  secretKey: env['TRAINYARD_SECRET_KEY'] || undefined,
  token: env['TRAINYARD_TOKEN'] || undefined,
})

/**
 * Settings of a credentials file; nothing when there is none. Warns when others can read it.
 * @throws TrainyardError `invalid_argument` when it is there and cannot be read.
 */
export const readCredentialsFile = (file: string, warn: (message: string) => void): Settings => {
  const solution = 'Correct or remove it; the server writes it anew at its next start.'
  const content = readSecretFile({ file, solution }, warn)
  if (content === undefined) return {}
  const field = (name: string): string | undefined => {
    const value = content[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  return {
    endpoint: field('endpoint'),
    projectId: field('project_id'),
    regionName: field('region'),
    accessKey: field('access_key'),
    secretKey: field('secret_key'),
    account: field('domain_name'),
    username: field('user_name'),
    password: field('password'),
  }
}

/** Whether there is anything to sign in with, be it a half. */
export const hasSignIn = ({ token, accessKey, secretKey, username, password }: Settings): boolean =>
  [token, accessKey, secretKey, username, password].some((value) => value !== undefined)

const firstOf = <K extends keyof Settings>(sources: readonly Settings[], key: K): Settings[K] =>
  sources.find((source) => source[key] !== undefined)?.[key]

/**
 * Joins settings, the strongest first. The ways to sign in are taken whole from the first source that has one: a user
 * of one source never meets the password of another. A project or region weaker than the sign-in belongs to somebody
 * else and is left out.
 */
export const joinSettings = (sources: readonly Settings[]): Settings => {
  const at = sources.findIndex(hasSignIn)
  const signIn = sources[at] ?? {}
  const sameOwner = at < 0 ? sources : sources.slice(0, at + 1)
  const { token, accessKey, secretKey, account, username, password } = signIn
  const keys = accessKey !== undefined || secretKey !== undefined
  return {
    endpoint: firstOf(sources, 'endpoint'),
    projectId: firstOf(sameOwner, 'projectId'),
    regionName: firstOf(sameOwner, 'regionName'),
    ...(token !== undefined ? { token } : keys ? { accessKey, secretKey } : { account, username, password }),
  }
}
