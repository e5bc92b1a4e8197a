import { Command, Option } from 'commander'
import { FLAVOR_TYPES } from '../contract/flavor-types.ts'
import { Estimator, type FlavorResponse, type FlavorType } from '../sdk/node/index.ts'
import { type Cli, openSession } from './cli.ts'
import { type Format, formatOption, printRows } from './format.ts'
import type { Column } from './table.ts'

const cards = ({ flavor_info: info }: FlavorResponse): string => {
  const device = info?.gpu ?? info?.npu
  if (device === undefined) return ''
  return [`${device.unit_num ?? 1} x`, device.product_name, device.memory].filter(Boolean).join(' ')
}

const COLUMNS: readonly Column<FlavorResponse>[] = [
  { title: 'FLAVOR', value: (flavor) => flavor.flavor_id ?? '', dropOrder: 0 },
  { title: 'TYPE', value: (flavor) => flavor.flavor_type ?? '', dropOrder: 2 },
  {
    title: 'CPUS',
    value: ({ flavor_info: info }) => String(info?.cpu?.core_num ?? ''),
    align: 'right',
    dropOrder: 0,
  },
  {
    title: 'MEMORY',
    value: ({ flavor_info: info }) => (info?.memory?.size === undefined ? '' : `${info.memory.size} GB`),
    align: 'right',
    dropOrder: 1,
  },
  { title: 'CARDS', value: cards, dropOrder: 3 },
  {
    title: 'MOST NODES',
    value: (flavor) => String(flavor.flavor_info?.max_num ?? flavor.max_num ?? ''),
    align: 'right',
    dropOrder: 4,
  },
  { title: 'NAME', value: (flavor) => flavor.flavor_name ?? '', dropOrder: 5, cutTo: 10 },
]

/** `trainyard flavors`. */
export const flavorsCommand = (cli: Cli): Command =>
  new Command('flavors')
    .description('list the flavors: sizes of nodes a job can ask for')
    .addOption(new Option('--type <type>', 'only flavors of this type').choices(FLAVOR_TYPES))
    .addOption(formatOption())
    .addHelpText('after', '\nExamples:\n  trainyard flavors\n  trainyard flavors --type GPU -o ids')
    .action(async ({ type, format }: { type?: FlavorType; format: Format }, command: Command) => {
      const flavors = await Estimator.getFlavors({ session: openSession(cli, command), flavorType: type })
      await printRows(cli.terminal, format, flavors, {
        columns: COLUMNS,
        idOf: (flavor) => flavor.flavor_id ?? '',
      })
    })
