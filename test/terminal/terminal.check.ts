import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { parse } from 'yaml'
import { type PtyOptions, PtyProcess } from '../support/pty-process.ts'
import { runCli } from '../support/run-cli.ts'
import { makeDataDirectory, removeDirectory, ServerProcess } from '../support/server-process.ts'
import { argumentsOf, makeWorld, VERBS, type VerbCase, type World } from './terminal-verbs.ts'

const CLI = join(import.meta.dirname, '../support/cli-main.ts')

let data: string
let folder: string
let server: ServerProcess
let world: World
let deadEndpoint: string

const environment = () => ({
  TRAINYARD_DATA: data,
  NODE_COMPILE_CACHE: join(folder, 'compiled'),
  XDG_CONFIG_HOME: join(folder, 'config'),
})

/** An address on which nobody listens. */
const findDeadEndpoint = (): Promise<string> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      probe.close(() => resolve(`http://127.0.0.1:${port}`))
    })
  })

/** Starts a command line in a terminal. */
const open = (args: readonly string[], options: PtyOptions = {}): PtyProcess =>
  new PtyProcess([process.execPath, CLI, ...args], { ...options, env: { ...environment(), ...options.env } })

/** Runs a command line in a terminal to its end. */
const inTerminal = async (args: readonly string[], options: PtyOptions = {}, typed = '') => {
  const terminal = open(args, options)
  if (typed !== '') terminal.send(`${typed}\n`)
  try {
    const exitCode = await terminal.ended()
    const { text, wraps } = terminal.screen
    return { exitCode, output: terminal.output, screen: text, wraps }
  } finally {
    terminal.close()
  }
}

/** Runs a command line in a pipe. */
const inPipe = (
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  typed = '',
): Promise<{ exitCode: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const { PATH = '' } = process.env
    const options = {
      env: { PATH, HOME: '/nonexistent', TERM: 'xterm-256color', ...environment(), ...env },
      timeout: 60_000,
    }
    const child = execFile(process.execPath, [CLI, ...args], options, (error, stdout, stderr) => {
      resolve({
        exitCode: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1,
        stdout,
        stderr,
      })
    })
    child.stdin?.end(typed)
  })

/** Runs a command line in a pipe within this process. */
const inProcess = async (args: readonly string[]) => {
  const {
    endpoint,
    project_id: projectId,
    access_key: accessKey,
    secret_key: secretKey,
  } = await server.credentials()
  return runCli({ endpoint, projectId, accessKey, secretKey }, args, { env: environment() })
}

/** What was written, without the breaks that a narrow screen makes. */
const textOf = (output: string): string => stripVTControlCharacters(output).replace(/\s+/g, ' ')

const STEERING = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/

/** What each form of the output must be, for a program that reads it. */
const READERS: Readonly<Record<string, (stdout: string) => void>> = {
  json: (stdout) => assert.equal(typeof JSON.parse(stdout), 'object'),
  yaml: (stdout) => assert.equal(typeof parse(stdout), 'object'),
  csv: (stdout) => {
    assert.match(stdout, /^[a-z0-9_,]+\r\n(?:.+\r\n)+$/)
  },
  ids: (stdout) => assert.match(stdout, /^(?:\S+\n)+$/),
  wide: (stdout) => assert.notEqual(stdout, ''),
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trainyard-terminal-'))
  await writeFile(join(folder, 'in.txt'), 'text\n')
  data = await makeDataDirectory()
  server = await ServerProcess.start(data)
  world = await makeWorld(server, folder)
  deadEndpoint = await findDeadEndpoint()
})

after(async () => {
  await server.end()
  await removeDirectory(data)
  await rm(folder, { recursive: true, force: true })
})

const typedFor = ({ types }: VerbCase): string => types?.(world) ?? ''

const shownBy = ({ shows }: VerbCase): RegExp => (typeof shows === 'function' ? shows(world) : shows)

