import { Command } from 'commander'
import {
  type Profile,
  type Profiles,
  readProfiles,
  TrainyardError,
  writeProfiles,
} from '../sdk/node/index.ts'
import type { Cli } from './cli.ts'
import { type Format, formatOption, printRows } from './format.ts'
import type { Column } from './table.ts'

/** A profile as it is shown: without its secret. */
interface Row {
  readonly name: string
  readonly current: boolean
  readonly endpoint: string
  readonly project_id: string
  readonly region: string
  readonly access_key: string
  readonly user_name: string
  readonly domain_name: string
}

const COLUMNS: readonly Column<Row>[] = [
  {
    title: 'NAME',
    value: ({ name, current }) => (current ? `${name} *` : name),
    exact: ({ name }) => name,
    dropOrder: 0,
  },
  { title: 'SERVER', key: 'endpoint', value: ({ endpoint }) => endpoint, dropOrder: 0, cutTo: 24 },
  {
    title: 'SIGN-IN',
    key: 'sign_in',
    value: (row) => (row.access_key === '' ? `user ${row.user_name}` : `key ${row.access_key}`),
    dropOrder: 1,
    cutTo: 10,
  },
  { title: 'PROJECT', key: 'project_id', value: (row) => row.project_id, dropOrder: 2, isWide: true },
  { title: 'CURRENT', value: ({ current }) => String(current), dropOrder: 3, isWide: true },
]

const toRow = ([name, profile]: readonly [string, Profile], current: string | undefined): Row => ({
  name,
  current: name === current,
  endpoint: profile.endpoint,
  project_id: profile.projectId ?? '',
  region: profile.regionName ?? '',
  access_key: profile.accessKey ?? '',
  user_name: profile.username ?? '',
  domain_name: profile.account ?? '',
})

const load = (cli: Cli): Profiles =>
  readProfiles(cli.env, (message) => cli.terminal.note(`warning: ${message}`))

const checkKnown = ({ profiles }: Profiles, name: string): void => {
  if (profiles.has(name)) return
  const known = [...profiles.keys()]
  throw new TrainyardError('invalid_argument', `There is no profile ${JSON.stringify(name)}.`, {
    solution: known.length > 0 ? `There is ${known.join(', ')}.` : 'Make one: trainyard login',
  })
}

const listCommand = (cli: Cli): Command =>
  new Command('list')
    .description('list the profiles; the current one has a *')
    .addOption(formatOption())
    .action(async ({ format }: { format: Format }) => {
      const { current, profiles } = load(cli)
      const rows = [...profiles].map((entry) => toRow(entry, current))
      await printRows(cli.terminal, format, rows, { columns: COLUMNS, idOf: ({ name }) => name })
      if (rows.length === 0) cli.terminal.note('no profiles yet; make one: trainyard login')
    })

const useCommand = (cli: Cli): Command =>
  new Command('use')
    .description('make a profile the current one')
    .argument('<name>', 'name of the profile')
    .action((name: string) => {
      const profiles = load(cli)
      checkKnown(profiles, name)
      writeProfiles(cli.env, { ...profiles, current: name })
    })

const removeCommand = (cli: Cli): Command =>
  new Command('remove')
    .description('forget a profile and its secret')
    .argument('<name>', 'name of the profile')
    .action((name: string) => {
      const known = load(cli)
      checkKnown(known, name)
      const profiles = new Map([...known.profiles].filter(([one]) => one !== name))
      writeProfiles(cli.env, { profiles, current: known.current === name ? undefined : known.current })
    })

/** `trainyard profile`. */
export const profileCommand = (cli: Cli): Command =>
  new Command('profile')
    .description('list, choose and forget the profiles of trainyard login')
    .addCommand(listCommand(cli))
    .addCommand(useCommand(cli))
    .addCommand(removeCommand(cli))
    .addHelpText(
      'after',
      `
Examples:
  trainyard profile list
  trainyard profile use lab
  trainyard profile remove lab
  trainyard list --profile lab`,
    )
