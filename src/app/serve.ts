import { Command } from 'commander'
import { telling } from './run-command.ts'
import { type ServeOptions, serveOptionsOf, withServeOptions } from './serve-options.ts'

/** `trainyard serve`: the ready line on stdout, logs on stderr, until SIGTERM or SIGINT. */
export const serveCommand = (): Command =>
  withServeOptions(new Command('serve').description('Run the server.'))
    .addHelpText(
      'after',
      `
Examples:
  $ trainyard serve
  $ trainyard serve --port 8123 --data /srv/trainyard
  $ trainyard serve --keep 90d --log-format json`,
    )
    .action((_options: unknown, command: Command) => telling(() => serve(serveOptionsOf(command))))

const serve = async (options: ServeOptions): Promise<void> => {
  // Listened for from the beginning: a signal right behind the ready line must not end the process half-way.
  const stopped = stopSignal()
  // Loaded here, so that the other commands do not pay for the server.
  const [{ openLog }, { startServer }] = await Promise.all([
    import('./open-log.ts'),
    import('./start-server.ts'),
  ])
  const log = openLog(options.logLevel, options.logFormat)
  const server = await startServer({
    dataDirectory: options.data,
    port: options.port,
    host: options.host,
    log,
    ...(options.keep === undefined ? {} : { keep: options.keep }),
  })
  process.stdout.write(`Trainyard listening on ${server.url}\n`)
  // What keeps jobs from being taken up ends the server, as any other trouble of a start.
  await Promise.race([stopped, server.working.then(() => new Promise<never>(() => undefined))]).catch(
    async (error: unknown) => {
      await server.close()
      throw error
    },
  )
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
