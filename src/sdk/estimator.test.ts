import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { aWireJob, startWireServer, type WireServer } from '../../test/support/wire-server.ts'
import {
  Estimator,
  type EstimatorOptions,
  InputData,
  OutputData,
  Session,
  TrainingFiles,
  TrainingJob,
} from './index.ts'

let server: WireServer
let session: Session

before(async () => {
  server = await startWireServer()
  session = new Session({
    endpoint: server.endpoint,
    projectId: server.projectId,
    accessKey: server.accessKey,
    secretKey: server.secretKey,
    retry: { baseDelayMs: 1 },
  })
})
after(() => server.close())
afterEach(() => {
  server.intercept = () => undefined
  server.requests.length = 0
  server.jobs.length = 0
})

const lastBody = () => JSON.parse(server.requests.at(-1)?.body.toString() ?? '')

const preset = { frameworkType: 'PyTorch', frameworkVersion: 'pytorch_2.3-py_3.11' }

describe('fit', () => {
  it('writes the words of the Python SDK as the create request of the wire', async () => {
    const estimator = new Estimator({
      session,
      ...preset,
      trainingFiles: new TrainingFiles({ codeDir: 'obs://lab/code/', bootFile: 'train.py' }),
      outputs: [new OutputData({ obsPath: 'obs://lab/out/', localPath: '/out', accessMethod: 'env' })],
      parameters: [
        { name: 'epochs', value: 5 },
        { name: 'fast', value: true },
        { name: 'none', value: null },
      ],
      trainInstanceType: 'yard.cpu.2',
      trainInstanceCount: 2,
      logUrl: 'obs://lab/logs/',
      envVariables: { A: '1' },
      workingDir: '/work',
      localCodeDir: '/home/code',
      jobDescription: 'first',
      poolId: 'pool-1',
      annotations: { 'fault-tolerance/job-retry-num': '2' },
      workspaceId: '0',
      autoStop: { hours: 3 },
      volumes: [{ nfs: { nfs_server_path: 'h:/p', local_path: '/mnt' } }],
    })

    const job = await estimator.fit({
      inputs: [
        new InputData({ obsPath: 'obs://lab/data/' }),
        new InputData({ name: 'labels', dataset: { id: 'd-1', versionId: 'v-1' }, localPath: '/labels' }),
      ],
      jobName: 'first-job',
    })

    assert.deepEqual(lastBody(), {
      kind: 'job',
      metadata: {
        name: 'first-job',
        workspace_id: '0',
        description: 'first',
        annotations: { 'fault-tolerance/job-retry-num': '2' },
      },
      algorithm: {
        code_dir: 'obs://lab/code/',
        boot_file: 'train.py',
        engine: { engine_name: 'PyTorch', engine_version: 'pytorch_2.3-py_3.11' },
        local_code_dir: '/home/code',
        working_dir: '/work',
        parameters: [
          { name: 'epochs', value: '5' },
          { name: 'fast', value: 'true' },
        ],
        inputs: [
          { name: 'data_url', remote: { obs: { obs_url: 'obs://lab/data/' } } },
          { name: 'labels', local_dir: '/labels', remote: { dataset: { id: 'd-1', version_id: 'v-1' } } },
        ],
        outputs: [
          {
            name: 'train_url',
            local_dir: '/out',
            access_method: 'env',
            remote: { obs: { obs_url: 'obs://lab/out/' } },
          },
        ],
        environments: { A: '1' },
      },
      spec: {
        resource: { flavor_id: 'yard.cpu.2', node_count: 2, pool_id: 'pool-1' },
        volumes: [{ nfs: { nfs_server_path: 'h:/p', local_path: '/mnt' } }],
        log_export_path: { obs_url: 'obs://lab/logs/' },
        auto_stop: { time_unit: 'HOURS', duration: 3 },
      },
    })
    assert.equal(job.created?.metadata.name, 'first-job')
    assert.equal(estimator.jobId, job.jobId)
  })

  for (const [what, options, algorithm] of [
    [
      'a custom image',
      { userImageUrl: 'lab/a:1', userCommand: 'run' },
      { engine: { image_url: 'lab/a:1' }, command: 'run' },
    ],
    [
      'a preset framework on an image',
      { ...preset, userImageUrl: 'lab/a:1', userCommand: 'run' },
      {
        engine: { engine_name: 'PyTorch', engine_version: 'pytorch_2.3-py_3.11', image_url: 'lab/a:1' },
        command: 'run',
      },
    ],
    ['a managed algorithm', { algorithmId: 'a-1' }, { id: 'a-1' }],
    [
      'a subscribed algorithm',
      { subscriptionId: 's-1', itemVersionId: 'v-1' },
      { subscription_id: 's-1', item_version_id: 'v-1' },
    ],
  ] as const) {
    it(`creates a job of ${what}`, async () => {
      await new Estimator({ session, ...options }).fit({ jobName: 'a' })

      assert.deepEqual(lastBody().algorithm, algorithm)
    })
  }

  it('generates a name that the contract takes', async () => {
    await new Estimator({ session, ...preset }).fit()

    assert.match(lastBody().metadata.name, /^job-\d{8}-\d{6}-[a-z]{4}$/)
  })

  const wrong: [string, Partial<EstimatorOptions>, string?][] = [
    ['no engine', {}],
    ['half an engine', { frameworkType: 'PyTorch' }],
    ['an image without command', { userImageUrl: 'lab/a:1' }],
    ['an algorithm and an engine', { ...preset, algorithmId: 'a-1' }],
    ['half a subscription', { subscriptionId: 's-1' }],
    ['a bad name', preset, 'no spaces'],
    ['a second input without name', { ...preset, inputs: [{ obsPath: '/a/b/' }, { obsPath: '/a/c/' }] }],
    ['an input from nowhere', { ...preset, inputs: [{ name: 'a' }] }],
    [
      'local files in a browser',
      { ...preset, trainingFiles: { codeDir: 'a/', bootFile: 'b', obsPath: 'obs://lab/c/' } },
    ],
  ]
  for (const [what, options, jobName = 'good'] of wrong) {
    it(`refuses ${what} before anything is sent`, async () => {
      await assert.rejects(new Estimator({ session, ...options }).fit({ jobName }), {
        code: 'invalid_argument',
      })

      assert.equal(server.requests.length, 0)
    })
  }

  it('waits when asked to, and rejects when the job fails', async () => {
    server.intercept = ({ method, path }) => {
      const [job] = server.jobs
      if (method === 'GET' && path.includes('/training-jobs/') && job)
        server.setPhase(job.metadata.id, 'Failed')
      return undefined
    }

    const waiting = new Estimator({ session, ...preset }).fit({ wait: true })

    await assert.rejects(waiting, { code: 'job_not_successful' })
  })
})

