import { Command } from 'commander'
import type { ObsEntry, Session } from '../sdk/node/index.ts'
import { type Cli, openSession } from './cli.ts'
import { type Format, formatOption, printRows, RowWriter } from './format.ts'
import type { Column } from './table.ts'
import type { Terminal } from './terminal.ts'
import { toTimestamp } from './times.ts'

interface LsOptions {
  recursive?: boolean
  format: Format
}

type Bucket = Awaited<ReturnType<Session['obs']['listBuckets']>>[number]

const bucketUrl = ({ name }: Bucket): string => `obs://${name}/`

const isoOf = (timeMs: number): string => new Date(timeMs).toISOString()

const BUCKET_COLUMNS: readonly Column<Bucket>[] = [
  {
    title: 'CREATED',
    key: 'created_at',
    value: ({ created_at: time }) => toTimestamp(time),
    exact: ({ created_at: time }) => isoOf(time),
    dropOrder: 1,
  },
  { title: 'BUCKET', key: 'url', value: bucketUrl, dropOrder: 0 },
]

/** A field of an object; directories have none. */
const ofObject =
  (field: (info: (ObsEntry & { kind: 'object' })['info']) => string) =>
  (entry: ObsEntry): string =>
    entry.kind === 'object' ? field(entry.info) : ''

const ENTRY_COLUMNS: readonly Column<ObsEntry>[] = [
  { title: 'SIZE', value: ofObject(({ size }) => String(size)), align: 'right', dropOrder: 1 },
  {
    title: 'MODIFIED',
    key: 'modified_at',
    value: ofObject(({ modified_at: time }) => toTimestamp(time)),
    exact: ofObject(({ modified_at: time }) => isoOf(time)),
    dropOrder: 2,
  },
  {
    title: 'SHA-256',
    key: 'sha256',
    value: ofObject(({ checksum }) => checksum),
    dropOrder: 3,
    isWide: true,
  },
  { title: 'PATH', key: 'url', value: ({ url }) => url, dropOrder: 0 },
]

const printBuckets = async (terminal: Terminal, session: Session, format: Format): Promise<void> => {
  const buckets = await session.obs.listBuckets()
  await printRows(terminal, format, buckets, { columns: BUCKET_COLUMNS, idOf: bucketUrl })
  if (buckets.length === 0) terminal.note('no buckets yet: a bucket comes into being with its first object')
}

/** `trainyard ls`. */
export const lsCommand = (cli: Cli): Command =>
  new Command('ls')
    .description('list the buckets, or what starts with a path of the object store')
    .argument('[path]', 'obs://bucket/prefix')
    .option('-r, --recursive', 'everything below, not one level')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExamples:\n  trainyard ls\n  trainyard ls obs://lab/out/\n  trainyard ls -r obs://lab/out/ -o ids',
    )
    .action(async (path: string | undefined, options: LsOptions, command: Command) => {
      const { terminal } = cli
      const session = openSession(cli, command)
      if (path === undefined) return printBuckets(terminal, session, options.format)
      const writer = new RowWriter<ObsEntry>(terminal, options.format, {
        columns: ENTRY_COLUMNS,
        idOf: ({ url }) => url,
      })
      for await (const entry of session.obs.list(path, { recursive: options.recursive === true })) {
        await writer.add([entry])
      }
      return writer.end()
    })
