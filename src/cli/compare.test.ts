import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { type CliScreen, runCli } from '../../test/support/run-cli.ts'
import { aWireJob, startWireServer, type WireServer } from '../../test/support/wire-server.ts'
import { compareFields } from './compare-fields.ts'
import { displayWidth } from './text-width.ts'

let server: WireServer

before(async () => {
  server = await startWireServer()
})
after(() => server.close())
beforeEach(() => {
  server.jobs.push(
    aWireJob({
      metadata: { name: 'a' },
      status: { phase: 'Completed', duration: 60_000 },
      algorithm: {
        parameters: [{ name: 'lr', value: '0.1' }],
        code_dir: '/lab/code/',
        environments: { X: '1' },
      },
    }),
    aWireJob({
      metadata: { name: 'b' },
      status: { phase: 'Failed', duration: 1_234, task_statuses: [{ task: 'worker-0', exit_code: 7 }] },
      algorithm: {
        parameters: [
          { name: 'lr', value: '0.2' },
          { name: 'evil', value: '\u001b[2J' },
        ],
        code_dir: '/lab/code/',
        environments: [{ X: '1' }] as unknown as Record<string, string>,
      },
    }),
  )
})
afterEach(() => {
  server.jobs.length = 0
})

const compare = (args: string[], screen: CliScreen = {}) => runCli(server, ['compare', ...args], screen)

describe('compare', () => {
  it('shows only what differs, in the order of the jobs', async () => {
    const { stdout } = await compare(['a', 'b'])

    assert.deepEqual(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ {2,}/)),
      [
        ['FIELD', 'a', 'b'],
        ['parameter lr', '0.1', '0.2'],
        ['parameter evil', '-', '-'],
        ['phase', 'Completed', 'Failed'],
        ['duration', '1m00s', '1.2s'],
        ['exit code', '0', '7'],
      ],
    )
  })

  it('shows all with --all, and tells when nothing differs', async () => {
    assert.match((await compare(['a', 'b', '--all'])).stdout, /code +\/lab\/code\/ +\/lab\/code\//)
    assert.match((await compare(['a', 'b', '--all'])).stdout, /environment X +1 +1/)
    const same = await compare(['a', 'a'])
    assert.deepEqual([same.stdout, same.stderr], ['', 'nothing differs\n'])
  })

  it('writes exact values for programs', async () => {
    assert.match(
      (await compare(['b', 'a', '-o', 'csv'])).stdout,
      /^field,b,a\r\n[\s\S]*duration,1234,60000\r\n/,
    )
    const { jobs, fields } = JSON.parse((await compare(['a', 'b', '-o', 'json'])).stdout)
    assert.deepEqual(
      jobs.map(({ name }: { name: string }) => name),
      ['a', 'b'],
    )
    assert.deepEqual(fields[0], { field: 'parameter lr', values: ['0.1', '0.2'] })
  })

  it('puts jobs below each other where columns would be too narrow', async () => {
    const { stdout } = await compare(['a', 'b', 'a', 'b'], { columns: 60, env: { NO_COLOR: '1' } })

    assert.match(stdout, /^parameter lr\n {2}a \(\w{8}\) {2}0\.1\n {2}b \(\w{8}\) {2}0\.2\n/)
    const wide = await compare(['a', 'b'], { columns: 60, env: { NO_COLOR: '1' } })
    for (const line of wide.stdout.split('\n')) assert.ok(displayWidth(line) <= 60, line)
  })

  it('needs two jobs', async () => {
    assert.equal((await compare(['a'])).exitCode, 2)
  })

  it('keeps the order of fields that only some jobs have', () => {
    const job = (names: string[]) =>
      aWireJob({ algorithm: { parameters: names.map((name) => ({ name, value: name })) } })
    const rows = compareFields([job(['a', 'c']), job(['a', 'b', 'c', 'd'])])

    assert.deepEqual(
      rows.map(({ field }) => field).filter((field) => field.startsWith('parameter')),
      ['parameter b', 'parameter d'],
    )
  })
})
