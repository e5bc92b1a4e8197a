import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { aJobRecord, BUILDER_TIME } from '../../../test/support/job-builder.ts'
import { MemoryObjectStore } from '../../../test/support/memory-object-store.ts'
import { ScriptedExecutor } from '../../../test/support/scripted-executor.ts'
import { refusal } from '../../contract/trainyard-error.ts'
import { openSqliteStore } from '../../store/sqlite/open-store.ts'
import { DiskGuard } from '../disk-guard.ts'
import { Metrics } from './metrics.ts'
import { SlowFigure } from './slow-figure.ts'

const root = join(import.meta.dirname, '../../..')
const NOW = BUILDER_TIME + 60_000

const openYard = () => {
  const metrics = new Metrics({ version: '1.2.3', clock: () => NOW })
  const store = metrics.watchStore(openSqliteStore({ file: ':memory:' }))
  const executor = new ScriptedExecutor(8)
  const objects = new MemoryObjectStore()
  const guard = new DiskGuard({
    directories: ['/data'],
    minFreeBytes: 100,
    onChange: () => undefined,
    space: async () => ({ freeBytes: 50, sizeBytes: 1000 }),
  })
  const sources = { store, executor, objects, guard }
  return { metrics, store, executor, objects, guard, text: async () => (await metrics.render(sources)).text }
}

