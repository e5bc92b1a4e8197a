import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Browser, Page as Tab } from 'playwright-core'
import { CuttingProxy } from '../support/cutting-proxy.ts'
import { makeDataDirectory, removeDirectory, ServerProcess } from '../support/server-process.ts'
import { bundle, launchChromium, testPages } from './chromium.ts'
import type { Page } from './page.ts'

// In the functions that run in the browser, `page` is what `page.ts` left there.
declare const page: Page

const root = join(import.meta.dirname, '../..')
/** Beyond this a page that shows a few jobs loads mostly us. Raise it for a reason. */
const MOST_BUNDLE_BYTES = 60_000

describe('the bundle for browsers', () => {
  it('has nothing of Node, of the server or of the schemas in it', async (t) => {
    const { code, inputs, imports } = await bundle(join(root, 'src/sdk/index.ts'))

    t.diagnostic(`${code.length} bytes, ${gzipSync(code, { level: 9 }).length} gzipped`)
    assert.deepEqual(imports, [], 'something is left to import')
    assert.deepEqual(
      inputs.filter(
        (path) =>
          isBuiltin(path) || !/^(src\/(sdk|contract)\/|(.*\/)?node_modules\/@noble\/hashes\/)/.test(path),
      ),
      [],
    )
    assert.deepEqual(
      inputs.filter((path) => path.startsWith('src/sdk/node/')),
      [],
    )
    assert.ok(code.length <= MOST_BUNDLE_BYTES, `${code.length} bytes`)
  })
})

describe('the SDK in Chromium, against a real server', () => {
  let data: string
  let server: ServerProcess
  let proxy: CuttingProxy
  let browser: Browser
  let tab: Tab
  let how: { endpoint: string; projectId: string; accessKey: string; secretKey: string }
  const complaints: string[] = []

  before(async () => {
    data = await makeDataDirectory('local: { cpus: 4 }\n')
    server = await ServerProcess.start(data)
    proxy = await new CuttingProxy({ target: server.url, pages: await testPages() }).listen()
    const keys = await server.credentials()
    how = {
      endpoint: proxy.url,
      projectId: keys.project_id,
      accessKey: keys.access_key,
      secretKey: keys.secret_key,
    }
    browser = await launchChromium()
    tab = await browser.newPage()
    tab.on('pageerror', (error) => complaints.push(error.message))
    await tab.goto(`${proxy.url}/`)
    await tab.waitForFunction(() => 'page' in globalThis)
  })
  after(async () => {
    await browser?.close()
    await proxy?.close()
    await server?.end()
    await removeDirectory(data)
  })

  it('stores, creates, follows, waits and lists', async () => {
    const content = randomBytes(100_000)
    const seen = await tab.evaluate(
      async ({ options, bytes }) => {
        const session = new page.Session(options)
        await session.obs.put(
          'obs://lab/code/hello.sh',
          'for i in 1 2 3; do echo "line $i"; sleep 0.2; done\n',
        )
        await session.obs.put('obs://lab/data.bin', new Blob([new Uint8Array(bytes)]))
        const back = await (await session.obs.get('obs://lab/data.bin')).bytes()
        const job = await page.TrainingJob.create(session, {
          metadata: { name: 'from-chromium' },
          algorithm: {
            code_dir: '/lab/code/',
            command: 'sh ./hello.sh',
            engine: { engine_id: 'command' },
          },
          spec: { resource: { flavor_id: 'yard.cpu.1' } },
        })
        const lines = []
        for await (const { text } of job.logLines()) lines.push(text)
        const messages = []
        for await (const { message } of job.iterateEvents({}, { follow: true })) messages.push(message)
        const done = await job.waitForCompletion()
        const found = await page.Estimator.getJobList({
          session,
          filters: [{ key: 'name', operator: 'like', value: ['chromium'] }],
        })
        return { back: [...back], lines, messages, done, found }
      },
      { options: how, bytes: [...content] },
    )

    assert.deepEqual(Buffer.from(seen.back), content)
    assert.deepEqual(seen.lines, ['line 1', 'line 2', 'line 3'])
    assert.equal(seen.messages[0], 'Job created.')
    assert.equal(new Set(seen.messages).size, seen.messages.length)
    assert.equal(seen.done.status.phase, 'Completed')
    assert.deepEqual(seen.found.items, [seen.done])
    assert.deepEqual(complaints, [])
  })

  it('signs in with a password', async () => {
    const { user_name: username, domain_name: account, password, region } = await server.credentials()
    const options = { endpoint: proxy.url, username, account, password, regionName: region }

    const count = await tab.evaluate(async (given) => {
      const session = new page.Session(given)
      return (await page.Estimator.getJobList({ session })).count
    }, options)

    assert.equal(count, 1)
  })

  it('tells refusals, aborts and time limits by their codes', async () => {
    const codes = await tab.evaluate(async (options) => {
      const session = new page.Session(options)
      const codeOf = (work: Promise<unknown>): Promise<unknown> =>
        work.then(
          () => 'none',
          (error: unknown) => (page.isTrainyardError(error) ? error.code : String(error)),
        )
      const job = new page.TrainingJob({ session, jobId: 'none' })
      const stranger = new page.Session({ ...options, secretKey: 'wrong' })
      const nowhere = new page.Session({
        ...options,
        endpoint: 'http://127.0.0.1:1',
        retry: { maxRetries: 0 },
      })
      return {
        missing: await codeOf(job.info()),
        stranger: await codeOf(page.Estimator.getEngines({ session: stranger })),
        nowhere: await codeOf(page.Estimator.getEngines({ session: nowhere })),
        aborted: await codeOf(job.info({ signal: AbortSignal.abort() })),
        dryRun: await codeOf(page.TrainingJob.validate(session, { metadata: { name: 'x' } })),
      }
    }, how)

    assert.deepEqual(codes, {
      missing: 'ModelArts.2775',
      stranger: 'APIGW.0301',
      nowhere: 'connection_failed',
      aborted: 'request_aborted',
      dryRun: 'ModelArts.2788',
    })
  })
})
