import { Argument, Command } from 'commander'
import type { Cli } from './cli.ts'
import { bashScript, fishScript, type VerbWords, zshScript } from './completion-scripts.ts'

/** Verbs whose arguments are jobs. */
const takesJobs = (verb: Command): boolean =>
  verb.registeredArguments.some(({ description }) => /name, id|names, ids|a job/.test(description))

const longOptions = (verb: Command): { flag: string; description: string; values: readonly string[] }[] =>
  [...verb.options, ...verb.createHelp().visibleOptions(verb)]
    .filter(({ long }, at, all) => long && all.findIndex((one) => one.long === long) === at)
    .map(({ long, description, argChoices }) => ({
      flag: long ?? '',
      description,
      values: argChoices ?? [],
    }))

const wordsOf = (verb: Command): VerbWords => ({
  name: verb.name(),
  description: verb.description(),
  takesJobs: takesJobs(verb),
  options: longOptions(verb),
  words: [
    ...verb.commands.map((one) => one.name()),
    ...verb.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
  ],
})

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const

/** `trainyard completion`. The script is made from the verbs and options of the program that prints it. */
export const completionCommand = (cli: Cli): Command =>
  new Command('completion')
    .description('print a script that completes verbs, options and jobs in a shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(SCRIPTS)))
    .addHelpText(
      'after',
      `
Put it where your shell looks for it, and begin a new shell:
  bash   trainyard completion bash > ~/.local/share/bash-completion/completions/trainyard
  zsh    trainyard completion zsh > "\${fpath[1]}/_trainyard"
  fish   trainyard completion fish > ~/.config/fish/completions/trainyard.fish

Examples:
  trainyard completion bash
  trainyard completion zsh
  trainyard completion fish`,
    )
    .action((shell: keyof typeof SCRIPTS, _options: unknown, command: Command) => {
      const program = command.parent ?? command
      const verbs = program.commands.filter((verb) => verb.name() !== 'help').map(wordsOf)
      return cli.terminal.write(SCRIPTS[shell](program.name(), verbs))
    })
