import { Command, Option } from 'commander'
import { telling } from './run-command.ts'
import { dataDirectoryOf, serveOptionsOf, withDataOption, withServeOptions } from './serve-options.ts'

const checkCommand = (): Command =>
  withDataOption(new Command('check').description('Check trainyard.yaml as `serve` would.'))
    .addHelpText('after', '\nExit codes: 0 it can be used, 2 it has mistakes; all are listed.')
    .action((_options: unknown, command: Command) =>
      telling(async () => {
        const { checkConfig } = await import('./config-check.ts')
        const data = dataDirectoryOf(command.optsWithGlobals<{ data?: string }>().data)
        process.stdout.write(`${await checkConfig(data)}\n`)
      }),
    )

const showCommand = (): Command =>
  withServeOptions(
    new Command('show')
      .description('Show the settings in force, and where each comes from.')
      .addOption(
        new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table'),
      ),
  )
    .addHelpText('after', '\nTakes the options of `serve`, to show what they would change.')
    .action((_options: unknown, command: Command) =>
      telling(async () => {
        const { showConfig } = await import('./config-show.ts')
        const { output } = command.opts<{ output: 'table' | 'json' }>()
        const isGiven = (option: string): boolean => command.getOptionValueSourceWithGlobals(option) === 'cli'
        process.stdout.write(await showConfig(serveOptionsOf(command), isGiven, output))
      }),
    )

/** `trainyard config check` and `trainyard config show`. */
export const configCommand = (): Command =>
  new Command('config')
    .description('Check or show the configuration of a server.')
    .addCommand(checkCommand())
    .addCommand(showCommand())
    .addHelpText('after', '\nExamples:\n  $ trainyard config check\n  $ trainyard config show --keep 90d')