for (const one of VERBS) {
  const { verb, exitCode: expected = 0 } = one

  describe(`trainyard ${verb} in a terminal`, { concurrency: 2 }, () => {
    it('explains itself, with examples, on any screen', async () => {
      const help = await inTerminal([verb, '--help'])
      assert.equal(help.exitCode, 0)
      assert.match(help.screen, new RegExp(`^Usage: trainyard ${verb} `))
      assert.match(help.screen, new RegExp(`\nExamples:\n  trainyard ${verb}`))
      for (const line of help.output.split('\r\n'))
        assert.ok(line.length <= 80 || line.startsWith('  trainyard '), line)
    })

    for (const columns of [40, 80, 200]) {
      it(`shows what was asked for on ${columns} columns${columns === 40 ? ', without colours by NO_COLOR' : ''}`, async () => {
        const env = columns === 40 ? { NO_COLOR: '1' } : {}
        const run = await inTerminal(await argumentsOf(one, world), { columns, env }, typedFor(one))
        assert.equal(run.exitCode, expected, run.screen)
        if (columns === 40) assert.doesNotMatch(run.output, /\u001b\[[0-9;]*m/)
        if (columns >= 80) assert.match(run.screen, shownBy(one))
        if (one.isProse !== true) assert.equal(run.wraps, 0, run.screen)
      })
    }

    it('is plain in a pipe, however wide the screen behind it', async () => {
      const run = await inPipe(await argumentsOf(one, world), { COLUMNS: '20' }, typedFor(one))
      assert.equal(run.exitCode, expected, run.stderr)
      assert.doesNotMatch(run.stdout.replaceAll('\n', ''), STEERING)
      assert.doesNotMatch(run.stderr, /\u001b/)
    })

    for (const format of one.formats) {
      it(`writes ${format} for programs`, async () => {
        const args = [...(await argumentsOf(one, world)), '-o', format]
        // One as a process of its own; the others take the shorter way to the same server.
        const run = format === 'json' ? await inPipe(args) : await inProcess(args)
        assert.equal(run.exitCode, expected, run.stderr)
        READERS[format]?.(run.stdout)
        if (format === 'wide' || typeof one.args === 'function') return
        assert.equal((await inProcess(args)).stdout, run.stdout, 'not the same when asked again')
      })
    }

    it('exits 2 when used wrongly, and says how to go on', async () => {
      const run = await inTerminal([verb, ...one.wrong])
      assert.equal(run.exitCode, 2, run.screen)
      assert.match(run.screen, /^error: /m)
      assert.doesNotMatch(run.screen, /^ +at /m)
    })

    it('exits 3 when no server listens, and says so', { skip: one.isOffline === true }, async () => {
      const run = await inTerminal(
        [...(await argumentsOf(one, world)), '--endpoint', deadEndpoint],
        {},
        typedFor(one),
      )
      assert.equal(run.exitCode, 3, run.screen)
      assert.match(textOf(run.output), /error: .*\(connection_failed\) .*trainyard serve/)
      assert.doesNotMatch(run.screen, /^ +at /m)
    })
  })
}

describe('the table of verbs', () => {
  it('has every verb of the command line', async () => {
    const { stdout } = await inPipe(['--help'])
    const listed = stdout.slice(stdout.indexOf('Commands:')).matchAll(/^ {2}([a-z]+)(?:\|[a-z]+)?(?: |$)/gm)
    const verbs = [...listed].map(([, verb]) => verb ?? '').filter((verb) => verb !== 'help')
    assert.deepEqual(
      verbs.filter((verb) => !VERBS.some((one) => one.verb === verb)),
      [],
    )
  })
})

describe('trainyard list --watch in a terminal', () => {
  it('redraws what changed, follows the size, and gives the screen back', async () => {
    const watch = open(['list', '--watch', '0.2', '--limit', '5'])
    try {
      await watch.until('the first frame', () => watch.screen.lines[0]?.includes('every 0.2 s') ?? false)
      assert.ok(watch.screen.isAlternate)
      assert.ok(!watch.screen.isCursorShown)
      assert.match(watch.screen.text, /every 0\.2 s\n\nNAME +ID +PHASE/)
      assert.match(watch.screen.text, /\d+ Completed · 1 Failed/)

      const before = watch.output.length
      const name = await world.job('sleep 0.5')
      await watch.until('the new job', () => watch.screen.text.includes(`${name}  new, `))
      await watch.until('its end', () => new RegExp(`${name}  .* → Completed`).test(watch.screen.text))
      const since = watch.output.slice(before)
      assert.doesNotMatch(since, /\u001b\[2J/)
      assert.doesNotMatch(since, /NAME +ID/)

      watch.resize(40, 12)
      await watch.until('the narrow frame', () => watch.screen.clears === 3)
      const narrow = () => watch.screenSince(watch.output.lastIndexOf('\u001b[2J'))
      await watch.until('a narrow table', () => /\nNAME +ID +PHASE/.test(narrow().text))
      assert.equal(narrow().wraps, 0)
      assert.ok(narrow().lines.length <= 12)
      assert.deepEqual(watch.screen.unknown, [])

      watch.send('\u0003')
      assert.equal(await watch.ended(), 0)
      assert.ok(!watch.screen.isAlternate)
      assert.ok(watch.screen.isCursorShown)
      assert.doesNotMatch(watch.screen.text, /NAME/)
    } finally {
      watch.close()
    }
  })

  it('gives the screen back when it is ended from elsewhere', async () => {
    const watch = open(['list', '--watch'])
    try {
      await watch.until('the first frame', () => watch.screen.isAlternate)
      watch.signal(15)
      await watch.ended()
      assert.ok(!watch.screen.isAlternate)
      assert.ok(watch.screen.isCursorShown)
    } finally {
      watch.close()
    }
  })

  it('refuses what makes no sense, before it takes the screen', async () => {
    for (const args of [['-o', 'json'], ['--all'], ['--where', 'x']]) {
      const run = await inTerminal(['list', '--watch', ...args])
      assert.equal(run.exitCode, 2, run.screen)
      assert.doesNotMatch(run.output, /\u001b\[\?1049h/)
    }
    const piped = await inPipe(['list', '--watch'])
    assert.equal(piped.exitCode, 2)
    assert.match(piped.stderr, /needs a terminal/)
    const down = await inTerminal(['list', '--watch', '--endpoint', deadEndpoint])
    assert.equal(down.exitCode, 3)
    assert.doesNotMatch(down.output, /\u001b\[\?1049h/)
  })
})
