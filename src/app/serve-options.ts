import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { KEEP_ALLOWED, KEEP_PATTERN } from './config-schema.ts'

/** What `serve` takes on the command line. */
export interface ServeOptions {
  readonly port: number
  readonly host: string
  /** Absolute path. */
  readonly data: string
  readonly logLevel: string
  readonly logFormat: 'json' | 'pretty'
  readonly keep?: string
}

/** Defaults of `serve`, without those that depend on the account or the terminal. */
export const SERVE_DEFAULTS = { port: 8080, host: '127.0.0.1', logLevel: 'info' } as const

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace']

const parsePort = (text: string): number => {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('It is not a port: 0 to 65535.')
  return port
}

const parseKeep = (text: string): string => {
  if (!new RegExp(KEEP_PATTERN).test(text)) throw new InvalidArgumentError(`Allowed: ${KEEP_ALLOWED}.`)
  return text
}

/** Where the data directory is when `--data` does not say: `TRAINYARD_DATA`, else `~/.trainyard`. */
export const defaultDataDirectory = (): string =>
  process.env['TRAINYARD_DATA'] || join(homedir(), '.trainyard')

/** Absolute path of the data directory that `--data` names, or of the default one. */
export const dataDirectoryOf = (data: string | undefined): string => resolve(data ?? defaultDataDirectory())

/** Gives a command the option that names the data directory. */
export const withDataOption = (command: Command): Command =>
  command.option('--data <directory>', 'data directory (default: $TRAINYARD_DATA or ~/.trainyard)')

/** Gives a command the option that names the port. */
export const withPortOption = (command: Command): Command =>
  command.option(
    '-p, --port <port>',
    'port to listen on; 0 takes any free one',
    parsePort,
    SERVE_DEFAULTS.port,
  )

/** Gives a command the options of `serve`. */
export const withServeOptions = (command: Command): Command =>
  withDataOption(
    withPortOption(command).option('--host <address>', 'address to listen on', SERVE_DEFAULTS.host),
  )
    .option(
      '--keep <time>',
      'how long finished jobs are kept, such as 90d; goes before retention.jobs',
      parseKeep,
    )
    .addOption(
      new Option('--log-level <level>', 'least level that is logged')
        .choices(LOG_LEVELS)
        .default(SERVE_DEFAULTS.logLevel),
    )
    .addOption(
      new Option(
        '--log-format <format>',
        'lines for machines or for people (default: pretty on a terminal)',
      ).choices(['json', 'pretty']),
    )

/** The options as given, with what depends on account and terminal filled in. */
export const serveOptionsOf = (command: Command): ServeOptions => {
  const given = command.optsWithGlobals<
    Partial<ServeOptions> & { port: number; host: string; logLevel: string }
  >()
  return {
    ...given,
    data: dataDirectoryOf(given.data),
    logFormat: given.logFormat ?? (process.stderr.isTTY ? 'pretty' : 'json'),
  }
}
