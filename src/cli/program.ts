import { Command, CommanderError } from 'commander'
import { type Environment, isTrainyardError, SDK_VERSION } from '../sdk/node/index.ts'
import { askPassword, type Cli, withConnectionOptions } from './cli.ts'
import { cloneCommand } from './clone.ts'
import { compareCommand } from './compare.ts'
import { completionCommand } from './completion.ts'
import { cpCommand } from './cp.ts'
import { deleteCommand } from './delete.ts'
import { enginesCommand } from './engines.ts'
import { eventsCommand } from './events.ts'
import { EXIT, exitCodeOf } from './exit-codes.ts'
import { flavorsCommand } from './flavors.ts'
import { listCommand } from './list.ts'
import { loginCommand } from './login.ts'
import { logsCommand } from './logs.ts'
import { lsCommand } from './ls.ts'
import { metricsCommand } from './metrics.ts'
import { openCommand } from './open.ts'
import { profileCommand } from './profile.ts'
import { type Input, Prompt } from './prompt.ts'
import { rmCommand } from './rm.ts'
import { showCommand } from './show.ts'
import { stopCommand } from './stop.ts'
import { submitCommand } from './submit.ts'
import { tasksCommand } from './tasks.ts'
import { type Output, printable, Terminal, writeProse } from './terminal.ts'
import { waitCommand } from './wait.ts'
import { whoamiCommand } from './whoami.ts'

export interface ProgramOptions {
  readonly version: string
  readonly stdout: Output
  readonly stderr: Output
  /** Where answers to questions come from; without, nothing is asked. */
  readonly stdin?: Input | undefined
  readonly env: Environment
}

const VERBS: readonly ((cli: Cli) => Command)[] = [
  submitCommand,
  cloneCommand,
  listCommand,
  showCommand,
  compareCommand,
  logsCommand,
  eventsCommand,
  tasksCommand,
  metricsCommand,
  waitCommand,
  stopCommand,
  deleteCommand,
  cpCommand,
  lsCommand,
  rmCommand,
  flavorsCommand,
  enginesCommand,
  openCommand,
  loginCommand,
  whoamiCommand,
]

/** Verbs that talk to no server. */
const LOCAL_VERBS: readonly ((cli: Cli) => Command)[] = [profileCommand, completionCommand]

/** The command `trainyard` with the verbs of this room. It throws instead of ending the process. */
export const createProgram = (options: ProgramOptions): Command => {
  const terminal = new Terminal(options.stdout, options.stderr, options.env)
  const cli: Cli = { terminal, prompt: new Prompt(options.stdin, terminal), env: options.env }
  const program = new Command('trainyard')
    .description('Run training jobs on your own machines.')
    .version(options.version, '-V, --version')
    .showHelpAfterError('See --help.')
    .exitOverride()
    .hook('preAction', (_program, command) => askPassword(cli, command))
    .configureOutput({
      writeOut: (text) => writeProse(options.stdout, text),
      writeErr: (text) => writeProse(options.stderr, text),
    })
    .addHelpText(
      'after',
      `
A job is named by its name, its id, or the begin of its id.
Exit codes: 0 done, 1 a job did not succeed, 2 wrong usage, 3 the server refused or could not be reached.`,
    )
  for (const verb of VERBS) addVerb(program, withConnectionOptions(verb(cli)))
  for (const verb of LOCAL_VERBS) addVerb(program, verb(cli))
  return program
}

/** Adds a verb made elsewhere; it takes over how the program exits and writes. */
const addVerb = (program: Command, verb: Command): void => {
  const inherit = (command: Command, parent: Command): void => {
    command.copyInheritedSettings(parent)
    for (const inner of command.commands) inherit(inner, command)
  }
  inherit(verb, program)
  program.addCommand(verb)
}

const printError = (stderr: Output, error: unknown): void => {
  // Commander has printed its own.
  if (error instanceof CommanderError) return
  if (!isTrainyardError(error)) {
    writeProse(stderr, `error: ${printable(error instanceof Error ? error.message : String(error))}\n`)
    return
  }
  writeProse(stderr, `error: ${printable(error.message)} (${printable(error.code)})\n`)
  if (error.solution) writeProse(stderr, `  ${printable(error.solution)}\n`)
  if (error.requestId) writeProse(stderr, `  request id: ${printable(error.requestId)}\n`)
}

/** Runs a command line, without the program's name. Gives the exit code; errors have been printed. */
export const runProgram = async (
  program: Command,
  args: readonly string[],
  stderr: Output,
): Promise<number> => {
  try {
    await program.parseAsync([...args], { from: 'user' })
    return EXIT.done
  } catch (error) {
    printError(stderr, error)
    return exitCodeOf(error)
  }
}

/**
 * Runs the command line of this process: `argv` as Node gives it, further verbs such as `serve` from outside.
 * Gives the exit code.
 */
export const runCli = (argv: readonly string[], verbs: readonly Command[] = []): Promise<number> => {
  const { stdin, stdout, stderr, env } = process
  // `trainyard logs … | head` closes the pipe: that is no error.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.done)
    throw error
  })
  const program = createProgram({ version: SDK_VERSION, stdin, stdout, stderr, env })
  for (const verb of verbs) addVerb(program, verb)
  return runProgram(program, argv.slice(2), stderr)
}
