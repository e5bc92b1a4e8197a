import { type Command, Option } from 'commander'
import { type Environment, type NodeSessionOptions, Session } from '../sdk/node/index.ts'
import type { Prompt } from './prompt.ts'
import type { Terminal } from './terminal.ts'

/** Options that every verb of this room takes. */
export interface ConnectionOptions {
  readonly profile?: string
  readonly endpoint?: string
  readonly projectId?: string
  readonly region?: string
  readonly data?: string
  readonly workspace?: string
}

/** Verbs that talk to a server. */
const CONNECTED = new WeakSet<Command>()

/**
 * Gives a verb the options that say where the server is. They belong to the verbs, not to the program: there they
 * would take `--data` away from `serve`, where it means something else. Secrets have no option: others can read argv.
 */
export const withConnectionOptions = (verb: Command): Command => {
  const options = [
    ['--profile <name>', 'profile of trainyard login (default: $TRAINYARD_PROFILE, else the current one)'],
    [
      '--endpoint <url>',
      'server (default: $TRAINYARD_ENDPOINT, else that of the profile, else the one started here)',
    ],
    ['--project-id <id>', 'project (default: $TRAINYARD_PROJECT_ID, else that of the sign-in)'],
    ['--region <name>', 'region (default: $TRAINYARD_REGION)'],
    ['--data <directory>', 'where credentials.json lies (default: $TRAINYARD_DATA, else ~/.trainyard)'],
    ['--workspace <id>', 'workspace of new jobs and of names (default: "0")'],
  ] as const
  for (const [flags, description] of options) {
    verb.addOption(new Option(flags, description).helpGroup('Connection:'))
  }
  CONNECTED.add(verb)
  return verb
}

/** What the verbs share. */
export interface Cli {
  readonly terminal: Terminal
  readonly prompt: Prompt
  /** The environment, and the password that was asked for. */
  env: Environment
}

/** Where the server is, and which workspace is meant. */
export const connectionOptions = (command: Command): ConnectionOptions => command.opts<ConnectionOptions>()

/** What a session of a command is made from. */
export const sessionOptions = (cli: Cli, command: Command): NodeSessionOptions => {
  const { profile, endpoint, projectId, region, data } = connectionOptions(command)
  const env = data === undefined ? cli.env : { ...cli.env, TRAINYARD_DATA: data }
  const warn = (message: string) => cli.terminal.note(`warning: ${message}`)
  return { profile, endpoint, projectId, regionName: region, env, warn }
}

/** A session from the options, the environment, a profile or the credentials file. */
export const openSession = (cli: Cli, command: Command): Session => new Session(sessionOptions(cli, command))

/** Asks for the password of a profile's user, which no file keeps, before the command begins. */
export const askPassword = async (cli: Cli, command: Command): Promise<void> => {
  // A login asks for everything itself.
  if (!cli.prompt.canAsk || !CONNECTED.has(command) || command.name() === 'login') return
  const warn = () => undefined
  const { settings, lacksPassword } = Session.findSettings({ ...sessionOptions(cli, command), warn })
  if (!lacksPassword) return
  const password = await cli.prompt.askHidden(`Password of ${settings.username} at ${settings.endpoint}`)
  cli.env = { ...cli.env, TRAINYARD_PASSWORD: password }
}
