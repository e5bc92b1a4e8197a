import { type Command, Option } from 'commander'
import { type Environment, Session } from '../sdk/node/index.ts'
import type { Terminal } from './terminal.ts'

/** Options that every verb of this room takes. */
export interface ConnectionOptions {
  readonly endpoint?: string
  readonly projectId?: string
  readonly region?: string
  readonly data?: string
  readonly workspace?: string
}

/**
 * Gives a verb the options that say where the server is. They belong to the verbs, not to the program: there they
 * would take `--data` away from `serve`, where it means something else. Secrets have no option: others can read argv.
 */
export const withConnectionOptions = (verb: Command): Command => {
  const options = [
    ['--endpoint <url>', 'server (default: $TRAINYARD_ENDPOINT, else the one started on this machine)'],
    ['--project-id <id>', 'project (default: $TRAINYARD_PROJECT_ID, else that of the credentials)'],
    ['--region <name>', 'region (default: $TRAINYARD_REGION)'],
    ['--data <directory>', 'where credentials.json lies (default: $TRAINYARD_DATA, else ~/.trainyard)'],
    ['--workspace <id>', 'workspace of new jobs and of names (default: "0")'],
  ] as const
  for (const [flags, description] of options) {
    verb.addOption(new Option(flags, description).helpGroup('Connection:'))
  }
  return verb
}

/** What the verbs share. */
export interface Cli {
  readonly terminal: Terminal
  readonly env: Environment
}

/** Where the server is, and which workspace is meant. */
export const connectionOptions = (command: Command): ConnectionOptions => command.opts<ConnectionOptions>()

/** A session from the options, the environment and the credentials file. */
export const openSession = (cli: Cli, command: Command): Session => {
  const { endpoint, projectId, region, data } = connectionOptions(command)
  const env = data === undefined ? cli.env : { ...cli.env, TRAINYARD_DATA: data }
  const warn = (message: string) => cli.terminal.note(`warning: ${message}`)
  return new Session({ endpoint, projectId, regionName: region, env, warn })
}
