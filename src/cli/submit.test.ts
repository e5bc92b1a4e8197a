import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { runCli } from '../../test/support/run-cli.ts'
import { startWireServer, type WireServer } from '../../test/support/wire-server.ts'
import { chooseEngine, newestPython } from './submit-request.ts'

let server: WireServer
let folder: string

before(async () => {
  server = await startWireServer()
})
after(() => server.close())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'submit-'))
})
afterEach(async () => {
  server.intercept = () => undefined
  server.requests.length = 0
  server.jobs.length = 0
  server.objects.clear()
  server.logs.clear()
  await rm(folder, { recursive: true })
})

const submit = (...args: string[]) => runCli(server, ['submit', ...args])

const sentBody = () => JSON.parse(server.sent('POST', '/training-jobs').at(-1)?.body.toString() ?? 'null')

describe('submit', () => {
  it('writes its options as the create request of the wire', async () => {
    const run = await submit(
      ...['-n', 'full', '-d', 'text', '-c', 'obs://lab/code/', '-b', 'train.py', '-e', 'PyTorch:2.3'],
      ...['--flavor', 'yard.cpu.4', '--nodes', '2', '-p', 'epochs=5', '-p', 'rate=a=b', '--env', 'A=1'],
      ...[
        '-i',
        'data_url=obs://lab/data/',
        '--output',
        'train_url=/lab/out/',
        '--log-url',
        'obs://lab/logs/',
      ],
      ...['--workspace', '0', '--auto-stop', '3', '--priority', '2', '--annotation', 'k=v'],
    )

    assert.equal(run.exitCode, 0, run.stderr)
    assert.deepEqual(sentBody(), {
      kind: 'job',
      metadata: { name: 'full', description: 'text', workspace_id: '0', annotations: { k: 'v' } },
      algorithm: {
        code_dir: 'obs://lab/code/',
        boot_file: 'train.py',
        environments: { A: '1' },
        parameters: [
          { name: 'epochs', value: '5' },
          { name: 'rate', value: 'a=b' },
        ],
        inputs: [{ name: 'data_url', remote: { obs: { obs_url: 'obs://lab/data/' } } }],
        outputs: [{ name: 'train_url', remote: { obs: { obs_url: '/lab/out/' } } }],
        engine: { engine_id: 'pt-1' },
      },
      spec: {
        resource: { flavor_id: 'yard.cpu.4', node_count: 2 },
        log_export_path: { obs_url: 'obs://lab/logs/' },
        auto_stop: { time_unit: 'HOURS', duration: 3 },
        schedule_policy: { priority: 2 },
      },
    })
    assert.equal(run.stdout, `${server.jobs[0]?.metadata.id}\n`)
    assert.equal(run.stderr, '')
  })

  it('chooses the newest Python and the smallest CPU flavor', async () => {
    await submit('-c', 'obs://lab/code/', '-b', 'train.py')

    assert.deepEqual(sentBody().algorithm.engine, { engine_id: 'py-2' })
    assert.equal(sentBody().spec.resource.flavor_id, 'yard.cpu.1')
    assert.match(sentBody().metadata.name, /^job-/)
  })

  it('runs a command line in the shell, or in an image', async () => {
    await submit('--command', 'echo hi')
    assert.deepEqual(sentBody().algorithm, { command: 'echo hi', engine: { engine_id: 'command' } })

    await submit('--command', 'run', '--image', 'lab/a:1')
    assert.deepEqual(sentBody().algorithm.engine, { image_url: 'lab/a:1' })

    await submit('--command', 'run', '--image', 'lab/a:1', '-e', 'PyTorch')
    assert.deepEqual(sentBody().algorithm.engine, {
      engine_name: 'PyTorch',
      engine_version: 'pytorch_2.3-py_3.11',
      image_url: 'lab/a:1',
    })
  })

  it('uploads local code and data, and names what it uploaded', async () => {
    await mkdir(join(folder, 'code/__pycache__'), { recursive: true })
    await writeFile(join(folder, 'code/train.py'), 'x')
    await writeFile(join(folder, 'code/__pycache__/a.pyc'), 'x')
    await writeFile(join(folder, 'data.csv'), '1')

    const run = await submit(
      '-n',
      'up',
      '-c',
      join(folder, 'code'),
      '-i',
      `data_url=${join(folder, 'data.csv')}`,
    )

    assert.equal(run.exitCode, 0, run.stderr)
    const { code_dir: code, boot_file: boot, inputs } = sentBody().algorithm
    assert.match(code, /^obs:\/\/trainyard-uploads\/up-\d{8}T\d{6}Z\/code\/$/)
    assert.equal(boot, 'train.py')
    const place = code.slice('obs://'.length, -'code/'.length)
    assert.equal(inputs[0].remote.obs.obs_url, `obs://${place}inputs/data_url/`)
    assert.deepEqual([...server.objects.keys()].sort(), [
      `${place}code/train.py`,
      `${place}inputs/data_url/data.csv`,
    ])
  })

  it('reads a create request in YAML; options win', async () => {
    await mkdir(join(folder, 'code'))
    await writeFile(join(folder, 'code/go.py'), 'x')
    await writeFile(
      join(folder, 'job.yaml'),
      `
metadata: { name: from-file, description: kept, annotations: { n: 1 } }
algorithm:
  code_dir: ./code
  boot_file: go.py
  engine: { engine_id: py-1 }
  environments: { EPOCHS: 5, FAST: true }
  parameters:
    - { name: epochs, value: 5 }
    - { name: rate, value: 0.1 }
  inputs:
    - { name: data_url, remote: { obs: { obs_url: /lab/data/ } } }
spec:
  resource: { flavor_id: yard.cpu.2, node_count: 3 }
`,
    )

    const run = await submit(
      '--file',
      join(folder, 'job.yaml'),
      '-n',
      'second',
      '-p',
      'rate=0.2',
      '--nodes',
      '1',
    )

    assert.equal(run.exitCode, 0, run.stderr)
    const { metadata, algorithm, spec } = sentBody()
    assert.deepEqual(metadata, { name: 'second', description: 'kept', annotations: { n: '1' } })
    assert.deepEqual(algorithm.environments, { EPOCHS: '5', FAST: 'true' })
    assert.deepEqual(algorithm.parameters, [
      { name: 'epochs', value: 5 },
      { name: 'rate', value: '0.2' },
    ])
    assert.deepEqual(algorithm.engine, { engine_id: 'py-1' })
    assert.match(algorithm.code_dir, /^obs:\/\/trainyard-uploads\/second-/)
    assert.equal(algorithm.inputs[0].remote.obs.obs_url, '/lab/data/')
    assert.deepEqual(spec.resource, { flavor_id: 'yard.cpu.2', node_count: 1 })
  })

  it('creates a clone from what show prints as YAML', async () => {
    await submit('-n', 'first', '-c', 'obs://lab/code/', '-b', 'train.py')
    const shown = await runCli(server, ['show', 'first', '-o', 'yaml'])
    await writeFile(join(folder, 'job.yaml'), shown.stdout)

    const run = await submit('--file', join(folder, 'job.yaml'), '-n', 'clone')

    assert.equal(run.exitCode, 0, run.stderr)
    assert.equal(sentBody().metadata.name, 'clone')
    assert.equal(sentBody().algorithm.code_dir, 'obs://lab/code/')
  })

  it('follows the log, waits, and exits 1 when the job fails', async () => {
    server.intercept = ({ method, path }) => {
      const [job] = server.jobs
      if (method !== 'GET' || !path.includes('/training-jobs/') || !job) return undefined
      server.logs.set(`${job.metadata.id}/worker-0`, Buffer.from('epoch 1\n'))
      server.setPhase(job.metadata.id, 'Failed')
      return undefined
    }

    const run = await submit('-n', 'bad', '--command', 'false', '--follow')

    assert.equal(run.exitCode, 1)
    assert.match(run.stdout, /^[0-9a-f-]{36}\nepoch 1\nbad {2}Failed/)
    assert.match(run.stderr, /error: Job bad is Failed/)
  })

  it('says what to do next on a terminal only', async () => {
    assert.match(
      (await runCli(server, ['submit', '--command', 'x'], { columns: 80 })).stderr,
      /trainyard logs job-/,
    )
    assert.equal((await submit('--command', 'x')).stderr, '')
  })

  const wrong: [string, string[], RegExp][] = [
    ['nothing to run', ['-n', 'a'], /Nothing to run/],
    ['a bad name', ['-n', 'a b', '--command', 'x'], /Not a job name/],
    ['a parameter without "="', ['-p', 'epochs', '--command', 'x'], /name=value/],
    ['nodes that are no number', ['--nodes', 'two', '--command', 'x'], /whole number/],
    ['a priority out of range', ['--priority', '4', '--command', 'x'], /1 to 3/],
    ['code that is not there', ['-c', './no-such-code', '-b', 'a.py'], /no local \.\/no-such-code/],
    ['an image without command', ['--image', 'a:1'], /--command/],
    ['an unknown engine', ['-e', 'Cobol', '-c', 'obs://lab/c/', '-b', 'a'], /No engine.*Cobol/],
    ['an engine there are several of', ['-e', 'python', '-c', 'obs://lab/c/', '-b', 'a'], /Several engines/],
    ['a file that is not there', ['--file', '/nonexistent/job.yaml'], /ENOENT/],
    ['an unknown option', ['--colour'], /unknown option/],
    ['a word too many', ['job'], /too many arguments/],
  ]
  for (const [what, args, message] of wrong) {
    it(`exits 2 for ${what}, and creates nothing`, async () => {
      const run = await submit(...args)

      assert.equal(run.exitCode, 2, run.stderr)
      assert.match(run.stderr, message)
      assert.doesNotMatch(run.stderr, /\n\s+at /)
      assert.equal(server.sent('POST', '/training-jobs').length, 0)
      assert.equal(server.objects.size, 0)
    })
  }

  it('exits 2 for files that are no create request', async () => {
    for (const [content, message] of [
      ['a: [', /job\.yaml/],
      ['- 1', /a map/],
      ['metadata: 5', /metadata must be a map/],
    ] as const) {
      await writeFile(join(folder, 'job.yaml'), content)
      const run = await submit('--file', join(folder, 'job.yaml'))
      assert.equal(run.exitCode, 2)
      assert.match(run.stderr, message)
    }
  })

  it('exits 2 before the upload when the start file is not there or not clear', async () => {
    await mkdir(join(folder, 'code'))
    assert.equal((await submit('-c', join(folder, 'code'), '-b', 'gone.py')).exitCode, 2)
    await writeFile(join(folder, 'code/a.py'), '')
    await writeFile(join(folder, 'code/b.py'), '')
    assert.match((await submit('-c', join(folder, 'code'))).stderr, /--boot-file/)
    assert.equal(server.objects.size, 0)
  })
})

