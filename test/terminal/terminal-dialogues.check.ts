import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type PtyOptions, PtyProcess } from '../support/pty-process.ts'
import { makeDataDirectory, removeDirectory, ServerProcess } from '../support/server-process.ts'
import { makeWorld, type World } from './terminal-verbs.ts'

const CLI = join(import.meta.dirname, '../support/cli-main.ts')

let data: string
let folder: string
let server: ServerProcess
let world: World

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trainyard-dialogues-'))
  data = await makeDataDirectory()
  server = await ServerProcess.start(data)
  world = await makeWorld(server, folder)
})
after(async () => {
  await server.end()
  await removeDirectory(data)
  await rm(folder, { recursive: true, force: true })
})

/** Types each answer once its question is there, and waits for the end. */
const talk = async (
  args: readonly string[],
  answers: readonly (readonly [question: string, answer: string])[],
  { env = {}, ...options }: PtyOptions = {},
): Promise<{ exitCode: number; output: string; screen: string }> => {
  const home = { TRAINYARD_DATA: data, XDG_CONFIG_HOME: join(folder, 'config'), ...env }
  const terminal = new PtyProcess([process.execPath, CLI, ...args], { ...options, env: home })
  try {
    for (const [question, answer] of answers) {
      await terminal.until(question, () => terminal.output.includes(question))
      terminal.send(answer)
    }
    const exitCode = await terminal.ended()
    return { exitCode, output: terminal.output, screen: terminal.screen.text }
  } finally {
    terminal.close()
  }
}

describe('questions in a terminal', () => {
  it('come before many jobs are deleted, with the jobs above', async () => {
    const name = await world.job('true')
    const where = ['delete', '--where', `name = ${name}`]

    const no = await talk(where, [['[y/N]', 'n\n']])
    assert.equal(no.exitCode, 3)
    assert.match(no.screen, new RegExp(`${name}[\\s\\S]*Delete 1 job\\? \\[y/N\\] n\n.*Nothing was done`))

    const yes = await talk(where, [['[y/N]', 'y\n']])
    assert.equal(yes.exitCode, 0, yes.screen)
    assert.match(yes.screen, /deleted/)
  })

  it('end with Ctrl-C, and nothing was done', async () => {
    const name = await world.job('sleep 30')
    const { exitCode } = await talk(['stop', '--where', `name = ${name}`], [['[y/N]', '\u0003']])
    assert.notEqual(exitCode, 0)
    assert.equal((await talk(['stop', name], [])).exitCode, 0, 'it could still be stopped')
  })

  it('show no secret that is typed, and edit it', async () => {
    const typed = `wrong${'\u007f'.repeat(5)}${world.secretKey}\r`
    const login = await talk(
      ['login', '--profile', 'typed'],
      [
        ['Server', `${server.url}\n`],
        ['Access key', `${world.accessKey}\n`],
        ['Secret key: ', typed],
      ],
    )

    assert.equal(login.exitCode, 0, login.screen)
    assert.ok(!login.output.includes(world.secretKey) && !login.output.includes('wrong'), login.output)
    const aborted = await talk(
      ['login', '--endpoint', server.url, '--access-key', 'a'],
      [['Secret key: ', 'abc\u0003']],
    )
    assert.equal(aborted.exitCode, 3)
    assert.match(aborted.screen, /Aborted: nothing was done/)
  })

  it('ask for the password of a profile before a command', async () => {
    const { password, user_name: user } = JSON.parse(await readFile(join(data, 'credentials.json'), 'utf8'))
    const { domain_name: account, project_id: projectId } = JSON.parse(
      await readFile(join(data, 'credentials.json'), 'utf8'),
    )
    const login = await talk(
      ['login', '--profile', 'user', '--user', user, '--account', account, '--project-id', projectId],
      [
        ['Server', `${server.url}\n`],
        ['Password: ', `${password}\r`],
      ],
    )
    assert.equal(login.exitCode, 0, login.screen)

    const listed = await talk(['list', '--profile', 'user', '-o', 'ids'], [['Password of ', `${password}\r`]])
    assert.equal(listed.exitCode, 0, listed.screen)
    assert.ok(!listed.output.includes(password))
  })

  it('open an editor on a clone', async () => {
    const editor = join(folder, 'editor')
    await writeFile(
      editor,
      '#!/bin/sh\nprintf "editing\\n"; read answer; sed -i "s/it works/$answer/" "$1"\n',
    )
    await chmod(editor, 0o700)

    const cloned = await talk(
      ['clone', world.done, '--edit', '--name', 'edited', '--follow'],
      [['editing', 'by hand\n']],
      {
        env: { EDITOR: editor },
      },
    )

    assert.equal(cloned.exitCode, 0, cloned.screen)
    assert.match(cloned.screen, /\nby hand\nedited {2}Completed/)
  })
})

describe('progress in a terminal', () => {
  it('is one line that is gone at the end, on any screen', async () => {
    const many = join(folder, 'many')
    await mkdir(many)
    for (let at = 0; at < 120; at += 1) await writeFile(join(many, `${at}.txt`), 'x'.repeat(1_000))

    for (const columns of [30, 100]) {
      const { exitCode, output, screen } = await talk(['cp', '-r', many, `obs://lab/many-${columns}/`], [], {
        columns,
      })
      assert.equal(exitCode, 0, screen)
      assert.match(screen.replace(/\s+/g, ' '), /^copied 120 files, 120 KB $/)
      const shown = output.split('\r').filter((part) => part.startsWith('uploading'))
      assert.ok(shown.length > 0)
      for (const line of shown) assert.ok(line.replace('\u001b[K', '').length < columns, line)
    }
  })

  it('says which phase a job waited for is in', async () => {
    const name = await world.job('sleep 3')
    const { output, screen } = await talk(['wait', name], [])
    assert.match(output, new RegExp(`\\rwaiting {2}${name} {2}Running {2}`))
    assert.match(screen, new RegExp(`^${name} {2}Completed {2}`))
  })
})
