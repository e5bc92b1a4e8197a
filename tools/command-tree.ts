import type { Command } from 'commander'
import { serverCommands } from '../src/app/commands.ts'
import { createProgram } from '../src/cli/program.ts'

const NOWHERE = { write: (): boolean => true }

/** The program with all its verbs, as `src/main.ts` puts it together; it prints nothing and reads no environment. */
export const commandTree = (): Command => {
  const program = createProgram({ version: '', stdout: NOWHERE, stderr: NOWHERE, env: {} })
  for (const verb of serverCommands()) program.addCommand(verb)
  return program
}

/** Verbs and their inner verbs with their full names, such as `config check`, in the order of the help. */
export const verbsOf = (program: Command): { readonly name: string; readonly command: Command }[] => {
  const walk = (command: Command, before: string): { name: string; command: Command }[] =>
    command.commands.flatMap((inner) => {
      const name = `${before}${inner.name()}`
      return [{ name, command: inner }, ...walk(inner, `${name} `)]
    })
  return walk(program, '')
}

/** What the help of a verb says after its options: notes, and the lines below "Examples:". */
export const wordsAfterHelp = (command: Command): { readonly notes: string; readonly examples: string[] } => {
  let text = ''
  command.configureOutput({ writeOut: (part) => (text += part) })
  command.outputHelp()
  const after = text.slice(text.indexOf(command.helpInformation()) + command.helpInformation().length)
  const [notes = '', examples = ''] = after.split(/^Examples?:\n/m)
  return {
    notes: notes.trim(),
    examples: examples
      .trim()
      .split('\n')
      .map((line) => line.trim().replace(/^\$ /, ''))
      .filter((line) => line !== ''),
  }
}