describe('engines', () => {
  const engine = (name: string, version: string) => ({
    engine_id: `${version}-linux`,
    engine_name: name,
    engine_version: version,
    v1_compatible: false,
    run_user: '',
    image_info: {},
  })

  it('are compared by numbers, and what tells installations apart is no version', () => {
    const engines = ['python_3.9', 'python_3.12', 'python_3.12-9f9f9f', 'python_3.8'].map((one) =>
      engine('Python', one),
    )

    assert.equal(newestPython(engines)?.engine_version, 'python_3.12')
    assert.equal(newestPython([engine('PyTorch', 'pytorch_2.3')]), undefined)
  })

  it('are named by id, by name and version in either spelling, or by name', () => {
    const engines = [
      engine('PyTorch', 'pytorch_2.3-py_3.11'),
      engine('PyTorch', 'pytorch_2.4-py_3.11'),
      engine('JAX', 'jax_1'),
    ]
    const version = (text: string) => chooseEngine(engines, text).engine_version

    assert.equal(version('pytorch_2.4-py_3.11-linux'), 'pytorch_2.4-py_3.11')
    assert.equal(version('pytorch:2.3'), 'pytorch_2.3-py_3.11')
    assert.equal(version('PyTorch:pytorch_2.4-py_3.11'), 'pytorch_2.4-py_3.11')
    assert.equal(version('jax'), 'jax_1')
    assert.throws(() => version('PyTorch'), { code: 'invalid_argument' })
    assert.throws(() => version('PyTorch:2'), { code: 'invalid_argument' })
  })
})
