import assert from 'node:assert/strict'
import { once } from 'node:events'
import { appendFile, chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { Retention } from '../../src/app/retention.ts'
import { LocalExecutor } from '../../src/executors/local/local-executor.ts'
import { openFilesystemObjects } from '../../src/objects/filesystem/filesystem-objects.ts'
import { Estimator, TrainingJob } from '../../src/sdk/node/index.ts'
import { openSqliteStore } from '../../src/store/sqlite/open-store.ts'
import { runMain } from '../support/run-main.ts'
import { makeDataDirectory, removeDirectory, ServerProcess, until } from '../support/server-process.ts'
import { plainFetch } from '../support/signed-fetch.ts'

describe('a server one can operate', () => {
  let data: string
  let server: ServerProcess | undefined

  beforeEach(async () => {
    data = await makeDataDirectory('local: { cpus: 4 }\n')
  })
  afterEach(async () => {
    await server?.end()
    server = undefined
    await removeDirectory(data)
  })

  const start = async (args: readonly string[] = []): Promise<ServerProcess> => {
    server = await ServerProcess.start(data, args)
    return server
  }

  const submit = (at: ServerProcess, name: string, command: string): Promise<TrainingJob> =>
    TrainingJob.create(at.session(), {
      metadata: { name },
      algorithm: {
        command,
        engine: { engine_id: 'command' },
      },
      spec: { resource: { flavor_id: 'yard.cpu.1' } },
    })

  const token = async (at: ServerProcess): Promise<string> => {
    const { user_name: name, password, domain_name: domain, project_id: id } = await at.credentials()
    const body = {
      auth: {
        identity: { methods: ['password'], password: { user: { name, password, domain: { name: domain } } } },
        scope: { project: { id } },
      },
    }
    const answer = await fetch(`${at.url}/v3/auth/tokens`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
    return answer.headers.get('x-subject-token') ?? ''
  }

  it('says when it is ready, and shows its figures to those who sign in', async () => {
    const at = await start()
    const job = await submit(at, 'counted', 'true')
    await job.waitForCompletion()

    const ready = await until('ready', async () => {
      const answer = await plainFetch(`${at.url}/readyz`)
      return answer.status === 200 ? answer : undefined
    })
    const refused = await plainFetch(`${at.url}/metrics`)
    const shown = await fetch(`${at.url}/metrics`, { headers: { 'X-Auth-Token': await token(at) } })
    const text = await shown.text()

    assert.equal(ready.json.status, 'ready')
    assert.deepEqual([refused.status, shown.status], [401, 200])
    assert.match(shown.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
    assert.match(text, /^trainyard_jobs\{phase="Completed"\} 1$/m)
    assert.match(
      text,
      /^trainyard_http_requests_total\{operation="CreateTrainingJob",status="201",code=""\} 1$/m,
    )
    assert.match(text, /^trainyard_scheduler_look_duration_seconds_count [1-9]/m)
    assert.match(text, /^trainyard_store_operation_duration_seconds_count\{operation="jobs.create"\} 1$/m)
  })

  it('shows its figures to all when the configuration says so', async () => {
    await appendFile(join(data, 'trainyard.yaml'), 'metrics: { open: true }\n')
    const at = await start()

    assert.equal((await fetch(`${at.url}/metrics`)).status, 200)
  })

  it('finishes requests and leaves jobs alone when it is told to stop', async () => {
    const at = await start()
    const job = await submit(at, 'goes-on', 'sleep 3; echo ended well')
    await until('running', async () => (await job.getJobInfo()).status.phase === 'Running')
    const content = Buffer.alloc(300_000, 'x')
    const upload = request(`${at.url}/v2/${(await at.credentials()).project_id}/objects/lab/slow`, {
      method: 'PUT',
      headers: { 'X-Auth-Token': await token(at), 'Content-Length': content.length },
    })
    const answered = once(upload, 'response') as Promise<[IncomingMessage]>
    upload.write(content.subarray(0, 100_000))
    await until('the upload has begun', async () => at.logs().includes('CreateToken'))

    const ended = at.end('SIGTERM')
    await until('the stop has begun', async () => at.logs().includes('stopping'))
    upload.end(content.subarray(100_000))

    const [response] = await answered
    assert.equal(response.statusCode, 201)
    assert.equal(await ended, 0)
    const next = await start()
    const list = await until('the job is over', async () => {
      const found = await Estimator.getJobList({ session: next.session() })
      return found.items[0]?.status.phase === 'Completed' ? found : undefined
    })
    assert.equal(list.count, 1)
    assert.equal((await next.session().obs.find('obs://lab/slow'))?.size, content.length)
  })

  it('answers 2819 for a log that was removed by age, and keeps the job', async () => {
    const first = await start()
    const job = await submit(first, 'old', 'echo hello')
    await job.waitForCompletion()
    await first.end()
    const store = openSqliteStore({ file: join(data, 'trainyard.db') })
    const objects = openFilesystemObjects({ root: join(data, 'objects') })
    const executor = new LocalExecutor({
      root: join(data, 'runs'),
      logRoot: join(data, 'logs'),
      objects,
      capacity: { cores: 1, memoryBytes: 1, gpus: 0, npus: 0 },
    })
    const day = 24 * 3_600_000
    const retention = new Retention({
      store,
      executor,
      keeping: { logs: 30 * day, events: undefined, jobs: undefined },
      onSwept: () => undefined,
      onTrouble: (error) => assert.ifError(error),
      clock: () => Date.now() + 31 * day,
    })
    assert.deepEqual(await retention.sweep(), { logs: 1, events: 0, jobs: 0 })
    for (const thing of [executor, objects, store]) await thing.close()

    const next = await start()
    const credentials = await next.credentials()
    const path = `/v2/${credentials.project_id}/training-jobs/${job.jobId}/tasks/worker-0/logs`
    const headers = { 'X-Auth-Token': await token(next) }
    for (const kind of ['preview', 'url']) {
      const answer = await fetch(`${next.url}${path}/${kind}`, { headers })
      const body = (await answer.json()) as { error_code?: string }
      assert.deepEqual([answer.status, body.error_code], [400, 'ModelArts.2819'])
    }
    assert.equal((await Estimator.getJobList({ session: next.session() })).count, 1)
  })
})

describe('trainyard doctor', () => {
  let data: string
  let server: ServerProcess | undefined

  beforeEach(async () => {
    data = await makeDataDirectory()
  })
  afterEach(async () => {
    await server?.end()
    server = undefined
    await removeDirectory(data)
  })

  interface Report {
    readonly ok: boolean
    readonly findings: { name: string; status: string; found: string; advice?: string }[]
  }

  const examine = async (...args: string[]): Promise<{ code: number; report: Report }> => {
    const { code, stdout } = await runMain(['doctor', '--data', data, '-o', 'json', ...args])
    return { code, report: JSON.parse(stdout) as Report }
  }
  const find = ({ findings }: Report, name: string) => findings.find((finding) => finding.name === name)

  it('finds nothing wrong where a server can work, and changes nothing', async () => {
    await chmod(data, 0o700)
    const { code, report } = await examine('--port', '1')

    assert.deepEqual([code, report.ok], [0, true])
    for (const name of [
      'node',
      'cores',
      'memory',
      'gpus',
      'engines',
      'clock',
      'open files',
      'disk',
      'lock',
      'port',
    ]) {
      assert.ok(find(report, name), `${name} is not told`)
    }
    await assert.rejects(stat(join(data, 'server.lock')), { code: 'ENOENT' })
  })

  it('finds the server that runs', async () => {
    server = await ServerProcess.start(data)
    await until('ready', async () => (await plainFetch(`${server?.url}/readyz`)).status === 200)

    const { code, report } = await examine()

    assert.equal(code, 0)
    assert.match(find(report, 'lock')?.found ?? '', /held/)
    assert.equal(find(report, 'server')?.found, `ready at ${server.url}`)
  })

  it('names what is to be mended, and ends with 1', async () => {
    await writeFile(
      join(data, 'trainyard.yaml'),
      'local: { cpu: 1 }\nlimits: { min_free_bytes: 999999999999999 }\n',
    )
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' && address ? address.port : 0

    const { code, report } = await examine('--port', String(port))
    const text = await runMain(['doctor', '--data', data, '--port', String(port)])
    other.close()

    assert.deepEqual([code, report.ok, text.code], [1, false, 1])
    assert.match(find(report, 'configuration')?.found ?? '', /trainyard\.yaml:1:10: local\.cpu /)
    assert.match(find(report, 'port')?.advice ?? '', /--port/)
    assert.match(text.stdout, /PROBLEM {2}port/)
    assert.match(text.stdout, /2 to be mended/)
  })
})

describe('the configuration of a server', () => {
  let data: string

  beforeEach(async () => {
    data = await makeDataDirectory()
  })
  afterEach(() => removeDirectory(data))

  it('is refused by serve and by config check alike: all mistakes, code 2', async () => {
    await writeFile(join(data, 'trainyard.yaml'), 'local:\n  cpu: 4\nlimits: { log_bytes: 1 }\n')

    const served = await runMain(['serve', '--port', '0', '--data', data])
    const checked = await runMain(['config', 'check', '--data', data])

    assert.deepEqual([served.code, checked.code], [2, 2])
    assert.equal(served.stderr, checked.stderr)
    const file = join(data, 'trainyard.yaml')
    assert.deepEqual(checked.stderr.split('\n').slice(0, 2), [
      `error: ${file}:2:3: local.cpu is not a key (did you mean cpus?); allowed: the keys cpus, memory_gb, gpus, npus`,
      `error: ${file}:3:22: limits.log_bytes is 1; allowed: a whole number of at least 1024`,
    ])
  })

  it('is shown with the source of each value', async () => {
    await writeFile(join(data, 'trainyard.yaml'), 'retention: { logs: 7d, jobs: 1d }\n')

    const shown = await runMain(['config', 'show', '--keep', '90d', '-o', 'json'], { TRAINYARD_DATA: data })

    assert.equal(shown.code, 0)
    const settings = JSON.parse(shown.stdout) as { key: string; value: unknown; source: string }[]
    const find = (key: string) => settings.find((setting) => setting.key === key)
    assert.deepEqual(find('retention.logs'), { key: 'retention.logs', value: '7d', source: 'file' })
    assert.deepEqual(find('retention.jobs'), { key: 'retention.jobs', value: '90d', source: 'flag' })
    assert.deepEqual(find('metrics.open'), { key: 'metrics.open', value: false, source: 'default' })
    assert.deepEqual(find('data'), { key: 'data', value: data, source: 'environment' })
  })

  it('is refused on the command line too, with code 2', async () => {
    for (const wrong of [
      ['--keep', '90'],
      ['--log-level', 'loud'],
      ['--log-format', 'xml'],
      ['--port', '70000'],
    ]) {
      const { code, stderr } = await runMain(['serve', '--data', data, ...wrong])
      assert.equal(code, 2, wrong.join(' '))
      assert.match(stderr, new RegExp(wrong[0] ?? ''))
    }
    assert.equal((await runMain(['config', 'no-such'])).code, 2)
  })

  it('gives logs for people when asked', async () => {
    const server = await ServerProcess.start(data, ['--log-format', 'pretty'])
    await plainFetch(`${server.url}/nowhere`)
    await until('the line', async () =>
      /\d\d:\d\d:\d\d\.\d{3} warn {2}answered .*status=404/.test(server.logs()),
    )
    await server.end()
    assert.ok(!(await readFile(join(data, 'credentials.json'), 'utf8')).includes('answered'))
  })
})
