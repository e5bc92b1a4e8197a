import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { type CliScreen, runCli } from '../../test/support/run-cli.ts'
import { aWireJob, startWireServer, type WireServer } from '../../test/support/wire-server.ts'
import { ProgressLine, toSize } from './progress.ts'
import { sparkline } from './sparkline.ts'
import { Terminal } from './terminal.ts'

let server: WireServer
let folder: string

before(async () => {
  server = await startWireServer()
})
after(() => server.close())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verbs-'))
})
afterEach(async () => {
  server.intercept = () => undefined
  server.requests.length = 0
  server.jobs.length = 0
  server.logs.clear()
  await rm(folder, { recursive: true })
})

const run = (line: string, screen: CliScreen = {}) => runCli(server, line.split(' '), screen)

describe('tasks', () => {
  it('shows where tasks ran, and the exit code that is known', async () => {
    server.jobs.push(
      aWireJob({
        metadata: { name: 'a' },
        status: {
          phase: 'Failed',
          tasks: ['worker-0', 'worker-1'],
          task_statuses: [{ task: 'worker-1', exit_code: 7 }],
        },
      }),
      aWireJob({ metadata: { name: 'b' }, status: { phase: 'Completed' } }),
    )

    assert.match(
      (await run('tasks a')).stdout,
      /\nworker-0 +- +- +192\.0\.2\.1 +10\.8\.0\.1 +1\nworker-1 +Failed +7 +192\.0\.2\.1 +10\.8\.0\.2 +1\n$/,
    )
    assert.match((await run('tasks b')).stdout, /worker-0 +Completed +0 /)
    assert.equal((await run('tasks a -o ids')).stdout, 'worker-0\nworker-1\n')
    assert.equal(server.requests.at(-1)?.query.get('schedule_count'), null)
    await run('tasks a --attempt 2')
    assert.equal(server.requests.at(-1)?.query.get('schedule_count'), '2')
  })

  it('shows tasks that have no place yet', async () => {
    server.jobs.push(aWireJob({ metadata: { name: 'a' }, status: { phase: 'Pending' } }))
    server.intercept = ({ path }) => (path.endsWith('/tasks') ? { status: 200, body: [] } : undefined)

    assert.match((await run('tasks a')).stdout, /worker-0 +Pending +- +- +- +-\n/)
  })
})

describe('metrics', () => {
  const metrics = (values: Record<string, number[]>) => {
    server.jobs.push(aWireJob({ metadata: { name: 'a' }, status: { tasks: ['worker-0', 'worker-1'] } }))
    server.intercept = ({ path }) =>
      path.includes('/metrics/')
        ? {
            status: 200,
            body: { metrics: Object.entries(values).map(([metric, value]) => ({ metric, value })) },
          }
        : undefined
  }

  it('shows last, mean and most of what was measured, and a curve', async () => {
    metrics({ cpuUsage: [0, -1, 100, 50], gpuUtil: [-1, -1, -1, -1] })

    const { stdout } = await run('metrics a')

    assert.match(stdout, /^TASK +USAGE OF +LAST +MEAN +MOST +BY MINUTE\n/)
    assert.match(stdout, /worker-0 +CPU +50\.0% +50\.0% +100\.0% +▁ █▅\n/)
    assert.doesNotMatch(stdout, /GPU/)
    assert.match(
      (await run('metrics a worker-1 -o csv')).stdout,
      /worker-1,cpuUsage,50,50,100,0 -1 100 50\r\n/,
    )
    assert.equal(JSON.parse((await run('metrics a -o json')).stdout).length, 4)
  })

  it('says when there is nothing, and knows no other task', async () => {
    metrics({ cpuUsage: [] })

    assert.match((await run('metrics a')).stderr, /nothing measured yet \(Running\)/)
    assert.equal((await run('metrics a worker-2')).exitCode, 2)
    assert.equal((await run('metrics a --watch')).exitCode, 2)
  })

  it('draws curves as wide as there is room', () => {
    assert.equal(sparkline([0, 50, 100, undefined, 200, -5], 10), '▁▅█ █▁')
    assert.equal(sparkline([0, 0, 100, 100], 2), '▁█')
    assert.equal(sparkline([undefined, undefined, 100], 1), '█')
    assert.equal(sparkline([], 5), '')
    assert.equal(
      [
        ...sparkline(
          Array.from({ length: 1_000 }, (_, at) => at % 100),
          60,
        ),
      ].length,
      60,
    )
  })
})

