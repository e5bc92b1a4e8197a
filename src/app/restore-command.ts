import { resolve } from 'node:path'
import { Command } from 'commander'
import { telling } from './run-command.ts'
import { dataDirectoryOf, withDataOption } from './serve-options.ts'

/** `trainyard restore FILE.tar`: a data directory from a backup. */
export const restoreCommand = (): Command =>
  withDataOption(
    new Command('restore')
      .description('Make a data directory from a backup, every checksum verified.')
      .argument('<file.tar>', 'a file that `trainyard backup` wrote'),
  )
    .addHelpText(
      'after',
      `
The directory must be empty or new. Jobs that ran when the backup was made will be shown as lost.

Example:
  $ trainyard restore yard.tar --data /srv/trainyard`,
    )
    .action((file: string, _options: unknown, command: Command) =>
      telling(async () => {
        const { restore } = await import('./backup/restore.ts')
        const data = dataDirectoryOf(command.optsWithGlobals<{ data?: string }>().data)
        const { files, createdAt } = await restore(resolve(file), data)
        process.stdout.write(`${data}: ${files} files of the backup of ${createdAt}\n`)
      }),
    )