/** Value of a line such as `trainyard_jobs{phase="Running"}`. */
const valueIn = (text: string, series: string): number | undefined => {
  const line = text.split('\n').find((entry) => entry.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}

describe('metrics', () => {
  it('tell of requests by operation, status and code', async () => {
    const { metrics, text } = openYard()
    const request = { operation: 'ListTrainingJobs', durationMs: 30 } as const
    for (const rest of [{ status: 200 }, { status: 200 }, { status: 404, code: 'ModelArts.2836' }] as const) {
      metrics.began()
      metrics.ended({ ...request, ...rest })
    }
    metrics.began()

    const shown = await text()

    const series = (status: number, code: string): string =>
      `trainyard_http_requests_total{operation="ListTrainingJobs",status="${status}",code="${code}"}`
    assert.deepEqual([valueIn(shown, series(200, '')), valueIn(shown, series(404, 'ModelArts.2836'))], [2, 1])
    assert.equal(valueIn(shown, 'trainyard_http_requests_in_flight'), 1)
    assert.match(shown, /duration_seconds_bucket\{le="0.025",operation="ListTrainingJobs"\} 0/)
    assert.match(shown, /duration_seconds_bucket\{le="0.05",operation="ListTrainingJobs"\} 3/)
  })

  it('tell of jobs, the queue, what is held, objects and the disk', async () => {
    const { store, objects, guard, text } = openYard()
    const task = { task: 'worker-0', state: 'running', devices: [], ip: '', hostIp: '' } as const
    const run = { attempt: 1, executor: 'local', placedAt: 1, masterPort: 1, tasks: [task] }
    const spec = {
      resource: {
        flavor_id: 'a',
        flavor_detail: {
          flavor_info: { cpu: { arch: 'x86', core_num: 3 }, memory: { size: 2, unit: 'GB' } },
        },
      },
    }
    await store.jobs.create(aJobRecord({ phase: 'Running', run, spec: spec as never }), {})
    await store.jobs.create(aJobRecord({ phase: 'Pending' }), {})
    await store.jobs.create(aJobRecord({ phase: 'Completed' }), {})
    await objects.put(
      { projectId: 'p', bucket: 'lab', key: 'a' },
      (async function* () {
        yield Buffer.alloc(7)
      })(),
    )
    await guard.look()

    const shown = await text()

    assert.deepEqual(
      ['Pending', 'Running', 'Completed', 'Failed'].map((phase) =>
        valueIn(shown, `trainyard_jobs{phase="${phase}"}`),
      ),
      [1, 1, 1, 0],
    )
    const expected = {
      trainyard_queue_jobs: 1,
      trainyard_queue_oldest_age_seconds: 60,
      trainyard_running_tasks: 1,
      trainyard_cores_used: 3,
      trainyard_cores_capacity: 8,
      trainyard_memory_used_bytes: 2 * 1024 ** 3,
      trainyard_objects: 1,
      trainyard_object_store_bytes: 7,
      trainyard_disk_free_bytes: 50,
      trainyard_disk_size_bytes: 1000,
      trainyard_disk_low: 1,
    }
    for (const [name, value] of Object.entries(expected)) assert.equal(valueIn(shown, name), value, name)
    assert.match(shown, /trainyard_build_info\{version="1\.2\.3",node="24[^"]*"\} 1/)
    assert.match(shown, /trainyard_store_operation_duration_seconds_count\{operation="jobs\.create"\} 3/)
  })

  it('count failures of store and executor, and hide none', async () => {
    const { metrics, store, executor, text } = openYard()
    executor.stop = async () => {
      throw new Error('no')
    }
    await store.close()

    await assert.rejects(store.jobs.listActive(), { code: 'ModelArts.2952' })
    const watched = metrics.watchExecutor(executor)
    await assert.rejects(watched.stop({ jobId: 'j', projectId: 'p', attempt: 1, tasks: [] }), /no/)
    assert.equal(watched.name, 'local')
    assert.equal(watched.capacity().cores, 8)

    const shown = await text()
    assert.ok((valueIn(shown, 'trainyard_store_errors_total{operation="jobs.listActive"}') ?? 0) >= 1)
    assert.equal(valueIn(shown, 'trainyard_executor_errors_total{executor="local",operation="stop"}'), 1)
  })

  it('tell how late and how long the scheduler looks', async () => {
    const { metrics, text } = openYard()
    assert.equal(metrics.lookAgeMs, undefined)
    metrics.woke()
    metrics.looked(0, false)
    metrics.looked(5, true)

    const shown = await text()

    assert.equal(valueIn(shown, 'trainyard_scheduler_lag_seconds_count'), 1)
    assert.equal(valueIn(shown, 'trainyard_scheduler_look_duration_seconds_count'), 2)
    assert.equal(valueIn(shown, 'trainyard_scheduler_failed_looks_total'), 1)
    assert.ok((metrics.lookAgeMs ?? -1) >= 0)
  })

  it('pass a refusal on as it is', async () => {
    const { metrics, executor } = openYard()
    const thrown = refusal('ModelArts.2950', 'x')
    executor.remove = async () => {
      throw thrown
    }

    await assert.rejects(metrics.watchExecutor(executor).remove('j'), (error) => error === thrown)
  })
})

const namesIn = async (): Promise<Map<string, { type: string; help: string }>> => {
  const { text } = openYard()
  const shown = await text()
  const found = new Map<string, { type: string; help: string }>()
  for (const [, name = '', help = ''] of shown.matchAll(/^# HELP (\S+) (.*)$/gm)) {
    const type = new RegExp(`^# TYPE ${name} (\\w+)$`, 'm').exec(shown)?.[1] ?? ''
    found.set(name, { type, help })
  }
  return found
}

describe('the names of metrics', () => {
  it('follow the conventions of Prometheus', async () => {
    for (const [name, { type, help }] of await namesIn()) {
      if (!name.startsWith('trainyard_')) {
        assert.match(name, /^(process|nodejs)_/)
        continue
      }
      assert.match(name, /^trainyard_[a-z][a-z_]*[a-z]$/)
      assert.match(help, /^[A-Z1].*[^ ]\.$/, `${name} has no sentence of help`)
      assert.equal(name.endsWith('_total'), type === 'counter', name)
      assert.doesNotMatch(name, /_(ms|millis|mb|gb|percent)\b/, name)
      if (type === 'histogram') assert.match(name, /_seconds$/)
    }
  })

  it('are all in the guide, and only they', async () => {
    const guide = readFileSync(join(root, 'docs/guides/operating.md'), 'utf8')
    const listed = [...guide.matchAll(/^\| `(trainyard_\w+)` \| (\w+) \| (.*) \|$/gm)]

    assert.deepEqual(
      listed.map(([, name, type, help]) => [name, type, help]),
      [...(await namesIn())]
        .filter(([name]) => name.startsWith('trainyard_'))
        .map(([name, { type, help }]) => [name, type, help.replaceAll('\\"', '"')]),
    )
  })

  it('are all the dashboard asks for', async () => {
    const dashboard = readFileSync(join(root, 'ops/grafana/trainyard.json'), 'utf8')
    const known = await namesIn()
    const asked = [...dashboard.matchAll(/\b((?:trainyard|process|nodejs)_\w+)/g)].map(
      ([, name = '']) => name,
    )
    const unknown = asked.filter(
      (name) => !known.has(name) && !known.has(name.replace(/_(bucket|sum|count)$/, '')),
    )

    assert.ok(asked.length > 30)
    assert.deepEqual(unknown, [])
    const shown = new Set(asked.map((name) => name.replace(/_bucket$/, '')))
    const left = [...known.keys()].filter((name) => name.startsWith('trainyard_') && !shown.has(name))
    assert.deepEqual(left, [], 'the dashboard leaves figures out')
  })
})

describe('a figure that is slow to read', () => {
  it('is read again after ten seconds, or after a hundred times what reading took', async () => {
    let now = 0
    let reads = 0
    let tookMs = 1
    const figure = new SlowFigure(
      async () => {
        now += tookMs
        reads += 1
        return reads
      },
      () => now,
    )
    const readAt = async (time: number): Promise<number> => {
      now = time
      return figure.read()
    }

    assert.deepEqual([await readAt(0), await readAt(9_999), await readAt(10_002)], [1, 1, 2])
    tookMs = 500
    assert.deepEqual([await readAt(30_000), await readAt(80_000), await readAt(81_000)], [3, 3, 4])
  })
})
