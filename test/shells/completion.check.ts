import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { PtyProcess } from '../support/pty-process.ts'

// Completion in shells that a machine may lack; bash is tried by the ordinary tests.

const CLI = join(import.meta.dirname, '../support/cli-main.ts')

let folder: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trainyard-shells-'))
  await mkdir(join(folder, 'bin'))
  const stand = join(folder, 'bin/trainyard')
  // Stands for a server with two jobs.
  await writeFile(stand, "#!/bin/sh\nprintf 'name\\r\\nresnet\\r\\nvgg\\r\\n'\n")
  await chmod(stand, 0o700)
  for (const shell of ['zsh', 'fish']) {
    const script = execFileSync(process.execPath, [CLI, 'completion', shell], { encoding: 'utf8' })
    await writeFile(join(folder, shell === 'zsh' ? '_trainyard' : 'trainyard.fish'), script)
  }
})
after(() => rm(folder, { recursive: true }))

const path = () => `${join(folder, 'bin')}:${process.env['PATH']}`

/** A line that is typed, and what it becomes or what is offered. */
const CASES = [
  ['trainyard comple', 'completion'],
  ['trainyard list --ph', '--phase'],
  ['trainyard list --format j', 'json'],
  ['trainyard show re', 'resnet'],
  ['trainyard profile u', 'use'],
  ['trainyard completion f', 'fish'],
] as const

describe('completion', () => {
  for (const [line, word] of CASES) {
    it(`in fish makes ${word} of ${line}`, () => {
      const script = `source ${join(folder, 'trainyard.fish')}; complete -C ${JSON.stringify(line)}`
      const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', script], {
        encoding: 'utf8',
        env: { PATH: path(), HOME: folder },
      })
      assert.equal(stderr, '')
      assert.deepEqual(
        stdout
          .trim()
          .split('\n')
          .map((one) => one.split('\t')[0]),
        [word],
      )
    })
  }

  for (const [line, word] of CASES) {
    it(`in zsh makes ${word} of ${line}`, async () => {
      const zsh = new PtyProcess(['zsh', '-f', '-i'], {
        columns: 200,
        env: { PATH: path(), HOME: folder, ZDOTDIR: folder },
      })
      try {
        zsh.send(`PS1='ready> '; fpath=(${folder} $fpath); autoload -Uz compinit; compinit -u -D\n`)
        await zsh.until('the prompt', () => /^ready>/m.test(zsh.screen.text))
        zsh.send(`${line}\t`)
        const whole = `${line.slice(0, line.lastIndexOf(' '))} ${word}`
        await zsh.until(whole, () => zsh.screen.text.includes(whole))
      } finally {
        zsh.close()
      }
    })
  }
})
