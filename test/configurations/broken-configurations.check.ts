import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { BROKEN_CONFIGURATIONS } from '../support/broken-configurations.ts'
import { runMain } from '../support/run-main.ts'
import { makeDataDirectory, removeDirectory } from '../support/server-process.ts'

/** Two processes for each configuration: too slow for `npm test`, which tries the same table inside one process. */
describe('serve and config check, with each broken configuration', () => {
  for (const { name, text, line, key, allowed } of BROKEN_CONFIGURATIONS) {
    it(`end with 2 and name file, line, key and what is allowed: ${name}`, async () => {
      const data = await makeDataDirectory()
      const file = join(data, 'trainyard.yaml')
      await writeFile(file, text)

      for (const args of [
        ['serve', '--port', '0'],
        ['config', 'check'],
      ]) {
        const { code, stdout, stderr } = await runMain([...args, '--data', data])

        assert.deepEqual([code, stdout], [2, ''])
        const [first = ''] = stderr.split('\n')
        assert.ok(first.startsWith(`error: ${file}:${line}:`), first)
        assert.ok(first.includes(`: ${key} `) && first.includes(allowed), first)
      }
      await removeDirectory(data)
    })
  }
})
