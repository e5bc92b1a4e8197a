import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { Ajv } from 'ajv'
import { MemoryObjectStore } from '../../test/support/memory-object-store.ts'
import { ScriptedExecutor } from '../../test/support/scripted-executor.ts'
import { Catalog } from '../catalog/catalog.ts'
import { COMMAND_ENGINE, interpreterEngine } from '../catalog/engine.ts'
import { machineFlavors } from '../catalog/flavors.ts'
import type { CreateTrainingJobRequest } from '../contract/create-training-job.ts'
import { MAX_PREVIEW_BYTES } from '../contract/logs.ts'
import { SearchResponse } from '../contract/search.ts'
import { TrainingJob } from '../contract/training-job.ts'
import { refusal } from '../contract/trainyard-error.ts'
import { openSqliteStore } from '../store/sqlite/open-store.ts'
import type { Store } from '../store/store.ts'
import { Jobs } from './jobs.ts'

const START = 1_900_000_000_000
const GIB = 1024 ** 3
const ada = { userId: 'user-ada', userName: 'ada', projectId: 'project-1' }
const ENGINE = { engine_id: 'python_3.11-linux-x86_64' }

const aRequest = (name = 'resnet'): CreateTrainingJobRequest => ({
  kind: 'job',
  metadata: { name },
  algorithm: { code_dir: '/lab/code/', boot_file: 'train.py', engine: ENGINE },
  spec: { resource: { flavor_id: 'yard.cpu.1' } },
})

/** The request with one part of the algorithm, or of the spec, replaced. */
const withAlgorithm = (part: CreateTrainingJobRequest['algorithm']): CreateTrainingJobRequest => ({
  ...aRequest(),
  algorithm: { ...aRequest().algorithm, ...part },
})
const withSpec = (part: CreateTrainingJobRequest['spec']): CreateTrainingJobRequest => ({
  ...aRequest(),
  spec: { ...aRequest().spec, ...part },
})
const obs = (obs_url: string) => ({ remote: { obs: { obs_url } } })

