import { Command } from 'commander'
import { type Format, formatOption } from './format.ts'
import { gatherPairs, parseWhole } from './option-values.ts'

type Pairs = Readonly<Record<string, string>>

/** The options of `submit`, as given. */
export interface SubmitOptions {
  readonly file?: string
  readonly name?: string
  readonly description?: string
  readonly codeDir?: string
  readonly bootFile?: string
  readonly engine?: string
  readonly command?: string
  readonly image?: string
  readonly flavor?: string
  readonly nodes?: number
  readonly param?: Pairs
  readonly env?: Pairs
  readonly input?: Pairs
  readonly output?: Pairs
  readonly logUrl?: string
  readonly autoStop?: number
  readonly priority?: number
  readonly annotation?: Pairs
  readonly wait?: boolean
  readonly follow?: boolean
  readonly dryRun?: boolean
  readonly format: Format
}

/** Gives a verb the options that describe a job, and what to do once it is created. */
export const withJobOptions = (verb: Command): Command =>
  verb
    .option('-d, --description <text>', 'description')
    .option('-c, --code-dir <directory>', 'code: obs://bucket/path/, or a local directory that is uploaded')
    .option(
      '-b, --boot-file <file>',
      'start file, relative to the code; default of local code: train.py, main.py',
    )
    .option(
      '-e, --engine <engine>',
      'name:version, id, or a name there is one of; default: the newest Python',
    )
    .option('--command <line>', 'shell command to run instead of a start file')
    .option('--image <image>', 'container image; needs --command')
    .option('--flavor <id>', 'size of a node; default: the smallest CPU flavor')
    .option('--nodes <number>', 'number of nodes', parseWhole(1, 100_000))
    .option('-p, --param <name=value>', 'hyperparameter; repeatable', gatherPairs)
    .option('--env <name=value>', 'environment variable; repeatable', gatherPairs)
    .option(
      '-i, --input <name=path>',
      'input channel: obs://… or a local path that is uploaded; repeatable',
      gatherPairs,
    )
    .option('--output <name=path>', 'output channel: obs://bucket/path/; repeatable', gatherPairs)
    .option('--log-url <path>', 'copy the logs to obs://bucket/path/')
    .option('--auto-stop <hours>', 'stop the job after it ran this long', parseWhole(1, 1_000_000))
    .option('--priority <number>', '1 to 3, 3 is highest', parseWhole(1, 3))
    .option('--annotation <key=value>', 'annotation; repeatable', gatherPairs)
    .option('-w, --wait', 'wait until the job has ended; exits 1 unless it is Completed')
    .option('--follow', 'print the logs meanwhile; waits as well')
    .option('--dry-run', 'have the server check everything, and create and upload nothing')
    .addOption(formatOption('ids'))

const HELP = `
A path that begins with obs:// is in the object store. Any other is local if there is such a file or
directory, else a storage path /bucket/path. Local code and data are uploaded to
obs://trainyard-uploads/<job name>-<UTC time>/, without .git, node_modules, .venv and __pycache__;
a local file given as an input arrives as a directory that holds it.
In --file, paths without a "/" in front are local, relative to the file.

Examples:
  trainyard submit -c ./code -b train.py -p epochs=5 --output train_url=obs://lab/out/a1/ --follow
  trainyard submit -n resnet50 -c obs://lab/code/ -b train.py -e PyTorch:2.3 --flavor yard.gpu.1x --nodes 2
  trainyard submit --command 'echo hello' --wait
  trainyard submit --file job.yaml --name second -p learning_rate=0.01
  trainyard submit --file job.yaml --dry-run`

/** `submit` with its options and help, without its action. */
export const submitOptions = (): Command =>
  withJobOptions(
    new Command('submit')
      .description('create a job and print its id')
      .option('--file <job.yaml>', 'create request in YAML or JSON; options win over it')
      .option('-n, --name <name>', 'name; default: generated'),
  ).addHelpText('after', HELP)
