import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { runCli } from '../../test/support/run-cli.ts'
import { aWireJob, startWireServer, type WireServer } from '../../test/support/wire-server.ts'
import { FILTER_KEYS, type FilterKey } from '../contract/search-keys.ts'
import { parseFilters } from '../domain/parse-filters.ts'
import { displayWidth } from './text-width.ts'

let server: WireServer

before(async () => {
  server = await startWireServer()
})
after(() => server.close())
afterEach(() => {
  server.intercept = () => undefined
  server.requests.length = 0
  server.jobs.length = 0
})

const sentBody = () => JSON.parse(server.sent('POST', 'searches').at(-1)?.body.toString() ?? 'null')

const fill = (count: number): void => {
  for (let at = 0; at < count; at += 1) {
    server.jobs.push(
      aWireJob({
        metadata: {
          name: `a-rather-long-name-of-a-training-job-number-${at}`,
          user_name: '训练员',
          create_time: Date.now() - 3_600_000 * at,
        },
        status: { phase: at % 2 === 0 ? 'Running' : 'Failed' },
      }),
    )
  }
}

describe('list', () => {
  it('writes its options as the search request of the wire', async () => {
    const run = await runCli(server, [
      ...['list', '--name', 'iris', '--phase', 'running,Failed', '--kind', 'job', '--user', 'a,b'],
      ...['--since', '2030-03-01T00:00:00Z', '--until', '2030-03-02', '--filter', 'priority:between:2,3'],
      ...[
        '-f',
        'name:in:a\\,b',
        '--sort',
        '-duration',
        '--group-by',
        'phase',
        '--limit',
        '20',
        '--offset',
        '4',
      ],
      ...['--workspace', 'w'],
    ])

    assert.equal(run.exitCode, 0, run.stderr)
    assert.deepEqual(sentBody(), {
      offset: 4,
      limit: 20,
      sort_by: 'duration',
      order: 'desc',
      group_by: 'phase',
      workspace_id: 'w',
      filters: [
        { key: 'name', operator: 'like', value: ['iris'] },
        { key: 'phase', operator: 'in', value: ['Running', 'Failed'] },
        { key: 'kind', operator: 'in', value: ['job'] },
        { key: 'user_name', operator: 'in', value: ['a', 'b'] },
        {
          key: 'create_time',
          operator: 'between',
          value: ['2030-03-01T00:00:00.000Z', '2030-03-02T00:00:00.000Z'],
        },
        { key: 'priority', operator: 'between', value: ['2', '3'] },
        { key: 'name', operator: 'in', value: ['a,b'] },
      ],
    })
  })

  it('leaves sorting and conditions to the server unless told', async () => {
    await runCli(server, ['list'])
    assert.deepEqual(sentBody(), { offset: 0, limit: 10 })

    await runCli(server, ['list', '--sort', 'name', '--since', '2d'])
    assert.equal(sentBody().order, 'asc')
    const [from, to] = sentBody().filters[0].value
    assert.ok(Math.abs(Date.now() - 2 * 86_400_000 - Date.parse(from)) < 60_000)
    assert.equal(to, '')
  })

  it('fetches as many pages as it takes', async () => {
    fill(120)

    const some = await runCli(server, ['list', '--limit', '75', '-o', 'ids'])
    const all = await runCli(server, ['list', '--all', '-o', 'json'])

    assert.deepEqual(
      some.stdout.trim().split('\n'),
      server.jobs.slice(0, 75).map(({ metadata }) => metadata.id),
    )
    const answer = JSON.parse(all.stdout)
    assert.equal(answer.items.length, 120)
    assert.equal(answer.total, 120)
  })

  for (const columns of [40, 80, 200]) {
    it(`keeps lines whole on a screen of ${columns} columns`, async () => {
      fill(3)

      const run = await runCli(server, ['list'], { columns, env: { NO_COLOR: '1' } })

      const lines = run.stdout.trimEnd().split('\n')
      assert.equal(lines.length, 4)
      for (const line of lines) assert.ok(displayWidth(line) <= columns, `${displayWidth(line)}: ${line}`)
      assert.match(lines[0] ?? '', /^NAME +ID +PHASE/)
      for (const job of server.jobs) assert.ok(run.stdout.includes(job.metadata.id.slice(0, 8)))
    })
  }

  it('shows fewer columns the narrower the screen, all of them on a wide one', async () => {
    fill(1)
    const titles = async (columns: number) =>
      (await runCli(server, ['list'], { columns, env: { NO_COLOR: '1' } })).stdout.split('\n')[0]?.split(/ +/)

    assert.deepEqual(await titles(40), ['NAME', 'ID', 'PHASE'])
    assert.deepEqual(await titles(200), [
      'NAME',
      'ID',
      'PHASE',
      'AGE',
      'DURATION',
      'ENGINE',
      'FLAVOR',
      'NODES',
      'USER',
    ])
  })

  it('is plain in a pipe, with names in full', async () => {
    fill(1)

    const run = await runCli(server, ['list'])

    assert.ok(!run.stdout.includes('\u001b'))
    assert.ok(run.stdout.includes('a-rather-long-name-of-a-training-job-number-0'))
    assert.ok(run.stdout.includes('训练员'))
  })

  it('has colours on a terminal, unless NO_COLOR is set', async () => {
    fill(1)

    assert.ok((await runCli(server, ['list'], { columns: 80 })).stdout.includes('\u001b['))
    assert.ok(
      !(await runCli(server, ['list'], { columns: 80, env: { NO_COLOR: '1' } })).stdout.includes('\u001b['),
    )
    assert.ok(
      !(await runCli(server, ['list'], { columns: 80, env: { TERM: 'dumb' } })).stdout.includes('\u001b['),
    )
  })

  it('lets no text of others steer the terminal', async () => {
    server.jobs.push(aWireJob({ metadata: { name: 'a', user_name: 'evil\u001b[2J\r\nname' } }))

    const run = await runCli(server, ['list'], { columns: 200, env: { NO_COLOR: '1' } })

    assert.ok(!run.stdout.includes('\u001b') && !run.stdout.includes('\r'))
    assert.equal(run.stdout.trimEnd().split('\n').length, 2)
  })

  it('counts what is shown, what matches and what there is', async () => {
    fill(12)

    assert.equal((await runCli(server, ['list'])).stderr, 'showing 1–10 of 12\n')
    const matching = await runCli(server, ['list', '--name', 'number-1', '--limit', '2'])
    assert.equal(matching.stderr, 'showing 1–2 of 3 matching (12 in all)\n')
    assert.match(
      (await runCli(server, ['list', '--offset', '20'])).stderr,
      /nothing after the first 20: there are 12/,
    )
  })

  it('tells nothing at all from no match', async () => {
    assert.match((await runCli(server, ['list'])).stderr, /no jobs yet/)
    fill(2)
    assert.equal((await runCli(server, ['list', '--name', 'none'])).stderr, 'no job matches (2 in all)\n')
  })

  it('has an option for every filter of the contract', async () => {
    const options: Readonly<Record<FilterKey, readonly string[]>> = {
      name: ['--name', 'a'],
      id: ['--id', 'a,b'],
      kind: ['--kind', 'job'],
      phase: ['--phase', 'failed'],
      secondary_phase: ['--state', 'lost'],
      algorithm_id: ['--algorithm-id', 'a'],
      algorithm_name: ['--algorithm', 'a'],
      create_time: ['--since', '2030-03-01'],
      user_id: ['--user-id', 'a'],
      user_name: ['--user', 'a'],
      pool_id: ['--pool', 'a'],
      flavor_id: ['--flavor', 'yard.cpu.1'],
      flavor_type: ['--flavor-type', 'gpu'],
      engine_name: ['--engine', 'PyTorch'],
      runtime_type: ['--runtime-type', 'debug'],
      training_experiment_id: ['--experiment', 'a'],
      priority: ['--priority', '2,3'],
      description: ['--description', 'a'],
    }
    for (const key of Object.keys(FILTER_KEYS) as FilterKey[]) {
      const run = await runCli(server, ['list', ...options[key]])
      assert.equal(run.exitCode, 0, run.stderr)
      assert.deepEqual(
        sentBody().filters.map((filter: { key: string }) => filter.key),
        [key],
      )
      assert.equal(parseFilters(sentBody().filters).length, 1)
    }
  })

  it('asks for tags and hosts beside the filters', async () => {
    await runCli(server, [
      'list',
      '--tag',
      'team=a,b',
      '--tag',
      'old',
      '--host',
      '10.0.0.1',
      '-W',
      'user = me',
    ])

    const { tags, host_ips: hosts, filters } = sentBody()
    assert.deepEqual(tags, [{ key: 'team', values: ['a', 'b'] }, { key: 'old' }])
    assert.deepEqual(hosts, ['10.0.0.1'])
    assert.deepEqual(filters, [{ key: 'user_name', operator: 'in', value: ['me'] }])
  })

  for (const [text, key, order] of [
    ['name', 'name', 'asc'],
    ['-created', 'create_time', 'desc'],
    ['age', 'create_time', 'desc'],
    ['-age', 'create_time', 'asc'],
    ['user:desc', 'user_name', 'desc'],
    ['-start-time:desc', 'start_time', 'asc'],
    ['Length', 'duration', 'asc'],
  ]) {
    it(`sorts by ${text}`, async () => {
      await runCli(server, ['list', '--sort', text ?? ''])
      assert.deepEqual([sentBody().sort_by, sentBody().order], [key, order])
    })
  }

  it('puts groups under headings that count the page', async () => {
    fill(4)
    server.jobs.sort((a, b) => a.status.phase.localeCompare(b.status.phase))

    const run = await runCli(server, ['list', '--group-by', 'status'])

    assert.equal(sentBody().group_by, 'phase')
    assert.match(
      run.stdout,
      /^NAME .*\nFailed \(2\)\n.* Failed .*\n.* Failed .*\n\nRunning \(2\)\n(.* Running .*\n){2}$/,
    )
    assert.match((await runCli(server, ['list', '--group-by', 'pool'])).stdout, /\n\(none\) \(4\)\n/)
    assert.doesNotMatch((await runCli(server, ['list', '--group-by', 'phase', '-o', 'csv'])).stdout, /\(2\)/)
  })

  const titles = async (...args: string[]) =>
    (await runCli(server, ['list', ...args])).stdout.split('\n')[0]?.split(/ +/).join(' ')

  it('shows the columns that were asked for', async () => {
    server.jobs.push(
      aWireJob({
        metadata: { name: 'a', annotations: { team: 'red' }, tags: [{ key: 'k', value: 'v' }] },
        algorithm: {
          parameters: [{ name: 'lr', value: '0.5' }],
          environments: { SEED: '7' },
          inputs: [{ name: 'data', remote: { obs: { obs_url: '/lab/in/' } } }],
        },
      }),
    )

    const named = 'name,Status,param:lr,env:SEED,input:data,annotation:team,tag:k,output:none'
    const run = await runCli(server, ['list', '--columns', named])
    assert.equal(
      run.stdout.replaceAll(/ +/g, ' '),
      'NAME PHASE lr SEED data team k none\na Running 0.5 7 /lab/in/ red v -\n',
    )
    assert.equal(
      await titles('--columns', '+gpu,-user,-nodes'),
      'NAME ID PHASE AGE DURATION ENGINE FLAVOR GPU',
    )
    assert.equal(await titles('--columns', 'name,+phase'), 'NAME PHASE')
    const csv = await runCli(server, ['list', '--columns', 'name,age,duration,param:lr', '-o', 'csv'])
    assert.equal(csv.stdout, 'name,create_time,duration,param:lr\r\na,2030-03-02T00:00:00.000Z,93000,0.5\r\n')
  })

  it('cuts the columns that were asked for before a narrow screen loses one', async () => {
    fill(2)

    const columns = 'name,id,phase,user,flavor'
    const run = await runCli(server, ['list', '--columns', columns], { columns: 44, env: { NO_COLOR: '1' } })

    const lines = run.stdout.trimEnd().split('\n')
    assert.match(lines[0] ?? '', /^NAME +ID +PHASE +USER +FLAVOR$/)
    for (const line of lines) assert.ok(displayWidth(line) <= 44, line)
  })

  it('holds no more of a long list than it prints at once', async () => {
    fill(1_130)

    const table = await runCli(server, ['list', '--all'])

    const lines = table.stdout.trimEnd().split('\n')
    assert.equal(lines.length, 1_131)
    assert.equal(lines.filter((line) => line.startsWith('NAME')).length, 1)
    assert.match(table.stderr, /showing 1–1,130 of 1,130/)
  })

  for (const args of [
    ['--limit', '0'],
    ['--limit', 'x'],
    ['--offset', '-1'],
    ['--sort', 'colour'],
    ['--phase', 'Sleeping'],
    ['--since', 'yesterday'],
    ['--filter', 'name'],
    ['--group-by', 'name'],
    ['-o', 'xml'],
    ['--nonsense'],
    ['--columns', 'name,colour'],
    ['--columns', 'param:'],
    ['--columns', ','],
    ['--where', 'phse = Failed'],
    ['--tag', '=x'],
    ['--watch', '0'],
    ['--watch'],
  ]) {
    it(`exits 2 for ${args.join(' ')}`, async () => {
      const run = await runCli(server, ['list', ...args])

      assert.equal(run.exitCode, 2)
      assert.match(run.stderr, /^error: .+\n/)
      assert.equal(server.requests.length, 0)
    })
  }
})