describe('Jobs', () => {
  let store: Store
  let objects: MemoryObjectStore
  let executor: ScriptedExecutor
  let jobs: Jobs
  let now: number
  let wakes: number
  let directory: string

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'trainyard-jobs-'))
    store = openSqliteStore({ file: ':memory:' })
    objects = new MemoryObjectStore()
    executor = new ScriptedExecutor(4)
    now = START
    wakes = 0
    const python = interpreterEngine({
      id: ENGINE.engine_id,
      name: 'Python',
      version: 'python_3.11',
      interpreter: '/usr/bin/python3',
    })
    const catalog = new Catalog(
      [python, COMMAND_ENGINE],
      machineFlavors({ cores: 4, memoryBytes: 16 * GIB, arch: 'x86' }),
    )
    const workspaces = {
      visibility: async (requester: { userId: string }) =>
        requester.userId === 'root' ? {} : { ownerId: requester.userId },
    }
    jobs = new Jobs({
      store,
      objects,
      executor,
      catalog,
      workspaces,
      wake: () => {
        wakes += 1
      },
      clock: () => now,
    })
    const script = async function* () {
      yield Buffer.from('print(1)')
    }
    await objects.put({ projectId: ada.projectId, bucket: 'lab', key: 'code/train.py' }, script())
  })

  afterEach(async () => {
    await store.close()
    await rm(directory, { recursive: true })
  })

  /** The code of a refused create. Every refusal is tried as a dry run too: it has to be the same. */
  const refusalOf = async (request: CreateTrainingJobRequest): Promise<string> => {
    const before = (await store.jobs.listActive()).length
    const refused = (isDryRun: boolean) =>
      jobs.create(ada, request, { isDryRun }).then(
        () => assert.fail('was accepted'),
        ({ code, message }: { code: string; message: string }) => ({ code, message }),
      )
    const error = await refused(false)
    assert.deepEqual(await refused(true), error, 'a dry run refuses otherwise')
    assert.equal((await store.jobs.listActive()).length, before, 'a refusal creates nothing')
    return error.code
  }

  describe('create', () => {
    it('answers the whole job as created, by the schema', async () => {
      const job = await jobs.create(ada, {
        ...withAlgorithm({
          parameters: [
            { name: 'epochs', value: 3 },
            { name: 'shuffle', value: true },
          ],
          inputs: [{ name: 'data_url', ...obs('/lab/data/') }],
          outputs: [{ name: 'train_url', ...obs('obs://lab/out/') }],
        }),
        metadata: { name: 'resnet', description: 'first' },
      })

      assert.ok(new Ajv({ strict: false }).validate(TrainingJob, job))
      assert.match(job.metadata.id, /^[0-9a-f-]{36}$/)
      assert.deepEqual(job.status, {
        phase: 'Creating',
        secondary_phase: 'Creating',
        duration: 0,
        node_count_metrics: null,
        tasks: ['worker-0'],
        start_time: '0',
      })
      assert.equal(job.metadata.create_time, START)
      assert.equal(job.metadata.user_name, 'ada')
      assert.equal(job.metadata.annotations?.['job_template'], 'Template DL')
      assert.deepEqual(job.algorithm?.parameters, [
        { name: 'epochs', value: '3' },
        { name: 'shuffle', value: 'true' },
      ])
      assert.equal(job.algorithm?.boot_file, '/lab/code/train.py')
      assert.equal(job.algorithm?.engine?.engine_name, 'Python')
      assert.equal(job.algorithm?.inputs?.[0]?.local_dir, '/home/ma-user/modelarts/inputs/data_url_0')
      assert.equal(job.algorithm?.outputs?.[0]?.mode, 'upload_periodically')
      assert.equal(job.algorithm?.outputs?.[0]?.remote?.obs?.obs_url, 'obs://lab/out/')
      assert.equal(job.spec?.resource?.flavor_detail?.flavor_info?.cpu?.core_num, 1)
      assert.equal(job.spec?.resource?.policy, 'regular')
      assert.deepEqual(job.trainyard, { owner: 'user-ada', executor: 'local' })
    })

    it('takes a detail answer back as a clone, and ignores what the server owns', async () => {
      const job = await jobs.create(
        ada,
        withAlgorithm({ outputs: [{ name: 'train_url', ...obs('/lab/out/') }] }),
      )
      const edited = structuredClone(job) as unknown as CreateTrainingJobRequest & Record<string, unknown>
      edited.metadata.name = 'resnet-2'
      edited['nonsense'] = 1
      if (edited.algorithm?.outputs?.[0])
        edited.algorithm.outputs[0].remote = { obs: { obs_url: '/lab/out2/' } }

      const clone = await jobs.create(ada, edited)

      assert.notEqual(clone.metadata.id, job.metadata.id)
      assert.deepEqual(Object.keys(clone).sort(), Object.keys(job).sort())
    })

    it('masks sensitive values everywhere but in the record', async () => {
      const parameters = [{ name: 'token', value: 's3cret', constraint: { sensitive: true } }]
      const job = await jobs.create(ada, withAlgorithm({ parameters }))

      const record = await store.jobs.find(ada.projectId, job.metadata.id)

      assert.equal(job.algorithm?.parameters?.[0]?.value, '******')
      assert.ok(!JSON.stringify(record?.job).includes('s3cret'))
      assert.deepEqual(record?.secrets, { token: 's3cret' })
    })

    it('runs a command with the engine for commands', async () => {
      const job = await jobs.create(ada, {
        ...aRequest(),
        algorithm: { command: 'echo hi', engine: { engine_name: 'command' } },
      })

      assert.equal(job.algorithm?.command, 'echo hi')
      assert.equal(job.algorithm?.engine?.engine_id, 'command')
    })

    it('leaves a parameter out whose value is null', async () => {
      const job = await jobs.create(
        ada,
        withAlgorithm({ parameters: [{ name: 'a', value: null }, { name: 'b' }] }),
      )

      assert.deepEqual(job.algorithm?.parameters, [{ name: 'b', value: '' }])
    })

    const parameter = (value: string, constraint: object) =>
      withAlgorithm({ parameters: [{ name: 'p', value, constraint }] })
    const refusals: [why: string, request: CreateTrainingJobRequest, code: string][] = [
      ['a kind that does not run here', { ...aRequest(), kind: 'hetero_job' }, '2858'],
      ['a search', withAlgorithm({ policies: { auto_search: {} } }), '2858'],
      ['no algorithm', { metadata: { name: 'a' }, spec: { resource: { flavor_id: 'yard.cpu.1' } } }, '2788'],
      ['no resource', { metadata: { name: 'a' }, algorithm: {} }, '2788'],
      [
        'a long description',
        { ...aRequest(), metadata: { name: 'a', description: 'x'.repeat(257) } },
        '2816',
      ],
      [
        '101 variables',
        withAlgorithm({
          environments: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`V${i}`, ''])),
        }),
        '2816',
      ],
      ['a variable with a dollar', withAlgorithm({ environments: { A: '$HOME' } }), '2788'],
      ['a bad variable name', withAlgorithm({ environments: { 'A-B': '1' } }), '2788'],
      [
        '129 retries',
        { ...aRequest(), metadata: { name: 'a', annotations: { 'fault-tolerance/job-retry-num': '129' } } },
        '2788',
      ],
      ['an unknown algorithm', { ...aRequest(), algorithm: { id: 'x' } }, '2755'],
      ['two ways to name the code', withAlgorithm({ id: 'x' }), '2788'],
      ['no way to name the code', { ...aRequest(), algorithm: { engine: ENGINE } }, '2788'],
      ['a malformed code directory', withAlgorithm({ code_dir: 'code' }), '2802'],
      ['a code directory that climbs', withAlgorithm({ code_dir: '/lab/../etc/' }), '2802'],
      ['a code directory that is not there', withAlgorithm({ code_dir: '/lab/none/' }), '2757'],
      ['a start file that is not there', withAlgorithm({ boot_file: 'none.py' }), '2758'],
      ['a start file elsewhere', withAlgorithm({ boot_file: '/lab/other/train.py' }), '2758'],
      ['a start file that climbs', withAlgorithm({ boot_file: '../train.py' }), '2758'],
      ['an unknown engine', withAlgorithm({ engine: { engine_id: 'none' } }), '2780'],
      ['no engine', { ...aRequest(), algorithm: { code_dir: '/lab/code/', boot_file: 'train.py' } }, '2780'],
      [
        'an image without a command',
        { ...aRequest(), algorithm: { engine: { image_url: 'a/b:1' } } },
        '2806',
      ],
      ['a command without an image', { ...aRequest(), algorithm: { command: 'ls' } }, '2806'],
      ['an image', { ...aRequest(), algorithm: { command: 'ls', engine: { image_url: 'a/b:1' } } }, '2858'],
      [
        'a command of two lines',
        { ...aRequest(), algorithm: { command: 'a\nb', engine: { engine_id: 'command' } } },
        '2788',
      ],
      [
        'a repeated parameter',
        withAlgorithm({
          parameters: [
            { name: 'a', value: '1' },
            { name: 'a', value: '2' },
          ],
        }),
        '2767',
      ],
      ['a bad parameter name', withAlgorithm({ parameters: [{ name: 'a b', value: '1' }] }), '2788'],
      ['the mask as a value', parameter('******', { sensitive: true }), '2788'],
      ['a value of another type', parameter('1.5', { type: 'Integer' }), '2768'],
      [
        'a value outside its choice',
        parameter('c', { valid_type: 'Choice', valid_range: ['a', 'b'] }),
        '2769',
      ],
      [
        'a value outside its range',
        parameter('11', { type: 'Integer', valid_type: 'Range', valid_range: ['1', '10'] }),
        '2769',
      ],
      [
        'a range upside down',
        parameter('5', { type: 'Integer', valid_type: 'Range', valid_range: ['9', '1'] }),
        '2770',
      ],
      [
        'a required value that is null',
        withAlgorithm({ parameters: [{ name: 'a', value: null, constraint: { required: true } }] }),
        '2766',
      ],
      ['a channel without a place', withAlgorithm({ inputs: [{ name: 'a' }] }), '2753'],
      [
        'a channel twice',
        withAlgorithm({
          inputs: [{ name: 'a', ...obs('/lab/a/') }],
          outputs: [{ name: 'a', ...obs('/lab/b/') }],
        }),
        '2753',
      ],
      [
        'two places for a channel',
        withAlgorithm({
          inputs: [{ name: 'a', remote: { obs: { obs_url: '/lab/a' }, dataset: { id: 'x' } } }],
        }),
        '2753',
      ],
      [
        'an unknown dataset',
        withAlgorithm({ inputs: [{ name: 'a', remote: { dataset: { id: 'x' } } }] }),
        '2783',
      ],
      [
        'an invalid storage path',
        withAlgorithm({ outputs: [{ name: 'a', ...obs('/lab/../../etc/') }] }),
        '2791',
      ],
      [
        'a channel called like a parameter',
        withAlgorithm({ parameters: [{ name: 'a', value: '' }], inputs: [{ name: 'a', ...obs('/lab/a/') }] }),
        '2767',
      ],
      [
        'a local directory that climbs',
        withAlgorithm({ inputs: [{ name: 'a', local_dir: '/home/../etc', ...obs('/lab/a/') }] }),
        '2788',
      ],
      ['a reserved code place', withAlgorithm({ local_code_dir: '/home/ma-user/modelarts/x' }), '2857'],
      ['a code place outside home', withAlgorithm({ local_code_dir: '/etc' }), '2857'],
      ['a relative working directory', withAlgorithm({ working_dir: 'work' }), '2859'],
      ['an unknown flavor', withSpec({ resource: { flavor_id: 'none' } }), '2781'],
      ['too many nodes', withSpec({ resource: { flavor_id: 'yard.cpu.1', node_count: 5 } }), '2793'],
      ['an unknown pool', withSpec({ resource: { flavor_id: 'yard.cpu.1', pool_id: 'p' } }), '2890'],
      ['an unknown policy', withSpec({ resource: { flavor_id: 'yard.cpu.1', policy: 'fast' } }), '2788'],
      ['a volume', withSpec({ volumes: [{ nfs: { nfs_server_path: 'h:/p', local_path: '/mnt' } }] }), '2858'],
      ['a log directory on the node', withSpec({ log_export_path: { host_path: '/var/log' } }), '2788'],
      ['a limit in minutes', withSpec({ auto_stop: { time_unit: 'MINUTES', duration: 1 } }), '2788'],
      [
        'an unknown experiment',
        { ...aRequest(), metadata: { name: 'a', training_experiment_reference: { id: 'x' } } },
        '2842',
      ],
    ]
    refusals.push(
      ['a search by file', withAlgorithm({ autosearch_config_path: '/lab/search.yaml' }), '2858'],
      ['half a subscription', { ...aRequest(), algorithm: { subscription_id: 'x' } }, '2788'],
      ['a start file without a code directory', withAlgorithm({ code_dir: '' }), '2788'],
      ['a code directory without a start file', withAlgorithm({ boot_file: '' }), '2788'],
      [
        'a reserved code place with doubled slashes',
        withAlgorithm({ local_code_dir: '/home//ma-user/modelarts/x' }),
        '2857',
      ],
      ['a limit without a duration', withSpec({ auto_stop: { time_unit: 'HOURS' } }), '2788'],
      ['an invalid log path', withSpec({ log_export_path: { obs_url: 'logs' } }), '2791'],
    )
    // Two mistakes at once: the one that stands first in the contract's table is told.
    const pairs: [first: string, then: string, request: CreateTrainingJobRequest, code: string][] = [
      [
        'a missing flavor',
        'code that is not there',
        { ...withAlgorithm({ code_dir: '/lab/none/' }), spec: { resource: {} } },
        '2788',
      ],
      [
        'a wrong annotation',
        'a long description',
        {
          ...aRequest(),
          metadata: {
            name: 'a',
            description: 'x'.repeat(257),
            annotations: { 'fault-tolerance/job-retry-num': '0' },
          },
        },
        '2788',
      ],
      [
        'code that is not there',
        'a start file outside',
        withAlgorithm({ code_dir: '/lab/none/', boot_file: '/lab/other/train.py' }),
        '2757',
      ],
      [
        'a repeated parameter',
        'a value of another type',
        withAlgorithm({
          parameters: [
            { name: 'a', value: 'x', constraint: { type: 'Integer' } },
            { name: 'a', value: '1' },
          ],
        }),
        '2767',
      ],
      [
        'a channel without a place',
        'an invalid storage path',
        withAlgorithm({ inputs: [{ name: 'a', ...obs('nowhere') }], outputs: [{ name: 'b' }] }),
        '2753',
      ],
      [
        'an invalid storage path',
        'an unknown dataset',
        withAlgorithm({
          inputs: [
            { name: 'a', remote: { dataset: { id: 'x' } } },
            { name: 'b', ...obs('nowhere') },
          ],
        }),
        '2791',
      ],
      [
        'an invalid log path',
        'an unknown flavor',
        withSpec({ resource: { flavor_id: 'none' }, log_export_path: { obs_url: 'logs' } }),
        '2791',
      ],
      [
        'too many nodes',
        'an unknown pool',
        withSpec({ resource: { flavor_id: 'yard.cpu.1', node_count: 5, pool_id: 'p' } }),
        '2793',
      ],
    ]
    for (const [first, then, request, code] of pairs) {
      it(`tells of ${first} before ${then}`, async () => {
        assert.equal(await refusalOf(request), `ModelArts.${code}`)
      })
    }

    it('tells of a missing flavor before a name that is taken', async () => {
      await jobs.create(ada, aRequest())

      assert.equal(await refusalOf({ ...aRequest(), spec: { resource: {} } }), 'ModelArts.2788')
    })

    it('counts a description in characters, as an update does', async () => {
      const description = '😀'.repeat(256)

      const job = await jobs.create(ada, { ...aRequest(), metadata: { name: 'a', description } })

      assert.equal(job.metadata.description, description)
      assert.equal(
        await refusalOf({ ...aRequest(), metadata: { name: 'b', description: `${description}x` } }),
        'ModelArts.2816',
      )
    })

    it('keeps a template of the caller, and its own key task', async () => {
      const annotations = { job_template: 'Mine', key_task: 'other', extra: '1' }

      const job = await jobs.create(ada, { ...aRequest(), metadata: { name: 'a', annotations } })

      assert.deepEqual(job.metadata.annotations, { job_template: 'Mine', key_task: 'worker', extra: '1' })
    })

    it('keeps the sensitive value of any name, also one that every object seems to have', async () => {
      const constraint = { sensitive: true }
      const parameters = ['__proto__', 'constructor'].map((name) => ({ name, value: 's3cret', constraint }))

      const job = await jobs.create(ada, withAlgorithm({ parameters }))

      const record = await store.jobs.find(ada.projectId, job.metadata.id)
      assert.deepEqual(Object.entries(record?.secrets ?? {}), [
        ['__proto__', 's3cret'],
        ['constructor', 's3cret'],
      ])
    })

    for (const [why, request, code] of refusals) {
      it(`refuses ${why} with ${code}`, async () => {
        assert.equal(await refusalOf(request), `ModelArts.${code}`)
      })
    }

    it('refuses a name twice, and frees it with the delete', async () => {
      const job = await jobs.create(ada, aRequest())
      assert.equal(await refusalOf(aRequest()), 'ModelArts.2751')

      await jobs.delete(ada, job.metadata.id)

      assert.ok(await jobs.create(ada, aRequest()))
    })

    it('refuses an output path that an active job writes to, also a nested one', async () => {
      const writing = (name: string, url: string) => ({
        ...withAlgorithm({ outputs: [{ name: 'o', ...obs(url) }] }),
        metadata: { name },
      })
      const results = await Promise.allSettled([
        jobs.create(ada, writing('a', '/lab/out')),
        jobs.create(ada, writing('b', '/lab/out/b/')),
      ])

      assert.deepEqual(
        results.map(({ status }) => status),
        ['fulfilled', 'rejected'],
      )
      assert.equal(await refusalOf(writing('c', 'obs://lab/')), 'ModelArts.2791')
      assert.ok(await jobs.create(ada, writing('d', '/lab/output/')))
    })
  })

  describe('a dry run', () => {
    it('answers what a create answers, and keeps nothing', async () => {
      const request = {
        ...withAlgorithm({ outputs: [{ name: 'o', ...obs('/lab/out/') }] }),
        metadata: { name: 'resnet', description: 'first' },
      }

      const dry = await jobs.create(ada, request, { isDryRun: true })

      assert.equal(wakes, 0)
      assert.deepEqual(await store.jobs.listActive(), [])
      assert.equal((await store.events.list(dry.metadata.id, { offset: 0, limit: 1, order: 'asc' })).total, 0)
      await assert.rejects(jobs.show(ada, dry.metadata.id), { code: 'ModelArts.2775' })
      // Neither the name nor the output path is taken.
      const { metadata, ...job } = await jobs.create(ada, request)
      assert.equal(wakes, 1)
      assert.deepEqual(dry, { ...job, metadata: { ...metadata, id: dry.metadata.id } })
    })
  })

  describe('a job of somebody else', () => {
    it('is unknown to an ordinary user, and to every other project', async () => {
      const { metadata } = await jobs.create(ada, aRequest())
      const strangers = [
        { ...ada, userId: 'user-eve' },
        { ...ada, projectId: 'project-2' },
        { ...ada, userId: 'root', projectId: 'project-2' },
      ]

      for (const stranger of strangers) {
        for (const call of [
          () => jobs.show(stranger, metadata.id),
          () => jobs.stop(stranger, metadata.id),
          () => jobs.delete(stranger, metadata.id),
          () => jobs.updateDescription(stranger, metadata.id, 'x'),
          () => jobs.previewLog(stranger, metadata.id, 'worker-0'),
          () => jobs.listEvents(stranger, metadata.id, {}),
          () => jobs.showMetrics(stranger, metadata.id, 'worker-0'),
        ]) {
          await assert.rejects(call, { code: 'ModelArts.2775' })
        }
        assert.equal(JSON.parse(await jobs.search(stranger, {})).total, 0)
      }
      assert.equal((await jobs.show({ ...ada, userId: 'root' }, metadata.id)).metadata.id, metadata.id)
    })
  })

  it('tells of failing storage, instead of a job that is gone', async () => {
    const { metadata } = await jobs.create(ada, aRequest())
    const workspaces = {
      visibility: async () => {
        throw refusal('ModelArts.2952', 'The database failed.')
      },
    }
    const failing = new Jobs({
      store,
      objects,
      executor,
      catalog: new Catalog([], []),
      workspaces,
      wake: () => undefined,
    })

    await assert.rejects(failing.show(ada, metadata.id), { code: 'ModelArts.2952' })
  })

  describe('search', () => {
    it('answers by the schema, and counts the duration of what still runs up to now', async () => {
      const { metadata } = await jobs.create(ada, aRequest())
      const record = await store.jobs.find(ada.projectId, metadata.id)
      assert.ok(record)
      const status = { ...record.job.status, phase: 'Running' as const, secondary_phase: 'Running' as const }
      await store.jobs.change({ ...record, startTime: START, job: { ...record.job, status } }, {})
      now = START + 5_000

      const page = JSON.parse(await jobs.search(ada, { limit: 5 }))

      assert.ok(new Ajv({ strict: false }).validate(SearchResponse, page))
      const { items, ...echo } = page
      assert.deepEqual(echo, {
        total: 1,
        count: 1,
        limit: 5,
        offset: 0,
        sort_by: 'create_time',
        order: 'desc',
        group_by: '',
        workspace_id: '0',
        ai_project: 'default-ai-project',
      })
      assert.equal(items[0].status.duration, 5_000)
      assert.equal((await jobs.show(ada, metadata.id)).status.duration, 5_000)
    })
  })

  describe('stop and delete', () => {
    it('stop answers Terminating, and refuses a second time', async () => {
      const { metadata } = await jobs.create(ada, aRequest())

      const stopping = await jobs.stop(ada, metadata.id)

      assert.equal(stopping.status.phase, 'Terminating')
      await assert.rejects(jobs.stop(ada, metadata.id), { code: 'ModelArts.2796', status: 409 })
    })

    it('delete hides the job at once, and refuses a second time', async () => {
      const { metadata } = await jobs.create(ada, aRequest())

      await jobs.delete(ada, metadata.id)

      await assert.rejects(jobs.delete(ada, metadata.id), { code: 'ModelArts.2775' })
      assert.equal(JSON.parse(await jobs.search(ada, {})).total, 0)
      assert.equal((await store.jobs.listActive())[0]?.job.status.phase, 'Terminating')
    })
  })

  describe('logs', () => {
    const logged = async (content: string | Buffer): Promise<string> => {
      const { metadata } = await jobs.create(ada, aRequest())
      const file = join(directory, 'log')
      await writeFile(file, content)
      executor.showLog(metadata.id, 'worker-0', file)
      return metadata.id
    }

    it('are answered whole when small, with their true sizes', async () => {
      const id = await logged('one\ntwo ü\n')

      assert.deepEqual(await jobs.previewLog(ada, id, 'worker-0'), {
        content: 'one\ntwo ü\n',
        current_size: 11,
        full_size: 11,
      })
    })

    it('keep a byte order mark, so that the sizes agree', async () => {
      const id = await logged('\ufeffone\n')

      assert.deepEqual(await jobs.previewLog(ada, id, 'worker-0'), {
        content: '\ufeffone\n',
        current_size: 7,
        full_size: 7,
      })
    })

    it('are cut to the newest lines when large', async () => {
      const id = await logged(`${'x'.repeat(99)}\n`.repeat(60_000))

      const { content, current_size, full_size } = await jobs.previewLog(ada, id, 'worker-0')

      assert.equal(full_size, 6_000_000)
      assert.equal(current_size, content.length)
      assert.ok(current_size <= MAX_PREVIEW_BYTES && current_size > MAX_PREVIEW_BYTES - 100)
      assert.ok(content.startsWith('x'.repeat(99)))
    })

    it('begin at a character inside a line longer than the cap, and replace what is not UTF-8', async () => {
      const id = await logged(Buffer.concat([Buffer.from('ü'.repeat(3_000_000)), Buffer.from([0xff])]))

      const { content, current_size } = await jobs.previewLog(ada, id, 'worker-0')

      assert.ok(current_size <= MAX_PREVIEW_BYTES)
      assert.match(content, /^ü+�$/)
    })

    it('are not ready before anything was written; an unknown task is refused', async () => {
      const { metadata } = await jobs.create(ada, aRequest())

      await assert.rejects(jobs.previewLog(ada, metadata.id, 'worker-0'), { code: 'ModelArts.2818' })
      await assert.rejects(jobs.previewLog(ada, metadata.id, 'worker-1'), { code: 'ModelArts.2788' })
    })
  })

  describe('events and metrics', () => {
    it('events come newest first, filtered, with whole seconds in UTC', async () => {
      const { metadata } = await jobs.create(ada, aRequest())
      await store.events.add([
        {
          jobId: metadata.id,
          source: 'Task',
          level: 'Error',
          message: '[worker-0] Oh.',
          time: START + 2_345,
        },
      ])

      const all = await jobs.listEvents(ada, metadata.id, {})
      const errors = await jobs.listEvents(ada, metadata.id, {
        level: 'error,warning',
        source: 'task',
        pattern: 'OH',
      })
      const window = await jobs.listEvents(ada, metadata.id, {
        start_time: String(START),
        end_time: String(START),
      })

      assert.deepEqual(
        all.events.map(({ message }) => message),
        ['[worker-0] Oh.', 'Job created.'],
      )
      assert.equal(all.events[0]?.time, '2030-03-17T17:46:42+00:00')
      assert.equal(errors.total, 1)
      assert.deepEqual(
        window.events.map(({ message }) => message),
        ['Job created.'],
      )
      assert.equal(window.start_time, '2030-03-17T17:46:40+00:00')
      await assert.rejects(jobs.listEvents(ada, metadata.id, { start_time: '1' }), {
        code: 'ModelArts.50004000',
      })
      await assert.rejects(jobs.listEvents(ada, metadata.id, { level: 'Loud' }), {
        code: 'ModelArts.50004000',
      })
    })

    it('metrics are six equally long series, without the minute that is not over', async () => {
      const { metadata } = await jobs.create(ada, aRequest())
      assert.deepEqual(
        (await jobs.showMetrics(ada, metadata.id, 'worker-0')).metrics.map(({ value }) => value),
        [[], [], [], [], [], []],
      )
      const record = await store.jobs.find(ada.projectId, metadata.id)
      assert.ok(record)
      const status = { ...record.job.status, phase: 'Running' as const, secondary_phase: 'Running' as const }
      await store.jobs.change({ ...record, startTime: START, job: { ...record.job, status } }, {})
      await store.metrics.put(metadata.id, 'worker-0', 1, [50, 10, -1, -1, -1, -1])
      await store.metrics.put(metadata.id, 'worker-0', 2, [60, 10, -1, -1, -1, -1])
      now = START + 2.5 * 60_000

      const { metrics } = await jobs.showMetrics(ada, metadata.id, 'worker-0')

      assert.deepEqual(
        metrics.map(({ metric }) => metric),
        ['cpuUsage', 'memUsage', 'gpuUtil', 'gpuMemUsage', 'npuUtil', 'npuMemUsage'],
      )
      assert.deepEqual(metrics[0]?.value, [-1, 50])
      assert.deepEqual(metrics[2]?.value, [-1, -1])
    })
  })
})
