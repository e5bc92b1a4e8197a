import { resolve } from 'node:path'
import { Command } from 'commander'
import { telling } from './run-command.ts'
import { dataDirectoryOf, withDataOption } from './serve-options.ts'

const BYTES_PER_MB = 1_000_000

/** `trainyard backup FILE.tar`: everything that is kept, also while the server runs. */
export const backupCommand = (): Command =>
  withDataOption(
    new Command('backup')
      .description('Write a backup of a data directory; the server may go on running.')
      .argument('<file.tar>', 'file to write; must not be there yet'),
  )
    .addHelpText(
      'after',
      `
Jobs, accounts, keys, objects and logs are in it: keep it as safe as the data directory. What runs is not.

Examples:
  $ trainyard backup yard-$(date +%F).tar
  $ trainyard backup /backups/yard.tar --data /srv/trainyard`,
    )
    .action((file: string, _options: unknown, command: Command) =>
      telling(async () => {
        const { backUp } = await import('./backup/backup.ts')
        const data = dataDirectoryOf(command.optsWithGlobals<{ data?: string }>().data)
        const { objects, logs, bytes, damaged } = await backUp(data, resolve(file))
        for (const text of damaged) process.stderr.write(`warning: ${text}\n`)
        process.stdout.write(
          `${file}: ${objects} objects, ${logs} logs, ${(bytes / BYTES_PER_MB).toFixed(1)} MB\n`,
        )
        if (damaged.length > 0) process.exitCode = 1
      }),
    )
