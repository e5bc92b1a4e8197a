import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { Browser } from 'playwright-core'
import { Session, type SessionOptions, TrainingJob } from '../../src/sdk/index.ts'
import { openSqliteStore } from '../../src/store/sqlite/open-store.ts'
import { type Cut, CuttingProxy } from '../support/cutting-proxy.ts'
import { aJobRecord, BUILDER_TIME } from '../support/job-builder.ts'
import { makeDataDirectory, removeDirectory, ServerProcess } from '../support/server-process.ts'
import { launchChromium, testPages } from './chromium.ts'
import type { Page } from './page.ts'
import { type FollowedLog, followLines, walkJobs } from './walk.ts'

// In the functions that run in the browser, `page` is what `page.ts` left there.
declare const page: Page

const LINES = 100_000
const JOBS = 1_000
/** How often the connection is cut, in each of the two runtimes: in the log, and in everything else. */
const LOG_CUTS = 60
const OTHER_CUTS = 40
/** No more in a row than a request is repeated for. */
const MOST_IN_A_ROW = 8

/** The same lines as `lineAt`, over some seconds. */
const PROGRAM = `import sys, time
for index in range(${LINES}):
    bar = " 50%\\r100%" if index % 10 == 0 else ""
    sys.stdout.write(f"{index} {'ä😀' * (index % 9)} loss {index * 7919 % 1000}{bar}\\n")
    if index % 1000 == 999:
        sys.stdout.flush()
        time.sleep(0.06)
`

/** Random numbers from 0 to below 1 that a seed decides. */
const randomFrom = (seed: string): (() => number) => {
  let state = seed
  return () => {
    const digest = createHash('sha256').update(state).digest()
    state = digest.toString('hex')
    return digest.readUInt32BE(0) / 2 ** 32
  }
}

/** Cuts the log in the middle while it can, and every third of the other calls somewhere. */
const makeCuts = (random: () => number): ((request: IncomingMessage) => Cut | undefined) => {
  const left = { log: LOG_CUTS, other: OTHER_CUTS }
  let inARow = 0
  return ({ url = '' }) => {
    const isLog = url.startsWith('/files/')
    const kind = isLog ? 'log' : 'other'
    if (left[kind] === 0 || inARow >= MOST_IN_A_ROW || random() > (isLog ? 0.9 : 0.4)) {
      inARow = 0
      return undefined
    }
    left[kind] -= 1
    inARow += isLog ? 0 : 1
    const place = random()
    if (place < 0.15) return { at: 'request' }
    if (place < 0.3) return { at: 'answer' }
    // Pieces small enough that the log cannot be over before all cuts are made.
    return { at: 'body', part: random(), mostBytes: 60_000 }
  }
}

/** Jobs that ran long ago, written before the server starts. */
const writeJobs = async (data: string, projectId: string): Promise<string[]> => {
  const store = openSqliteStore({ file: join(data, 'trainyard.db') })
  const names = Array.from({ length: JOBS }, (_, index) => `walked-${index}`)
  for (const [index, name] of names.entries()) {
    const metadata = { name, create_time: BUILDER_TIME + index }
    await store.jobs.create(aJobRecord({ projectId, phase: 'Completed', metadata }), {})
  }
  await store.close()
  return names
}

interface Walk {
  readonly log: FollowedLog
  readonly names: readonly string[]
}

/** Options of a session that can be handed to a page. */
type Options = Pick<SessionOptions, 'endpoint' | 'projectId' | 'accessKey' | 'secretKey' | 'retry'>

describe('a connection that is cut a hundred times', () => {
  let data: string
  let server: ServerProcess
  let browser: Browser
  let names: string[]
  let keys: Awaited<ReturnType<ServerProcess['credentials']>>
  const seed = process.env['SEED'] ?? crypto.randomUUID()

  before(async () => {
    data = await makeDataDirectory('local: { cpus: 4 }\n')
    server = await ServerProcess.start(data)
    keys = await server.credentials()
    await server.session().obs.put('obs://lab/code/print.py', PROGRAM)
    await server.end()
    names = await writeJobs(data, keys.project_id)
    server = await ServerProcess.start(data)
    browser = await launchChromium()
  })
  after(async () => {
    await browser?.close()
    await server?.end()
    await removeDirectory(data)
  })

  const startPrinting = async (name: string): Promise<string> => {
    const session = server.session()
    const { jobId } = await TrainingJob.create(session, {
      metadata: { name },
      algorithm: { code_dir: '/lab/code/', command: 'python3 ./print.py', engine: { engine_id: 'command' } },
      spec: { resource: { flavor_id: 'yard.cpu.1' } },
    })
    return jobId
  }

  /** Walks through log and jobs at the same time, over a proxy of its own, and compares what came of it. */
  const tryWith = async (
    t: TestContext,
    runtime: string,
    walk: (options: Options, jobId: string, proxy: CuttingProxy) => Promise<Walk>,
  ): Promise<void> => {
    const proxy = await new CuttingProxy({
      target: server.url,
      pages: await testPages(),
      cutOf: makeCuts(randomFrom(`${seed} ${runtime}`)),
    }).listen()
    try {
      const jobId = await startPrinting(`prints-for-${runtime}`)
      const options = {
        endpoint: proxy.url,
        projectId: keys.project_id,
        accessKey: keys.access_key,
        secretKey: keys.secret_key,
        retry: { maxRetries: MOST_IN_A_ROW, baseDelayMs: 10, maxDelayMs: 50 },
      }
      const begin = performance.now()
      const { log, names: walked } = await walk(options, jobId, proxy)

      const seconds = ((performance.now() - begin) / 1000).toFixed(1)
      const cuts = JSON.stringify(proxy.cuts)
      t.diagnostic(
        `${log.lines} lines, ${log.bytes} bytes, ${walked.length} jobs in ${seconds} s; cuts ${cuts}`,
      )
      t.diagnostic(`SEED=${seed} repeats the cuts`)
      assert.equal(log.wrong, undefined)
      assert.equal(log.lines, LINES)
      assert.deepEqual(walked, names)
      assert.equal(proxy.cutCount, LOG_CUTS + OTHER_CUTS)
      const { status } = await new TrainingJob({ session: server.session(), jobId }).info()
      assert.equal(status.phase, 'Completed')
    } finally {
      await proxy.close()
    }
  }

  it('loses and repeats nothing in Node', (t) =>
    tryWith(t, 'node', async (options, jobId) => {
      const session = new Session(options)
      const [log, walked] = await Promise.all([followLines(session, jobId), walkJobs(session, 'walked-')])
      return { log, names: walked }
    }))

  it('loses and repeats nothing in Chromium', (t) =>
    tryWith(t, 'chromium', async (options, jobId, proxy) => {
      const tab = await browser.newPage()
      await tab.goto(`${proxy.url}/`)
      await tab.waitForFunction(() => 'page' in globalThis)
      return tab.evaluate(
        async (given) => {
          const session = new page.Session(given.options)
          const [log, walked] = await Promise.all([
            page.followLines(session, given.jobId),
            page.walkJobs(session, 'walked-'),
          ])
          return { log, names: walked }
        },
        { options, jobId },
      )
    }))
})
