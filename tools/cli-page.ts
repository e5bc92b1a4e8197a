import type { Command, Option } from 'commander'
import { commandTree, verbsOf, wordsAfterHelp } from './command-tree.ts'

const CONNECTION = 'Connection:'

const cell = (text: string): string =>
  text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ')

const table = (head: string, rows: readonly (readonly [string, string])[]): string[] =>
  rows.length === 0
    ? []
    : [
        `| ${head} | what it is |`,
        '| --- | --- |',
        ...rows.map(([term, text]) => `| \`${term.replaceAll('|', '\\|')}\` | ${cell(text)} |`),
        '',
      ]

/** The verbs' descriptions are fragments; here they stand as sentences. */
const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`

const optionRows = (command: Command, options: readonly Option[]): (readonly [string, string])[] =>
  options.map((option) => [option.flags, command.createHelp().optionDescription(option)])

const ownOptions = (command: Command): Option[] =>
  command
    .createHelp()
    .visibleOptions(command)
    .filter(({ long, helpGroupHeading }) => long !== '--help' && helpGroupHeading !== CONNECTION)

const verbSection = (name: string, command: Command): string[] => {
  const help = command.createHelp()
  const { notes, examples } = wordsAfterHelp(command)
  const own = ownOptions(command)
  const groups = Map.groupBy(own, ({ helpGroupHeading }) => helpGroupHeading ?? '')
  const isConnected = command.options.some(({ helpGroupHeading }) => helpGroupHeading === CONNECTION)
  return [
    `## ${name}`,
    '',
    sentence(command.description()),
    '',
    ...(command.commands.length > 0 ? [] : [`\`trainyard ${name} ${command.usage()}\``, '']),
    ...table(
      'argument',
      help.visibleArguments(command).map((argument) => [argument.name(), help.argumentDescription(argument)]),
    ),
    ...[...groups].flatMap(([heading, options]) => [
      ...(heading === '' ? [] : [heading, '']),
      ...table('option', optionRows(command, options)),
    ]),
    ...(isConnected ? ['Also takes the [options of the connection](#connection).', ''] : []),
    ...(notes === '' ? [] : ['```text', notes, '```', '']),
    ...(examples.length === 0 ? [] : ['```sh', ...examples, '```', '']),
  ]
}

/** `docs/reference/cli.md`: every verb with its options and examples, from the commands themselves. */
export const cliPage = (): string => {
  const program = commandTree()
  const verbs = verbsOf(program)
  const connected = verbs
    .flatMap(({ command }) => command.options.map((option) => ({ command, option })))
    .filter(({ option }) => option.helpGroupHeading === CONNECTION)
  const [{ command: first } = { command: program }] = connected
  const connection = connected.filter(({ command }) => command === first).map(({ option }) => option)
  return [
    '# Command line',
    '',
    'Made by `npm run docs` from the commands in `src/cli` and `src/app`; do not edit. `trainyard help <verb>` says the same.',
    '',
    `Verbs: ${verbs.map(({ name }) => `[${name}](#${name.replaceAll(' ', '-')})`).join(', ')}.`,
    '',
    ...wordsAfterHelp(program)
      .notes.split('\n')
      .flatMap((line) => [line, '']),
    ...verbs.flatMap(({ name, command }) => verbSection(name, command)),
    '## Connection',
    '',
    'Verbs that talk to a server take these. What is not given comes from the environment, the profile, or the server',
    'of this machine, in this order.',
    '',
    ...table('option', optionRows(first, connection)),
  ]
    .join('\n')
    .replace(/\n+$/, '\n')
}
