import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { aTask } from '../../test/support/task-builder.ts'
import { taskArguments } from './task-arguments.ts'
import type { ChannelSpec } from './task-spec.ts'

const place = (canonical: string): string => `/box${canonical}`
const aChannel = (name: string, access: ChannelSpec['access'] = 'parameter'): ChannelSpec => ({
  name,
  access,
  place: { bucket: 'data', key: 'in/' },
  directory: `/home/ma-user/modelarts/inputs/${name}_0`,
})

describe('arguments of a task', () => {
  it('are inputs, outputs, parameters, each one token', () => {
    const spec = aTask({
      inputs: [aChannel('data_url')],
      outputs: [aChannel('train_url')],
      parameters: [
        { name: 'lr', value: '0.1' },
        { name: 'empty', value: '' },
      ],
    })

    assert.deepEqual(taskArguments(spec, place), [
      '--data_url=/box/home/ma-user/modelarts/inputs/data_url_0',
      '--train_url=/box/home/ma-user/modelarts/inputs/train_url_0',
      '--lr=0.1',
      '--empty=',
    ])
  })

  it('keep every value as it is', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ name: fc.string(), value: fc.string() })), (parameters) => {
        const expected = parameters.map(({ name, value }) => `--${name}=${value}`)
        assert.deepEqual(taskArguments(aTask({ parameters }), place), expected)
      }),
    )
  })

  it('leave out channels that are variables', () => {
    const spec = aTask({ inputs: [aChannel('DATA', 'env')], outputs: [aChannel('OUT', 'env')] })
    assert.deepEqual(taskArguments(spec, place), [])
  })

  const pyTorch = {
    program: { kind: 'boot_file', interpreter: '/usr/bin/python3', bootFile: 'train.py' },
    engineName: 'PyTorch',
    masterPort: 41_234,
    task: 'worker-1',
    index: 1,
  } as const
  const roles = { worker: ['worker-0', 'worker-1'] }

  it('tell PyTorch on several nodes where to meet', () => {
    assert.deepEqual(taskArguments(aTask({ ...pyTorch, roles }), place), [
      '--init_method=tcp://127.0.0.1:41234',
      '--rank=1',
      '--world_size=2',
    ])
  })

  it('leave to the user what the user gives', () => {
    const spec = aTask({ ...pyTorch, roles, parameters: [{ name: 'rank', value: '7' }] })
    assert.deepEqual(taskArguments(spec, place), [
      '--rank=7',
      '--init_method=tcp://127.0.0.1:41234',
      '--world_size=2',
    ])
  })

  it('add nothing on one node, for other engines, or for commands', () => {
    assert.deepEqual(taskArguments(aTask(pyTorch), place), [])
    assert.deepEqual(taskArguments(aTask({ ...pyTorch, roles, engineName: 'JAX' }), place), [])
    const command = { kind: 'command', command: 'true' } as const
    assert.deepEqual(taskArguments(aTask({ ...pyTorch, roles, program: command }), place), [])
  })
})
