import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Command } from 'commander'
import { commandTree, verbsOf, wordsAfterHelp } from '../tools/command-tree.ts'

const MOST_EXAMPLES = 6

const verbs = verbsOf(commandTree()).map(({ name, command }) => ({
  name,
  isGroup: command.commands.length > 0,
  examples: wordsAfterHelp(command).examples,
}))

/** A tree whose verbs do nothing: what is left is the reading of the command line. */
const inertTree = (): Command => {
  const program = commandTree()
  program.exitOverride()
  for (const { command } of verbsOf(program)) {
    if (command.commands.length === 0) command.action(() => undefined)
    command.exitOverride().configureOutput({ writeOut: () => undefined, writeErr: () => undefined })
  }
  return program
}

describe('the examples of the help', () => {
  let folder: string

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'trainyard-help-'))
    // Writes its arguments down, and prints something for what stands behind a pipe.
    writeFileSync(
      join(folder, 'trainyard'),
      '#!/bin/sh\nfor word; do printf "%s\\0" "$word" >>"$ARGS"; done\nprintf "\\036" >>"$ARGS"\necho x\n',
    )
    chmodSync(join(folder, 'trainyard'), 0o755)
    writeFileSync(join(folder, 'secret-key.txt'), 'x\n')
  })

  after(() => rmSync(folder, { recursive: true, force: true }))

  /** The command lines of an example, as a shell hands them to the program. */
  const argumentsOf = (example: string): string[][] => {
    const file = join(folder, 'args')
    rmSync(file, { force: true })
    const env = { PATH: `${folder}:${process.env['PATH']}`, ARGS: file }
    // What stands behind the pipe may find nothing: that is not looked at here.
    execFileSync('sh', ['-c', `${example}\ntrue`], { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] })
    return readFileSync(file, 'utf8')
      .split('\u001e')
      .slice(0, -1)
      .map((line) => line.split('\0').slice(0, -1))
  }

  for (const { name, isGroup, examples } of verbs) {
    it(`of ${name} are understood`, async () => {
      const [group = ''] = name.split(' ')
      const own = examples.length > 0 || !name.includes(' ')
      const shown = own ? examples : (verbs.find((verb) => verb.name === group)?.examples ?? [])
      assert.ok(shown.length > 0 && shown.length <= MOST_EXAMPLES, `${name} has ${shown.length} examples`)
      for (const example of examples) {
        const lines = argumentsOf(example)
        assert.ok(lines.length > 0, example)
        assert.ok(
          isGroup || lines.some((line) => line.join(' ').startsWith(name)),
          `${example} is of another verb`,
        )
        for (const line of lines) {
          await assert.doesNotReject(inertTree().parseAsync(line, { from: 'user' }), example)
        }
      }
    })
  }
})
