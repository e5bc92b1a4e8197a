import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Catalog } from './catalog.ts'
import { detectEngines, type PythonProbe, toEngines } from './detect-engines.ts'
import { detectMachine, parseGpus } from './detect-machine.ts'
import { machineFlavors } from './flavors.ts'

const BYTES_PER_GB = 1024 ** 3

describe('engines', () => {
  it('are found on the search path, by the real path of the interpreter', async () => {
    const engines = await detectEngines()

    const python = engines.find(({ item }) => item.engine_name === 'Python')
    assert.ok(python, 'this machine has a python3')
    assert.ok(python.start.kind === 'boot_file' && python.start.interpreter.startsWith('/'))
    assert.match(python.item.engine_id, /^python_3\.\d+(-[0-9a-f]{6})?-linux-/)
    assert.ok(engines.some(({ item }) => item.engine_id === 'command'))
  })

  it('leave out what is not Python', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'trainyard-engines-'))
    try {
      await writeFile(join(directory, 'python3'), '#!/bin/sh\necho no\n')
      await chmod(join(directory, 'python3'), 0o755)

      const engines = await detectEngines(directory)

      assert.deepEqual(
        engines.map(({ item }) => item.engine_id),
        ['command'],
      )
    } finally {
      await rm(directory, { recursive: true })
    }
  })

  it('get one entry per framework, and a suffix where versions collide', () => {
    const probe = (executable: string): PythonProbe => ({
      executable,
      prefix: executable,
      version: '3.11',
      packages: { torch: '2.3.0' },
    })

    const engines = toEngines([probe('/a/python3'), probe('/b/python3'), probe('/a/python3')])

    const ids = engines.map(({ item }) => item.engine_id)
    assert.equal(new Set(ids).size, 4)
    assert.ok(ids[0]?.startsWith('python_3.11-linux'))
    assert.ok(ids[1]?.startsWith('pytorch_2.3.0-py_3.11-linux'))
    assert.match(ids[2] ?? '', /^python_3\.11-[0-9a-f]{6}-linux/)
  })
})

describe('flavors', () => {
  it('share a machine into powers of two and the whole', () => {
    const flavors = machineFlavors({ cores: 6, memoryBytes: 24 * BYTES_PER_GB, arch: 'x86' })

    assert.deepEqual(
      flavors.map(({ id, memoryGb, maxNodes }) => [id, memoryGb, maxNodes]),
      [
        ['yard.cpu.1', 4, 6],
        ['yard.cpu.2', 8, 3],
        ['yard.cpu.4', 16, 1],
        ['yard.cpu.6', 24, 1],
      ],
    )
  })

  it('count cards as integers for GPUs and as strings for NPUs', () => {
    const cards = { count: 2, productName: 'A10', memory: '24GB' }
    const catalog = new Catalog(
      [],
      machineFlavors({ cores: 8, memoryBytes: 64 * BYTES_PER_GB, arch: 'x86', gpus: cards, npus: cards }),
    )

    const gpu = catalog.listFlavors('GPU').flavors.at(-1)?.flavor_info?.gpu
    const npu = catalog.listFlavors('Ascend').flavors.at(-1)?.flavor_info?.npu

    assert.deepEqual(gpu, { unit_num: 2, product_name: 'A10', memory: '24GB' })
    assert.deepEqual(npu, { unit_num: '2', product_name: 'A10', memory: '24GB' })
    assert.equal(catalog.listFlavors('CPU').total_count, 4)
  })
})

describe('the machine', () => {
  it('has cores and memory', async () => {
    const machine = await detectMachine()

    assert.ok(machine.cores >= 1)
    assert.ok(machine.memoryBytes > 0)
  })

  it('reads the listing of nvidia-smi', () => {
    assert.deepEqual(parseGpus('NVIDIA A10, 24564\nNVIDIA A10, 24564\n'), {
      count: 2,
      productName: 'NVIDIA A10',
      memory: '24GB',
    })
    assert.equal(parseGpus(''), undefined)
  })
})