describe('one job', () => {
  it('answers to the plain names and to those of the Python SDK', async () => {
    const job = aWireJob({ status: { phase: 'Running' } })
    const { id } = job.metadata
    server.jobs.push(job)
    server.logs.set(`${id}/worker-0`, Buffer.from('hello\n'))
    for (const handle of [new Estimator({ session, jobId: id }), new TrainingJob({ session, jobId: id })]) {
      assert.equal((await handle.getJobInfo()).metadata.id, id)
      await handle.updateJobConfigs({ description: 'new' })
      assert.equal((await handle.info()).metadata.description, 'new')
      assert.equal((await handle.getJobLog()).content, 'hello\n')
      assert.equal((await handle.getJobMetrics()).metrics[0]?.metric, 'cpuUsage')
      assert.equal((await handle.getJobEvents({ limit: 5 })).events.length, 1)
      assert.match(await handle.getJobLogUrl('worker-0', { download: true }), /^http/)
    }
    assert.equal(server.requests.at(-1)?.query.get('Content-Type'), 'application/octet-stream')
    assert.equal((await new TrainingJob({ session, jobId: id }).controlJob()).status.phase, 'Terminating')
    await Estimator.deleteJobById({ session, jobId: id })
    await assert.rejects(Estimator.controlJobById({ session, jobId: id }), { code: 'ModelArts.2775' })
  })

  it('tells when there is none yet', () => {
    assert.throws(() => new Estimator({ session, ...preset }).jobId, { code: 'invalid_argument' })
  })
})