describe('events', () => {
  const fill = (count: number) => {
    server.jobs.push(aWireJob({ metadata: { name: 'a' } }))
    const events = Array.from({ length: count }, (_, at) => ({
      message: `event ${at}`,
      level: 'Info',
      time: new Date(1_900_000_000_000 + at * 1000).toISOString().replace(/\.\d+Z/, '+00:00'),
      source: 'Job',
    }))
    server.intercept = ({ path, query }) => {
      if (!path.endsWith('/events')) return undefined
      const ordered = query.get('order') === 'desc' ? events.toReversed() : events
      const from = Number(query.get('start_time') ?? 0)
      const chosen = ordered.filter(({ time }) => Date.parse(time) >= from)
      const [offset, limit] = [Number(query.get('offset') ?? 0), Number(query.get('limit') ?? 50)]
      const page = chosen.slice(offset, offset + limit)
      return { status: 200, body: { total: chosen.length, limit, offset, order: 'asc', events: page } }
    }
    return events
  }

  it('shows more than one answer holds, oldest first', async () => {
    fill(250)

    const { stdout, stderr } = await run('events a --limit 230')

    const lines = stdout.trimEnd().split('\n')
    assert.equal(lines.length, 230)
    assert.match(lines[0] ?? '', /event 20$/)
    assert.match(lines.at(-1) ?? '', /event 249$/)
    assert.equal(stderr, 'the newest 230 of 250\n')
    const { total, events } = JSON.parse((await run('events a --limit 3 -o json')).stdout)
    assert.deepEqual(
      [total, events.map(({ message }: { message: string }) => message)],
      [250, ['event 247', 'event 248', 'event 249']],
    )
  })

  it('follows from the newest ones on until the job ends', async () => {
    const events = fill(5)
    const [job] = server.jobs
    const list = server.intercept
    let looks = 0
    server.intercept = (request) => {
      if (request.path.endsWith(`/training-jobs/${job?.metadata.id}`)) looks += 1
      if (looks === 2) {
        const [first] = events
        if (first !== undefined)
          events.push({ ...first, message: 'the end', time: '2099-01-01T00:00:00+00:00' })
        server.setPhase(job?.metadata.id ?? '', 'Completed')
        looks += 1
      }
      return list(request)
    }

    const { stdout, exitCode } = await run('events a -f --limit 2 -o json')

    assert.equal(exitCode, 0)
    assert.deepEqual(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).message),
      ['event 3', 'event 4', 'the end'],
    )
  })
})

