import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BROKEN_CONFIGURATIONS } from '../../test/support/broken-configurations.ts'
import { isTrainyardError } from '../contract/trainyard-error.ts'
import { type LoadedConfig, parseConfig } from './config.ts'
import { checkAgainstMachine } from './config-cross-checks.ts'
import { offeredMachine } from './machine.ts'

const FILE = '/srv/yard/trainyard.yaml'
const machine = { cores: 8, memoryBytes: 32 * 1024 ** 3, arch: 'x86' }

/** Checks a text as the server does. */
const load = async (text: string): Promise<LoadedConfig> => {
  const loaded = parseConfig(text, FILE)
  await checkAgainstMachine(loaded, offeredMachine(machine, loaded.config))
  return loaded
}

const mistakesIn = async (text: string): Promise<string[]> => {
  const error = await load(text).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(isTrainyardError(error), `taken: ${text}`)
  assert.equal(error.code, 'invalid_argument')
  return error.message.split('\n')
}

describe('a broken configuration', () => {
  for (const { name, text, line, key, allowed } of BROKEN_CONFIGURATIONS) {
    it(`is told with file, line, key and what is allowed: ${name}`, async () => {
      const [first = '', ...more] = await mistakesIn(text)

      assert.ok(first.startsWith(`${FILE}:${line}:`), first)
      assert.match(first.slice(FILE.length), /^:\d+:\d+: /)
      assert.ok(first.includes(`: ${key} `), first)
      assert.ok(first.slice(first.indexOf('; allowed: ')).includes(allowed), first)
      assert.deepEqual(more, [])
    })
  }

  it('is told with the column', async () => {
    assert.match(
      (await mistakesIn('local: { memory_gb: 4, cpus: x }\n'))[0] ?? '',
      /yaml:1:30: local\.cpus is "x";/,
    )
    assert.match((await mistakesIn('local:\n  memory_gb: 4\n  cpu: 2\n'))[0] ?? '', /yaml:3:3: local\.cpu /)
  })

  it('is told with all its mistakes, in the order of the file', async () => {
    const found = await mistakesIn('limits: { log_bytes: 1 }\nlocal:\n  gpu: 1\n  cpus: 0\nregion: a b\n')

    assert.deepEqual(
      found.map((text) =>
        text
          .slice(FILE.length + 1)
          .split(' ')
          .slice(0, 2)
          .join(' ')
          .replace(/:\d+:/, ':'),
      ),
      ['1: limits.log_bytes', '3: local.gpu', '4: local.cpus', '5: region'],
    )
  })

  it('suggests the key that was meant, and none where nothing is near', async () => {
    assert.match((await mistakesIn('flavours: []\n'))[0] ?? '', /did you mean flavors\?/)
    assert.doesNotMatch((await mistakesIn('database: x\n'))[0] ?? '', /did you mean/)
  })

  it('cannot move the cursor of the terminal that shows it', async () => {
    const [line = ''] = await mistakesIn('"a\\e[31m\\u0085b": 1\n')

    assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f]/)
  })

  it('does not expand without end', async () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]']
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh', 'hi'].map((pair) => [
      pair[0],
      pair[1],
    ])) {
      bomb.push(`${to}: &${to} [${Array(9).fill(`*${from}`).join(', ')}]`)
    }

    assert.match((await mistakesIn(bomb.join('\n')))[0] ?? '', /alias/i)
  })
})

describe('a configuration', () => {
  it('is taken when it is right', async () => {
    const { config } = await load(`region: lab
local: { cpus: 4, memory_gb: 8, gpus: { count: 2 } }
flavors: [{ id: g, type: GPU, cards: 2, cores: 4, memory_gb: 8, max_nodes: 2 }]
engines: [{ id: sh, name: Shell, version: "1", interpreter: /bin/sh }]
limits: { log_bytes: 1024, stop_grace_seconds: 0, min_free_bytes: 0 }
retention: { logs: 12h, events: 90d, jobs: forever }
metrics: { open: true }
`)

    assert.equal(config.metrics?.open, true)
    assert.equal(config.retention?.logs, '12h')
  })

  it('may be empty, and may have keys without a value', async () => {
    assert.deepEqual((await load('')).config, {})
    assert.deepEqual((await load('# nothing\n')).config, {})
    assert.deepEqual((await load('local:\n#  cpus: 4\nlimits: { log_bytes: }\n')).config, { limits: {} })
  })

  it('may use anchors', async () => {
    const { config } = await load('local: { gpus: &c { count: 1 }, npus: *c }\n')

    assert.equal(config.local?.npus?.count, 1)
  })
})
