import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'

const DEFAULT_PORT = 8080

const parsePort = (text: string): number => {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('It is not a port: 0 to 65535.')
  return port
}

/** Where the data directory is when `--data` does not say: `TRAINYARD_DATA`, else `~/.trainyard`. */
const defaultDataDirectory = (): string => process.env['TRAINYARD_DATA'] || join(homedir(), '.trainyard')

interface ServeOptions {
  readonly port: number
  readonly host: string
  readonly data?: string
  readonly logLevel: string
}

/** `trainyard serve`: the ready line on stdout, logs on stderr, until SIGTERM or SIGINT. */
export const serveCommand = (): Command =>
  new Command('serve')
    .description('Run the server.')
    .option('-p, --port <port>', 'port to listen on; 0 takes any free one', parsePort, DEFAULT_PORT)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--data <directory>', 'data directory (default: $TRAINYARD_DATA or ~/.trainyard)')
    .option('--log-level <level>', 'fatal, error, warn, info, debug or trace', 'info')
    .addHelpText(
      'after',
      '\nExamples:\n  $ trainyard serve\n  $ trainyard serve --port 8123 --data /srv/trainyard',
    )
    // The program has a --data of its own, which takes the value wherever it stands on the line.
    .action((_options: unknown, command: Command) => serve(command.optsWithGlobals<ServeOptions>()))

const serve = async (options: ServeOptions): Promise<void> => {
  // Loaded here, so that the other commands do not pay for the server.
  const [{ destination, pino }, { startServer }] = await Promise.all([
    import('pino'),
    import('./start-server.ts'),
  ])
  const log = pino({ level: options.logLevel }, destination({ fd: 2, sync: true }))
  const server = await startServer({
    dataDirectory: resolve(options.data ?? defaultDataDirectory()),
    port: options.port,
    host: options.host,
    log,
  })
  process.stdout.write(`Trainyard listening on ${server.url}\n`)
  await stopSignal()
  log.info('stopping; jobs go on')
  await server.close()
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
const stopSignal = (): Promise<void> =>
  new Promise((done) => {
    const signals = ['SIGTERM', 'SIGINT'] as const
    const stop = (): void => {
      for (const signal of signals) process.off(signal, stop)
      done()
    }
    for (const signal of signals) process.on(signal, stop)
  })
