import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { type CliScreen, runCli } from '../../test/support/run-cli.ts'
import { aWireJob, startWireServer, type WireServer } from '../../test/support/wire-server.ts'

let server: WireServer
let folder: string

before(async () => {
  server = await startWireServer()
})
after(() => server.close())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clone-'))
  server.jobs.push(
    aWireJob({
      metadata: { name: 'net', description: 'a try', annotations: { team: 'a' }, ai_project: 'x' },
      status: { phase: 'Completed' },
      algorithm: {
        code_dir: '/lab/code/',
        boot_file: '/lab/code/train.py',
        engine: { engine_id: 'py-1', engine_name: 'Python', engine_version: 'python_3.9', run_user: '' },
        parameters: [
          { name: 'lr', value: '0.1', constraint: { type: 'Float', sensitive: false } },
          { name: 'key', value: '******', constraint: { sensitive: true } },
        ],
        environments: { EMPTY: '', STEPS: '5' },
        inputs: [],
        outputs: [{ name: 'train_url', local_dir: '/out', remote: { obs: { obs_url: '/lab/out/' } } }],
      },
      spec: { resource: { flavor_id: 'yard.cpu.1', flavor_name: '1 CPU', node_count: 2, flavor_detail: {} } },
      trainyard: { owner: 'u', executor: 'local', reason: 'completed' },
    }),
  )
})
afterEach(async () => {
  server.intercept = () => undefined
  server.requests.length = 0
  server.jobs.length = 0
  await rm(folder, { recursive: true })
})

const clone = (args: string[], screen: CliScreen = {}) => runCli(server, ['clone', 'net', ...args], screen)
const sent = () => JSON.parse(server.sent('POST', '/training-jobs').at(-1)?.body.toString() ?? 'null')
const created = () => server.sent('POST', '/training-jobs').length

/** An editor: a shell command line that gets the file. */
const editor = async (script: string): Promise<Readonly<Record<string, string>>> => {
  const file = join(folder, 'editor.sh')
  await writeFile(file, `#!/bin/sh\n${script}\n`)
  await chmod(file, 0o700)
  return { EDITOR: `${file} --wait`, PATH: process.env['PATH'] ?? '', TMPDIR: folder }
}