describe('open', () => {
  it('prints addresses where there is no screen', async () => {
    server.jobs.push(aWireJob({ metadata: { name: 'a' } }))
    server.logs.set(`${server.jobs[0]?.metadata.id}/worker-0`, Buffer.from('x'))

    assert.equal((await run('open docs')).stdout, `${server.endpoint}/docs\n`)
    assert.match((await run('open a')).stdout, /\/files\/.*\/worker-0\?signature=1\n$/)
    assert.equal((await run('open a worker-9')).exitCode, 2)
  })

  it('hands a browser no signed link: arguments can be read by everybody', async () => {
    server.jobs.push(aWireJob({ metadata: { name: 'a' } }))
    server.logs.set(`${server.jobs[0]?.metadata.id}/worker-0`, Buffer.from('x'))
    const browser = join(folder, 'browser')
    await writeFile(browser, `#!/bin/sh\necho "$1" > ${folder}/opened\n`)
    await chmod(browser, 0o700)
    const env = { BROWSER: browser, XDG_CACHE_HOME: folder, PATH: process.env['PATH'] ?? '' }

    const opened = await run('open a', { env })

    assert.equal(opened.exitCode, 0, opened.stderr)
    const page = new URL((await readFile(join(folder, 'opened'), 'utf8')).trim())
    assert.doesNotMatch(page.href, /signature/)
    assert.match(await readFile(page, 'utf8'), /url=http:.*signature=\d"/)
    assert.equal((await stat(page)).mode & 0o777, 0o600)
    await run('open docs', { env })
    assert.equal(await readFile(join(folder, 'opened'), 'utf8'), `${server.endpoint}/docs\n`)
    const failing = { ...env, BROWSER: join(folder, 'nothing') }
    assert.equal((await run('open docs', { env: failing })).stdout, `${server.endpoint}/docs\n`)
  })
})

describe('completion', () => {
  /** What bash offers for the words typed so far. */
  const offered = async (...words: string[]): Promise<string[]> => {
    await mkdir(join(folder, 'bin'), { recursive: true })
    const stand = join(folder, 'bin/trainyard')
    await writeFile(stand, "#!/bin/sh\nprintf 'name\\r\\nresnet\\r\\nvgg\\r\\n'\n")
    await chmod(stand, 0o700)
    const { stdout: script } = await run('completion bash')
    const file = join(folder, 'completion.bash')
    await writeFile(file, script)
    const line = ['trainyard', ...words]
    const test = `
set -eu
. '${file}'
complete -p trainyard >&2
COMP_WORDS=(${line.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${line.length - 1}
_trainyard 2>/dev/null || true
printf '%s\\n' "\${COMPREPLY[@]:-}"`
    const { status, stdout, stderr } = spawnSync('bash', ['--norc', '--noprofile', '-c', test], {
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
      env: { PATH: `${join(folder, 'bin')}:${process.env['PATH']}` },
    })
    assert.equal(status, 0, stderr)
    assert.match(stderr, /complete -F _trainyard trainyard/)
    return stdout.trim().split(/\s+/)
  }

  it('offers verbs, options, values and jobs in bash', async () => {
    assert.deepEqual(await offered('co'), ['compare', 'completion'])
    assert.ok((await offered('')).includes('submit'))
    assert.deepEqual(await offered('list', '--ph'), ['--phase'])
    assert.deepEqual(await offered('list', '-o', 'j'), ['json'])
    assert.deepEqual(await offered('flavors', '--type', 'G'), ['GPU'])
    assert.deepEqual(await offered('show', 're'), ['resnet'])
    assert.deepEqual(await offered('stop', 'resnet', ''), ['resnet', 'vgg'])
    assert.deepEqual(await offered('profile', 'u'), ['use'])
    assert.deepEqual(await offered('completion', ''), ['bash', 'zsh', 'fish'])
    assert.deepEqual(await offered('flavors', 'x'), [''])
  })

  for (const shell of ['zsh', 'fish'] as const) {
    const isThere = spawnSync(shell, ['--version']).error === undefined
    it(`is a script that ${shell} can read`, {
      skip: !isThere && `no ${shell} on this machine`,
    }, async () => {
      const script = join(folder, 'script')
      await writeFile(script, (await run(`completion ${shell}`)).stdout)
      execFileSync(shell, ['-n', script])
    })
  }

  it('knows every verb in every shell, and no secret', async () => {
    const { stdout: help } = await run('--help')
    const verbs = [...help.slice(help.indexOf('Commands:')).matchAll(/^ {2}([a-z]+)/gm)].map(
      ([, verb]) => verb ?? '',
    )
    assert.ok(verbs.includes('metrics'))
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { stdout } = await run(`completion ${shell}`)
      for (const verb of verbs)
        if (verb !== 'help') assert.match(stdout, new RegExp(`\\b${verb}\\b`), `${shell} ${verb}`)
      assert.ok(!stdout.includes(server.secretKey))
    }
  })
})

describe('progress', () => {
  const screen = (isTTY: boolean) => {
    let text = ''
    const output = {
      isTTY,
      columns: 60,
      write: (part: string | Uint8Array) => {
        text += part
        return true
      },
    }
    return { terminal: new Terminal({ write: () => true }, output, {}), text: () => text }
  }

  it('shows a bar and the time left, ten times a second at most, and goes away', () => {
    const { terminal, text } = screen(true)
    let now = 0
    const line = new ProgressLine(terminal, 'uploading', () => now)
    for (now = 0; now <= 4_000; now += 10) line.show({ done: now, total: 8_000, text: `${now}` })
    line.end()

    const shown = text().split('\r').slice(1)
    assert.ok(shown.length <= 42, String(shown.length))
    assert.match(shown.at(-2) ?? '', /^uploading {2}\[#{10}\.{10}\] {2}50% {2}4000 {2}4\.0s left\u001b\[K$/)
    assert.equal(shown.at(-1), '\u001b[K')
  })

  it('is cut to the screen, and off where nobody looks', () => {
    const narrow = screen(true)
    new ProgressLine(narrow.terminal, 'x'.repeat(100)).show({ done: 1, text: '' })
    assert.match(narrow.text(), /^\rx{58}…\u001b\[K$/)

    const piped = screen(false)
    const line = new ProgressLine(piped.terminal, 'uploading')
    line.keepShowing(() => ({ done: 1, text: '' }))
    line.end()
    assert.equal(piped.text(), '')
  })

  it('makes room for what else is said', () => {
    const { terminal, text } = screen(true)
    new ProgressLine(terminal, 'busy').show({ done: 0, text: '' })
    terminal.note('said')
    assert.match(text(), /\r\u001b\[Ksaid\n$/)
  })

  it('writes sizes in few digits', () => {
    assert.deepEqual([0, 999, 1_000, 123_456, 5_000_000_000].map(toSize), [
      '0 B',
      '999 B',
      '1.0 KB',
      '123 KB',
      '5.0 GB',
    ])
  })
})
