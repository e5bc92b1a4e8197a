import { Command, Option } from 'commander'
import type { ObsEntry, Session } from '../sdk/node/index.ts'
import { type Cli, openSession } from './cli.ts'
import { printable, type Terminal } from './terminal.ts'
import { padToWidth } from './text-width.ts'
import { toTimestamp } from './times.ts'

interface LsOptions {
  recursive?: boolean
  format: 'text' | 'json' | 'paths'
}

const SIZE_WIDTH = 14
const TIME_WIDTH = 20

const entryLine = (entry: ObsEntry): string => {
  const [size, time] =
    entry.kind === 'object' ? [String(entry.info.size), toTimestamp(entry.info.modified_at)] : ['', '']
  return `${padToWidth(size, SIZE_WIDTH, 'right')}  ${padToWidth(time, TIME_WIDTH)}  ${printable(entry.url)}`
}

const printBuckets = async (
  terminal: Terminal,
  session: Session,
  format: LsOptions['format'],
): Promise<void> => {
  const buckets = await session.obs.listBuckets()
  if (format === 'json') return terminal.print(JSON.stringify(buckets, null, 2))
  const lines = buckets.map(({ name, created_at: createdAt }) =>
    format === 'paths' ? `obs://${name}/\n` : `${toTimestamp(createdAt)}  obs://${name}/\n`,
  )
  await terminal.write(lines.join(''))
  if (lines.length === 0) terminal.note('no buckets yet: a bucket comes into being with its first object')
  return undefined
}

/** `trainyard ls`. */
export const lsCommand = (cli: Cli): Command =>
  new Command('ls')
    .description('list the buckets, or what starts with a path of the object store')
    .argument('[path]', 'obs://bucket/prefix')
    .option('-r, --recursive', 'everything below, not one level')
    .addOption(
      new Option('-o, --format <form>', 'form of the output')
        .choices(['text', 'json', 'paths'])
        .default('text'),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  trainyard ls\n  trainyard ls obs://lab/out/\n  trainyard ls -r obs://lab/out/ -o paths',
    )
    .action(async (path: string | undefined, options: LsOptions, command: Command) => {
      const { terminal } = cli
      const session = openSession(cli, command)
      if (path === undefined) return printBuckets(terminal, session, options.format)
      const entries: ObsEntry[] = []
      for await (const entry of session.obs.list(path, { recursive: options.recursive === true })) {
        if (options.format === 'json') entries.push(entry)
        else await terminal.print(options.format === 'paths' ? entry.url : entryLine(entry))
      }
      if (options.format === 'json') return terminal.print(JSON.stringify(entries, null, 2))
      return undefined
    })
