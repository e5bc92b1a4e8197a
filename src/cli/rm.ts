import { Command } from 'commander'
import { TrainyardError } from '../sdk/node/index.ts'
import { type Cli, openSession } from './cli.ts'

/** `trainyard rm`. */
export const rmCommand = (cli: Cli): Command =>
  new Command('rm')
    .description('delete an object, or with -r everything below a storage directory')
    .argument('<path>', 'obs://bucket/key, or with -r obs://bucket/prefix/')
    .option('-r, --recursive', 'delete everything below')
    .addHelpText(
      'after',
      '\nExamples:\n  trainyard rm obs://lab/out/model.json\n  trainyard rm -r obs://lab/out/old/',
    )
    .action(async (path: string, { recursive }: { recursive?: boolean }, command: Command) => {
      const { obs } = openSession(cli, command)
      if (recursive === true) return obs.deleteDirectory(path)
      if (path.endsWith('/')) throw new TrainyardError('invalid_argument', `${path} is a directory: use -r.`)
      return obs.delete(path)
    })
