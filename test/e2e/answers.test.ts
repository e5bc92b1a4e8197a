import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Ajv } from 'ajv'
import { ListEventsResponse } from '../../src/contract/events.ts'
import { METRIC_NAMES } from '../../src/contract/metrics.ts'
import { SearchResponse } from '../../src/contract/search.ts'
import { TrainingJob } from '../../src/contract/training-job.ts'
import {
  type CredentialsFile,
  makeDataDirectory,
  removeDirectory,
  ServerProcess,
  until,
} from '../support/server-process.ts'
import { type Answer, signedFetch } from '../support/signed-fetch.ts'

const ajv = new Ajv({ strict: false })
const FINAL = ['Completed', 'Failed', 'Terminated', 'Abnormal']

/** The wire as a program of the vendor's would use it: signed by hand, no SDK between. */
describe('the answers of a real server', () => {
  let data: string
  let server: ServerProcess
  let credentials: CredentialsFile
  let engine: { engine_name: string; engine_version: string }

  before(async () => {
    data = await makeDataDirectory('local: { cpus: 4 }\nlimits: { stop_grace_seconds: 1 }\n')
    server = await ServerProcess.start(data)
    credentials = await server.credentials()
    const { items } = (await call('GET', '/training-job-engines')).json
    const python = items.find((item: { engine_name: string }) => item.engine_name === 'Python')
    engine = { engine_name: python.engine_name, engine_version: python.engine_version }
    const { obs } = server.session()
    await obs.put('obs://lab/mnist/train.py', 'import sys\nprint(*sys.argv[1:])\n')
    await obs.put('obs://lab/data/mnist/one.txt', '1')
    for (const name of ['resnet-b', 'resnet-a', 'vgg']) await finish(await create(command(name, 'echo hi')))
  })

  after(async () => {
    await server.end()
    await removeDirectory(data)
  })

  const call = (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const { access_key: accessKey, secret_key: secretKey, project_id: project } = credentials
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    return signedFetch(method, `${server.url}/v2/${project}${path}`, { accessKey, secretKey, headers }, text)
  }

  const search = (body?: unknown) => call('POST', '/training-job-searches', body)
  const page = async (body: unknown) => {
    const answer = await search(body)
    assert.equal(answer.status, 200, answer.text)
    assert.ok(ajv.validate(SearchResponse, answer.json), JSON.stringify(ajv.errors))
    return answer.json
  }
  const namesOf = async (body: unknown): Promise<string[]> =>
    (await page(body)).items.map((item: { metadata: { name: string } }) => item.metadata.name)
  const namesBy = (...filters: unknown[]) =>
    namesOf({ sort_by: 'name', order: 'asc', group_by: null, filters })

  const command = (name: string, line: string) => ({
    metadata: { name },
    algorithm: { command: line, engine: { engine_id: 'command' } },
    spec: { resource: { flavor_id: 'yard.cpu.1' } },
  })
  const create = async (body: unknown): Promise<string> => {
    const answer = await call('POST', '/training-jobs', body)
    assert.equal(answer.status, 201, answer.text)
    assert.ok(ajv.validate(TrainingJob, answer.json), JSON.stringify(ajv.errors))
    return answer.json.metadata.id
  }
  const show = async (id: string) => (await call('GET', `/training-jobs/${id}`)).json
  const finish = (id: string) =>
    until('it ended', async () => {
      const job = await show(id)
      return FINAL.includes(job.status.phase) && job
    })
  const assertRefused = ({ status, json, headers }: Answer, expected: number, code: string): void => {
    assert.deepEqual([status, json.error_code], [expected, `ModelArts.${code}`], json.error_msg)
    assert.deepEqual(Object.keys(json), ['error_msg', 'error_code', 'error_solution'])
    assert.ok(json.error_msg && json.error_solution && headers.get('x-request-id'))
  }

  describe('search', () => {
    it('answers the published example', async () => {
      const { items, ...rest } = await page({
        offset: 1,
        limit: 2,
        sort_by: 'create_time',
        order: 'desc',
        filters: [
          { key: 'name', operator: 'like', value: ['RESNET'] },
          { key: 'phase', value: ['Completed', 'Pending'] },
          { key: 'create_time', operator: 'between', value: ['2025-03-01T00:00:00Z', ''] },
        ],
      })

      const { total, ...echo } = rest
      assert.ok(total >= 3)
      assert.deepEqual(echo, {
        count: 2,
        limit: 2,
        offset: 1,
        sort_by: 'create_time',
        order: 'desc',
        group_by: '',
        workspace_id: '0',
        ai_project: 'default-ai-project',
      })
      assert.deepEqual(
        items.map((item: { metadata: { name: string } }) => item.metadata.name),
        ['resnet-b'],
      )
    })

    it('takes no body, {} and nulls for the defaults, and ignores the query', async () => {
      const nulls = Object.fromEntries(
        'offset limit sort_by order group_by filters workspace_id train_type unified_jobs tags host_ips nonsense'
          .split(' ')
          .map((name) => [name, null]),
      )

      const plain = await search()

      assert.equal(plain.json.limit, 10)
      for (const body of ['', '{}', nulls, { filters: [{ key: null, operator: null, value: null }] }]) {
        assert.equal((await search(body)).text, plain.text)
      }
      assert.equal((await call('POST', '/training-job-searches?limit=1', {})).text, plain.text)
    })

    it('takes blanks for no condition, and the same key twice for both', async () => {
      const all = await namesBy()

      assert.deepEqual(
        await namesBy(
          { key: 'phase', operator: 'in', value: [''] },
          { key: 'user_id', operator: 'not', value: ['', ''] },
          { key: 'kind', operator: 'in', value: [] },
          { key: '', operator: 'like', value: [''] },
          { key: 'create_time', operator: 'between', value: ['', ''] },
        ),
        all,
      )
      assert.deepEqual(
        await namesBy(
          { key: 'name', operator: 'like', value: ['', 'resnet', 'vgg'] },
          { key: 'name', operator: 'not', value: ['resnet-a'] },
        ),
        ['resnet-b', 'vgg'],
      )
    })

    it('reads both forms of time, both ends inclusive', async () => {
      const [item] = (await page({ filters: [{ key: 'name', value: ['resnet-a'] }] })).items
      const at = item.metadata.create_time
      const time = (lower: string, upper: string) => ({
        key: 'create_time',
        operator: 'between',
        value: [lower, upper],
      })

      assert.deepEqual(await namesBy(time(String(at), String(at))), ['resnet-a'])
      assert.deepEqual(await namesBy(time(new Date(at).toISOString(), new Date(at).toISOString())), [
        'resnet-a',
      ])
      assert.deepEqual(await namesBy(time('', String(at)), { key: 'name', value: ['vgg', 'resnet-b'] }), [
        'resnet-b',
      ])
    })

    it('groups first, then sorts, breaks ties by id, and ends beyond the count', async () => {
      const grouped = await page({ group_by: 'flavor_id', sort_by: 'name', order: 'desc', limit: 50 })
      const tied = await page({ sort_by: 'user_name', limit: 50 })
      const ids = tied.items.map((item: { metadata: { id: string } }) => item.metadata.id)

      assert.equal(grouped.group_by, 'flavor_id')
      assert.deepEqual(
        grouped.items.map((item: { metadata: { name: string } }) => item.metadata.name),
        (await namesBy()).reverse(),
      )
      assert.deepEqual(ids, [...ids].sort())
      const beyond = await page({ offset: tied.count, limit: 1 })
      assert.deepEqual([beyond.items, beyond.count, beyond.offset], [[], tied.count, tied.count])
    })

    it('shows where tasks ran only when asked for hosts', async () => {
      const plain = (await page({ filters: [{ key: 'name', value: ['vgg'] }] })).items[0]
      const { items } = await page({
        host_ips: ['127.0.0.1', '::1'],
        filters: [{ key: 'name', value: ['vgg'] }],
      })
      const elsewhere = await page({ host_ips: ['192.0.2.1'] })

      assert.equal(plain.status.task_ips, undefined)
      assert.deepEqual(items[0].status.task_ips, [
        { task: 'worker-0', ip: '127.0.0.1', host_ip: '127.0.0.1', schedule_count: 1 },
      ])
      assert.deepEqual([elsewhere.count, elsewhere.items], [0, []])
      assert.equal((await page({ tags: [{ key: 'team', values: ['', 'a/b'] }] })).count, 0)
      const old = { key: 'create_time', operator: 'between', value: ['2020-01-01T00:00:00Z', ''] }
      assertRefused(await search({ tags: [{ key: 'team' }], filters: [old] }), 400, '2809')
    })

    it('finds no fine-tuning jobs, and says what it was asked', async () => {
      const answer = await page({ train_type: 'ftjob', unified_jobs: true })

      assert.deepEqual([answer.count, answer.items, answer.train_type], [0, [], 'ftjob'])
      assert.ok(answer.total >= 3)
      assert.equal((await page({ train_type: 'job' })).count, answer.total)
    })

    const filter = (key: string, operator: string, ...value: string[]) => ({
      filters: [{ key, operator, value }],
    })
    for (const [body, code] of [
      ['[]', '2787'],
      ['null', '2787'],
      ['{"a":', '2787'],
      [{ offset: '1' }, '2825'],
      [{ filters: [null] }, '2825'],
      [{ filters: [{ key: 'name', value: [1] }] }, '2825'],
      [{ offset: -1 }, '2788'],
      [{ limit: 0 }, '2788'],
      [{ order: 'DESC' }, '2788'],
      [{ group_by: 'name' }, '2788'],
      [{ limit: 51 }, '2816'],
      [{ filters: Array(21).fill({}) }, '2816'],
      [{ tags: Array.from({ length: 11 }, (_, index) => ({ key: `k${index}` })) }, '2816'],
      [{ host_ips: Array(11).fill('10.0.0.1') }, '2816'],
      [{ sort_by: 'id' }, '2790'],
      [filter('status', 'in', 'Running'), '2807'],
      [filter('name', 'eq', 'a'), '2808'],
      [filter('phase', 'in', 'running'), '2809'],
      [filter('create_time', 'between', '2', '1'), '2809'],
      [filter('priority', 'in', 'high'), '2809'],
      [filter('name', 'in', ...Array(11).fill('a')), '2809'],
      [{ workspace_id: '9'.repeat(32) }, '0102'],
    ] as const) {
      it(`refuses ${JSON.stringify(body).slice(0, 60)} with ${code}`, async () => {
        assertRefused(await search(body), 400, code)
      })
    }
  })

  describe('jobs', () => {
    const example = (name: string) => ({
      kind: 'job',
      metadata: { name, annotations: { 'fault-tolerance/job-retry-num': '2' } },
      algorithm: {
        code_dir: '/lab/mnist/',
        boot_file: '/lab/mnist/train.py',
        engine,
        parameters: [{ name: 'epochs', value: '5' }],
        inputs: [{ name: 'data_url', remote: { obs: { obs_url: '/lab/data/mnist/' } } }],
        outputs: [{ name: 'train_url', remote: { obs: { obs_url: '/lab/out/a1/' } } }],
      },
      spec: {
        resource: { flavor_id: 'yard.cpu.1', node_count: 1 },
        log_export_path: { obs_url: '/lab/logs/' },
        auto_stop: { time_unit: 'HOURS', duration: 2 },
      },
    })

    it('runs the published example, and takes its own detail answer back as a clone', async () => {
      const done = await finish(await create(example('mnist-a1')))
      assert.equal(done.status.phase, 'Completed')

      const clone = await finish(
        await create({ ...done, metadata: { ...done.metadata, name: 'mnist-a2', description: null } }),
      )

      assert.equal(clone.status.phase, 'Completed')
      const own = ({ metadata, status: _status, trainyard: _trainyard, ...job }: typeof done) => ({
        ...job,
        annotations: metadata.annotations,
      })
      assert.deepEqual(own(clone), own(done))
      assert.equal(clone.status.running_records.length, 1)
    })

    it('lists the same object as the detail call answers', async () => {
      const { items } = await page({ limit: 50 })

      for (const item of items) assert.deepEqual(await show(item.metadata.id), item)
    })

    it('changes the description, and empties it when none is sent', async () => {
      const id = await create(command('described', 'true'))
      const job = `/training-jobs/${id}`
      const described = async (body?: unknown) => {
        const answer = await call('PUT', job, body)
        assert.deepEqual([answer.status, answer.text], [200, 'null'])
        return (await show(id)).metadata.description
      }

      assert.equal(await described({ description: '😀'.repeat(256), priority: 3 }), '😀'.repeat(256))
      assert.equal(await described({}), '')
      await described({ description: 'again' })
      assert.equal(await described({ description: null }), '')
      assertRefused(await call('PUT', job, { description: 'x'.repeat(257) }), 400, '2816')
      assertRefused(await call('PUT', job, { description: 1 }), 400, '2825')
    })

    it('stops once, deletes once, and answers as published', async () => {
      const id = await create(command('stopped', 'sleep 60'))
      const job = `/training-jobs/${id}`
      assertRefused(await call('POST', `${job}/actions`, {}), 400, '2788')
      assertRefused(await call('POST', `${job}/actions`, { action_type: 'restart' }), 400, '2812')

      const stopped = await call('POST', `${job}/actions`, { action_type: 'terminate' })
      assert.equal(stopped.status, 202)
      assert.ok(['Terminating', 'Terminated'].includes(stopped.json.status.phase))
      assertRefused(await call('POST', `${job}/actions`, { action_type: 'terminate' }), 409, '2796')

      const deleted = await call('DELETE', job, {})
      assert.deepEqual([deleted.status, deleted.text], [202, '""'])
      for (const [method, path, body] of [
        ['GET', '', undefined],
        ['PUT', '', {}],
        ['DELETE', '', undefined],
        ['POST', '/actions', { action_type: 'terminate' }],
        ['GET', '/tasks/worker-0/logs/preview', undefined],
        ['GET', '/tasks/worker-0/logs/url', undefined],
        ['GET', '/metrics/worker-0', undefined],
        ['GET', '/events', undefined],
      ] as const) {
        assertRefused(await call(method, `${job}${path}`, body), 400, '2775')
      }
      assertRefused(await call('GET', '/training-jobs/not-a-uuid'), 400, '2775')
    })

    it('tells wrong types, taken names, other workspaces and wrong methods apart', async () => {
      assertRefused(await call('POST', '/training-jobs', ''), 400, '2787')
      assertRefused(await call('POST', '/training-jobs', { metadata: { name: 1 } }), 400, '2825')
      assertRefused(await call('POST', '/training-jobs', { metadata: { name: 'a b' } }), 400, '2788')
      assertRefused(await call('POST', '/training-jobs', { ...command('vgg', 'true') }), 400, '2751')
      const elsewhere = { ...command('vgg', 'true'), metadata: { name: 'vgg', workspace_id: 'none' } }
      assertRefused(await call('POST', '/training-jobs', elsewhere), 400, '0102')
      assertRefused(await call('PATCH', '/training-jobs', {}), 405, '2803')
      assertRefused(await call('GET', '/training-things'), 404, '2836')
      const { project_id: project } = credentials
      credentials = { ...credentials, project_id: `${project}x` }
      const foreign = await search()
      credentials = { ...credentials, project_id: project }
      assertRefused(foreign, 404, '2786')
    })
  })

  it('lists where tasks ran, one scheduling or all, as a bare array', async () => {
    const id = await create({
      ...command('placed', 'true'),
      spec: { resource: { flavor_id: 'yard.cpu.1', node_count: 2 } },
    })
    await finish(id)
    const rows = ['worker-0', 'worker-1'].map((task) => ({
      task,
      ip: '127.0.0.1',
      host_ip: '127.0.0.1',
      schedule_count: 1,
    }))

    assert.deepEqual((await call('GET', `/training-jobs/${id}/tasks`)).json, rows)
    assert.deepEqual((await call('GET', `/training-jobs/${id}/tasks?schedule_count=1`)).json, rows)
    assert.deepEqual((await call('GET', `/training-jobs/${id}/tasks?schedule_count=2`)).json, [])
    for (const count of ['0', 'two']) {
      assertRefused(await call('GET', `/training-jobs/${id}/tasks?schedule_count=${count}`), 400, '2764')
    }
    assertRefused(await call('GET', `/training-jobs/${crypto.randomUUID()}/tasks`), 400, '2775')
  })

  describe('logs, metrics and events', () => {
    it('has no log before a task wrote one, and its true sizes afterwards', async () => {
      const silent = await create(command('blocked', 'sleep 60'))
      const waits = await create({
        ...command('waits', 'true'),
        spec: { resource: { flavor_id: 'yard.cpu.4' } },
      })
      const { id } = (await page({ filters: [{ key: 'name', value: ['vgg'] }] })).items[0].metadata
      const preview = await call('GET', `/training-jobs/${id}/tasks/worker-0/logs/preview`)

      for (const rest of ['preview', 'url']) {
        assertRefused(await call('GET', `/training-jobs/${waits}/tasks/worker-0/logs/${rest}`), 400, '2818')
      }
      assertRefused(await call('GET', `/training-jobs/${id}/tasks/worker-1/logs/preview`), 400, '2788')
      assert.deepEqual(Object.keys(preview.json).sort(), ['content', 'current_size', 'full_size'])
      assert.equal(preview.json.current_size, Buffer.byteLength(preview.json.content))
      assert.equal(preview.json.full_size, preview.json.current_size)
      for (const blocked of [waits, silent]) await call('DELETE', `/training-jobs/${blocked}`)
    })

    it('links to a log for viewing or for download, the query before the header', async () => {
      const { id } = (await page({ filters: [{ key: 'name', value: ['vgg'] }] })).items[0].metadata
      const path = `/training-jobs/${id}/tasks/worker-0/logs/url`
      const binary = 'application/octet-stream'
      const dispositionOf = async (query: string, headers: Record<string, string>) => {
        const { json } = await call('GET', `${path}${query}`, undefined, headers)
        const file = await fetch(json.obs_url)
        assert.equal(file.status, 200)
        await file.text()
        return file.headers.get('content-disposition') ?? ''
      }

      assert.match(await dispositionOf('', { 'content-type': binary }), /^attachment/)
      assert.doesNotMatch(
        await dispositionOf('?Content-Type=text%2Fplain', { 'content-type': binary }),
        /^attachment/,
      )
      assert.match(
        await dispositionOf(`?Content-Type=${encodeURIComponent(binary)}`, {}),
        new RegExp(`^attachment.*modelarts-job-${id}-worker-0\\.log`),
      )
      assert.doesNotMatch(await dispositionOf('', {}), /^attachment/)
    })

    it('always has six equally long series', async () => {
      const { items } = await page({ limit: 50 })

      for (const { metadata } of items) {
        const { json } = await call('GET', `/training-jobs/${metadata.id}/metrics/worker-0`)
        assert.deepEqual(
          json.metrics.map(({ metric }: { metric: string }) => metric),
          METRIC_NAMES,
        )
        const lengths = json.metrics.map(({ value }: { value: number[] }) => value.length)
        assert.equal(new Set(lengths).size, 1)
      }
    })

    it('lists events newest first, with levels, sources, patterns and windows', async () => {
      const { id, create_time: created } = (await page({ filters: [{ key: 'name', value: ['vgg'] }] }))
        .items[0].metadata
      const events = async (query = '') => {
        const answer = await call('GET', `/training-jobs/${id}/events${query}`)
        assert.equal(answer.status, 200, answer.text)
        assert.ok(ajv.validate(ListEventsResponse, answer.json), JSON.stringify(ajv.errors))
        return answer.json
      }
      const all = await events('?order=&level=&pattern=&source=&start_time=&end_time=&limit=&offset=')
      const { events: rows, total, ...echo } = all
      const texts = rows.map(({ message }: { message: string }) => message)

      assert.deepEqual(echo, { limit: 50, offset: 0, order: 'desc' })
      assert.equal(total, rows.length)
      assert.equal(texts.at(-1), 'Job created.')
      assert.ok(texts[0].includes('Job completed.'))
      for (const { time } of rows) assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/)
      assert.deepEqual(
        (await events('?order=asc')).events.map(({ message }: { message: string }) => message),
        texts.toReversed(),
      )
      assert.equal((await events('?level=error,WARNING')).total, 0)
      assert.equal((await events('?pattern=job%20CREATED')).total, 1)
      assert.ok((await events('?source=job&limit=1')).total > 1)
      const window = await events(`?start_time=${created}&end_time=${created}&pattern=created`)
      assert.equal(window.total, 1)
      assert.equal(window.start_time, window.events[0].time)
    })

    for (const query of [
      'start_time=1',
      'start_time=1&end_time=',
      'start_time=1&end_time=999999999999999',
      'start_time=2030-03-01T00:00:00Z&end_time=2030-03-02T00:00:00Z',
      'limit=0',
      'limit=101',
      'offset=-1',
      'order=up',
      'level=Loud',
      'source=Moon',
      `pattern=${'x'.repeat(257)}`,
    ]) {
      it(`refuses the events query ${query.slice(0, 40)}`, async () => {
        const { id } = (await page({ limit: 1 })).items[0].metadata

        assertRefused(await call('GET', `/training-jobs/${id}/events?${query}`), 400, '50004000')
      })
    }
  })

  it('lists flavors by type, and engines, each with its own counter', async () => {
    const flavors = (await call('GET', '/training-job-flavors?flavor_type=CPU')).json
    const engines = (await call('GET', '/training-job-engines')).json

    assert.equal(flavors.total_count, flavors.flavors.length)
    assert.deepEqual(await (await call('GET', '/training-job-flavors?flavor_type=')).json, flavors)
    assert.equal(engines.total, engines.items.length)
    assertRefused(await call('GET', '/training-job-flavors?flavor_type=TPU'), 400, '2764')
  })
})
