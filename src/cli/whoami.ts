import { Command } from 'commander'
import { OPERATIONS, Session } from '../sdk/node/index.ts'
import { type Cli, sessionOptions } from './cli.ts'
import { type Format, formatOption, printRows } from './format.ts'
import type { Column } from './table.ts'

/** Who signs in, where, and by which of the places that settings come from. */
interface Row {
  readonly endpoint: string
  readonly project_id: string
  readonly region: string
  readonly user_name: string
  readonly access_key: string
  readonly source: string
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'SERVER', key: 'endpoint', value: ({ endpoint }) => endpoint, dropOrder: 0 },
  { title: 'USER', key: 'user_name', value: (row) => row.user_name, dropOrder: 1 },
  { title: 'ACCESS KEY', key: 'access_key', value: (row) => row.access_key, dropOrder: 2 },
  { title: 'REGION', value: ({ region }) => region, dropOrder: 4 },
  { title: 'PROJECT', key: 'project_id', value: (row) => row.project_id, dropOrder: 3, isWide: true },
  { title: 'FROM', key: 'source', value: ({ source }) => source, dropOrder: 0, cutTo: 12 },
]

/** `trainyard whoami`. */
export const whoamiCommand = (cli: Cli): Command =>
  new Command('whoami')
    .description('show which server you are signed in to, as whom, and why')
    .addOption(formatOption())
    .addHelpText('after', '\nExamples:\n  trainyard whoami\n  trainyard whoami --profile lab -o json')
    .action(async ({ format }: { format: Format }, command: Command) => {
      const options = sessionOptions(cli, command)
      const session = new Session(options)
      const { settings, signInFrom, userName } = Session.findSettings({ ...options, warn: () => undefined })
      const projectId = await session.resolveProjectId()
      const { projects } = await session.send(OPERATIONS.listProjects, {})
      const row: Row = {
        endpoint: session.endpoint,
        project_id: projectId,
        region: projects.find(({ id }) => id === projectId)?.name ?? '',
        user_name: userName ?? '',
        access_key: settings.accessKey ?? '',
        source: signInFrom,
      }
      await printRows(cli.terminal, format, [row], { columns: COLUMNS, idOf: ({ project_id: id }) => id })
    })