describe('getJobList', () => {
  it('sends what is given and nothing else', async () => {
    await Estimator.getJobList({ session })
    assert.deepEqual(lastBody(), {})

    await Estimator.getJobList({
      session,
      offset: 0,
      limit: 20,
      sortBy: 'create_time',
      order: 'asc',
      groupBy: 'phase',
      filters: [{ key: 'name', operator: 'like', value: ['iris'] }],
      workspaceId: '0',
      hostIps: ['10.0.0.1'],
    })
    assert.deepEqual(lastBody(), {
      offset: 0,
      limit: 20,
      sort_by: 'create_time',
      order: 'asc',
      group_by: 'phase',
      filters: [{ key: 'name', operator: 'like', value: ['iris'] }],
      workspace_id: '0',
      host_ips: ['10.0.0.1'],
    })
  })

  it('refuses a limit that the server would refuse', async () => {
    for (const limit of [0, 51, 1.5]) {
      await assert.rejects(Estimator.getJobList({ session, limit }), { code: 'invalid_argument' })
    }
    await assert.rejects(Estimator.getJobList({ session, offset: -1 }), { code: 'invalid_argument' })
  })

  it('hands failures back where a ported program wants that', async () => {
    const info = await new Estimator({ session, jobId: 'gone', onError: 'return' }).getJobInfo()

    assert.ok('error_msg' in info)
    assert.equal(info.error_code, 'ModelArts.2775')
    const page = await Estimator.getJobList({ session, limit: 51, onError: 'return' })
    assert.ok('error_msg' in page)
  })
})

it('lists flavors and engines in the forms of the Python SDK', async () => {
  assert.deepEqual(await Estimator.getTrainInstanceTypes({ session }), [
    'yard.cpu.4',
    'yard.cpu.1',
    'yard.cpu.2',
  ])
  assert.deepEqual((await Estimator.getFrameworkList({ session }))[0], {
    framework_type: 'Python',
    framework_version: 'python_3.9',
  })
  assert.equal((await Estimator.getEngines({ session })).length, 4)
  await Estimator.getFlavors({ session, flavorType: 'CPU' })
  assert.equal(server.requests.at(-1)?.query.get('flavor_type'), 'CPU')
})

describe('a dry run', () => {
  const dryRun = (answer: { status: number; body?: unknown }) => {
    server.intercept = ({ method, query }) =>
      method === 'POST' && query.get('dry_run') === 'true' ? answer : undefined
  }
  const job = () =>
    new Estimator({
      session,
      frameworkType: 'Python',
      frameworkVersion: 'python_3.11',
      trainInstanceType: 'f',
    })

  it('gives the job as it would be, from validate and from fit', async () => {
    const would = aWireJob({ metadata: { name: 'dry' } })
    dryRun({ status: 200, body: would })

    assert.deepEqual(await job().validate({ jobName: 'dry' }), would)
    assert.deepEqual(await job().fit({ jobName: 'dry', dryRun: true }), would)
    const sent = server
      .sent('POST', '/training-jobs')
      .map(({ body }) => JSON.parse(body.toString()).metadata.name)
    assert.deepEqual(sent, ['dry', 'dry'])
    assert.deepEqual(server.jobs, [])
  })

  it('is repeated on trouble, as it changes nothing', async () => {
    dryRun({ status: 503 })

    await assert.rejects(job().validate(), { status: 503 })
    assert.ok(server.sent('POST', '/training-jobs').length > 1)
  })

  it('hands on the refusal of the create', async () => {
    dryRun({
      status: 400,
      body: { error_code: 'ModelArts.2751', error_msg: 'Taken.', error_solution: 'Rename.' },
    })

    await assert.rejects(job().validate(), { code: 'ModelArts.2751', message: 'Taken.' })
  })

  it('does not believe a server that knows none', async () => {
    await assert.rejects(job().validate(), {
      code: 'unexpected_answer',
      message: /HTTP 201, not 200.*created/,
    })
  })
})