describe('clone', () => {
  it('asks for the same job again, without what the server owns', async () => {
    const run = await clone([])

    assert.equal(run.exitCode, 0, run.stderr)
    assert.deepEqual(sent(), {
      kind: 'job',
      metadata: { name: 'net-2', workspace_id: '0', description: 'a try', annotations: { team: 'a' } },
      algorithm: {
        code_dir: '/lab/code/',
        boot_file: '/lab/code/train.py',
        engine: { engine_id: 'py-1', engine_name: 'Python', engine_version: 'python_3.9' },
        parameters: [
          { name: 'lr', value: '0.1', constraint: { type: 'Float', sensitive: false } },
          { name: 'key', value: '******', constraint: { sensitive: true } },
        ],
        environments: { EMPTY: '', STEPS: '5' },
        outputs: [{ name: 'train_url', local_dir: '/out', remote: { obs: { obs_url: '/lab/out/' } } }],
      },
      spec: { resource: { flavor_id: 'yard.cpu.1', node_count: 2 } },
    })
  })

  it('changes what the options say; what a parameter is stays', async () => {
    await clone([
      '-n',
      'own',
      '-p',
      'key=new',
      '-p',
      'more=1',
      '--env',
      'STEPS=9',
      '--nodes',
      '1',
      '-e',
      'py-2',
    ])

    const { metadata, algorithm, spec } = sent()
    assert.equal(metadata.name, 'own')
    assert.deepEqual(algorithm.parameters, [
      { name: 'lr', value: '0.1', constraint: { type: 'Float', sensitive: false } },
      { name: 'key', value: 'new', constraint: { sensitive: true } },
      { name: 'more', value: '1' },
    ])
    assert.deepEqual(algorithm.environments, { EMPTY: '', STEPS: '9' })
    assert.deepEqual(algorithm.engine, { engine_id: 'py-2' })
    assert.equal(spec.resource.node_count, 1)
  })

  it('lets a command take the place of a start file, and the other way round', async () => {
    await clone(['--command', 'echo hi', '-n', 'shell'])
    const { boot_file: file, command, engine } = sent().algorithm
    assert.deepEqual([file, command, engine], [undefined, 'echo hi', { engine_id: 'command' }])

    await runCli(server, ['clone', 'shell', '-b', 'other.py'])
    assert.deepEqual(sent().algorithm.command, undefined)
    assert.deepEqual(sent().algorithm.boot_file, 'other.py')
    assert.deepEqual(sent().algorithm.engine, { engine_id: 'py-2' })
  })

  it('counts on from the highest number there is', async () => {
    server.jobs.push(aWireJob({ metadata: { name: 'net-7' } }), aWireJob({ metadata: { name: 'net-x' } }))
    await clone([])
    assert.equal(sent().metadata.name, 'net-8')

    await runCli(server, ['clone', 'net-7'])
    assert.equal(sent().metadata.name, 'net-9')
  })

  it('creates what an editor left, and leaves no file behind', async () => {
    const env = await editor(`sed -i "s/node_count: 2/node_count: 3/; s/name: net-2/name: edited/" "$2"`)

    const run = await clone(['--edit'], { env })

    assert.equal(run.exitCode, 0, run.stderr)
    assert.equal(sent().metadata.name, 'edited')
    assert.equal(sent().spec.resource.node_count, 3)
    assert.deepEqual(await readdir(folder), ['editor.sh'])
  })

  it('creates nothing when nothing was changed, or the editor fails', async () => {
    for (const script of ['true', ': > "$2"', 'exit 1']) {
      const run = await clone(['--edit'], { env: await editor(script) })
      assert.equal(run.exitCode, 2, script)
    }
    assert.equal(created(), 0)
    assert.deepEqual(await readdir(folder), ['editor.sh'])
  })

  it('keeps the text of a person when it cannot be used', async () => {
    const env = await editor('echo "kind: [" > "$2"')

    const run = await clone(['--edit'], { env })

    assert.equal(run.exitCode, 2)
    assert.match(run.stderr, /your text is kept in (\S+net-2\.yaml)/)
    const [, file = ''] = /kept in (\S+)/.exec(run.stderr) ?? []
    assert.equal(await readFile(file, 'utf8'), 'kind: [\n')
    assert.equal(created(), 0)
  })
})

describe('a dry run', () => {
  const dryRuns = () =>
    server.sent('POST', '/training-jobs').filter(({ query }) => query.get('dry_run') === 'true')

  beforeEach(() => {
    server.intercept = ({ method, path, query, body }) => {
      const isCreate = method === 'POST' && path.endsWith('/training-jobs')
      if (!isCreate || query.get('dry_run') !== 'true') return undefined
      return { status: 200, body: aWireJob(JSON.parse(body.toString())) }
    }
  })

  it('has the server check the request, and creates nothing', async () => {
    const run = await clone(['--dry-run'])

    assert.equal(run.exitCode, 0, run.stderr)
    assert.equal(run.stdout, '', 'its id would lead to no job')
    assert.match(run.stderr, /would create net-2 with python_3\.9 on 2 x yard\.cpu\.1/)
    assert.deepEqual([created(), dryRuns().length, server.jobs.length], [1, 1, 1])
    assert.equal(JSON.parse((await clone(['--dry-run', '-o', 'json'])).stdout).metadata.name, 'net-2')
  })

  it('uploads nothing; a command stands for local code, whose engine is looked up', async () => {
    await writeFile(join(folder, 'train.py'), '')
    const args = ['submit', '-n', 'a', '-c', folder, '-i', `data=${folder}`, '--dry-run']

    const run = await runCli(server, args)

    assert.equal(run.exitCode, 0, run.stderr)
    assert.equal(server.objects.size, 0)
    const { algorithm } = sent()
    assert.deepEqual([algorithm.code_dir, algorithm.command, algorithm.inputs], [undefined, 'true', []])
    assert.match(run.stderr, /server has not seen them/)
    await writeFile(join(folder, 'job.yaml'), 'algorithm: { engine: { engine_id: cobol } }')
    const refused = await runCli(server, [...args, '--file', join(folder, 'job.yaml')])
    assert.equal(refused.exitCode, 3)
    assert.match(refused.stderr, /no engine cobol/)
  })
})
