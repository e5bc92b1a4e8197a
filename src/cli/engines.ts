import { Command } from 'commander'
import { type EngineItem, Estimator } from '../sdk/node/index.ts'
import { type Cli, openSession } from './cli.ts'
import { type Format, formatOption, printRows } from './format.ts'
import type { Column } from './table.ts'

const COLUMNS: readonly Column<EngineItem>[] = [
  { title: 'NAME', value: (engine) => engine.engine_name, dropOrder: 0 },
  { title: 'VERSION', value: (engine) => engine.engine_version, dropOrder: 1 },
  { title: 'ID', value: (engine) => engine.engine_id, dropOrder: 0, cutTo: 16 },
  {
    title: 'IMAGE',
    value: ({ image_info: image }) => image.gpu_image_url || image.cpu_image_url || '',
    dropOrder: 2,
  },
]

/** `trainyard engines`. */
export const enginesCommand = (cli: Cli): Command =>
  new Command('engines')
    .description('list the engines: AI frameworks a job can name')
    .addOption(formatOption())
    .addHelpText('after', '\nExamples:\n  trainyard engines\n  trainyard engines -o ids')
    .action(async ({ format }: { format: Format }, command: Command) => {
      const engines = await Estimator.getEngines({ session: openSession(cli, command) })
      await printRows(cli.terminal, format, engines, {
        columns: COLUMNS,
        idOf: (engine) => engine.engine_id,
      })
    })
