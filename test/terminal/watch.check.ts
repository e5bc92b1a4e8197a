import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { PtyProcess } from '../support/pty-process.ts'
import { aWireJob, startWireServer, type WireServer } from '../support/wire-server.ts'

const CLI = join(import.meta.dirname, '../support/cli-main.ts')
const JOBS = 10_000
const CTRL_C = '\u0003'
const CTRL_Z = '\u001a'

let server: WireServer

before(async () => {
  server = await startWireServer()
  for (let at = 0; at < JOBS; at += 1) {
    server.jobs.push(aWireJob({ metadata: { name: `job-${at}` }, status: { phase: 'Completed' } }))
  }
})
after(() => server.close())

const watchList = (...args: string[]): PtyProcess =>
  new PtyProcess([process.execPath, CLI, 'list', '--watch', '0.2', ...args], {
    columns: 100,
    rows: 20,
    env: {
      TRAINYARD_ENDPOINT: server.endpoint,
      TRAINYARD_PROJECT_ID: server.projectId,
      TRAINYARD_ACCESS_KEY: server.accessKey,
      TRAINYARD_SECRET_KEY: server.secretKey,
      TRAINYARD_DATA: '/nonexistent',
    },
  })

/** The name in the first row of the table. */
const firstName = (watch: PtyProcess): string => watch.screen.lines[3]?.split(' ')[0] ?? ''

describe('a list that is watched', () => {
  it('shows the page of 10,000 jobs that fits, and writes only what changed', async () => {
    const watch = watchList()
    try {
      await watch.until('the first frame', () => firstName(watch) === 'job-0')
      assert.match(watch.screen.lines[0] ?? '', /1–12 of 10,000/)
      assert.match(watch.screen.text, /^10,000 Completed$/m)
      assert.equal(watch.screen.wraps, 0)

      const before = watch.output.length
      const time = watch.screen.lines[0]
      await watch.until('the next second', () => watch.screen.lines[0] !== time)
      const written = watch.output.slice(before)
      assert.ok(written.length < 600, `${written.length} characters for a new second`)

      server.setPhase(server.jobs[3]?.metadata.id ?? '', 'Failed')
      await watch.until('the change', () => /job-3 {2}Completed → Failed/.test(watch.screen.text))
      assert.match(watch.screen.text, /^9,999 Completed · 1 Failed$/m)
      watch.send(CTRL_C)
      assert.equal(await watch.ended(), 0)
    } finally {
      watch.close()
    }
  })

  it('outlives a server that is away for a while, and says how old its news are', async () => {
    const watch = watchList()
    try {
      await watch.until('the first frame', () => firstName(watch) === 'job-0')
      server.intercept = () => ({ status: 503, body: { error_msg: 'Away.', error_code: 'ModelArts.0010' } })
      await watch.until('the trouble', () =>
        /! as of \d\d:\d\d:\d\dZ: .*Trying again\./.test(watch.screen.text),
      )
      assert.equal(firstName(watch), 'job-0')
      server.intercept = () => undefined
      await watch.until('the recovery', () => !watch.screen.text.includes('Trying again'))
      watch.send(CTRL_C)
      assert.equal(await watch.ended(), 0)
    } finally {
      server.intercept = () => undefined
      watch.close()
    }
  })

  it('lends the screen to the shell while it is suspended', async () => {
    const watch = watchList()
    try {
      await watch.until('the first frame', () => firstName(watch) === 'job-0')
      watch.send(CTRL_Z)
      await watch.until(
        'the screen of the shell',
        () => !watch.screen.isAlternate && watch.screen.isCursorShown,
      )
      // Again and again: the first may come before the program has stopped.
      const wake = setInterval(() => watch.signal(constants.signals.SIGCONT), 200)
      await watch
        .until('the list again', () => watch.screen.isAlternate && firstName(watch) === 'job-0')
        .finally(() => clearInterval(wake))
      watch.send(CTRL_C)
      assert.equal(await watch.ended(), 0)
      assert.ok(!watch.screen.isAlternate && watch.screen.isCursorShown)
    } finally {
      watch.close()
    }
  })

  it('tells nothing at all from no match', async () => {
    const watch = watchList('--name', 'nobody')
    try {
      await watch.until('the frame', () => watch.screen.text.includes('no job matches'))
      assert.match(watch.screen.lines[0] ?? '', /0 of 0 matching \(10,000 in all\)/)
    } finally {
      watch.close()
    }
  })
})
