import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { isTrainyardError, TrainingJob } from '../../src/sdk/node/index.ts'
import { makeDataDirectory, removeDirectory, ServerProcess, until } from '../support/server-process.ts'

const MIB = 1024 ** 2

/** Mounts a small disk in memory; false where that is not permitted. */
const mountSmallDisk = (directory: string): boolean => {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', directory], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const codeOf = (work: Promise<unknown>): Promise<string | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => (isTrainyardError(error) ? error.code : String(error)),
  )

describe('a server whose disk fills up', () => {
  it('takes and starts nothing new until there is space again', async (test) => {
    const data = await makeDataDirectory()
    if (!mountSmallDisk(data)) {
      await removeDirectory(data)
      test.skip('this account may not mount a disk in memory')
      return
    }
    let server: ServerProcess | undefined
    try {
      await writeFile(
        join(data, 'trainyard.yaml'),
        `local: { cpus: 1 }\nlimits: { min_free_bytes: ${16 * MIB} }\n`,
      )
      server = await ServerProcess.start(data)
      const at = server
      const session = at.session()
      const create = (name: string, command: string): Promise<TrainingJob> =>
        TrainingJob.create(session, {
          metadata: { name },
          algorithm: { command, engine: { engine_id: 'command' } },
          spec: { resource: { flavor_id: 'yard.cpu.1' } },
        })
      const first = await create('runs', 'sleep 2')
      const waiting = await create('waits', 'true')
      const { bavail, bsize } = await statfs(data)
      await writeFile(join(data, 'filling'), Buffer.alloc(bavail * bsize - 8 * MIB))
      await until('low', async () => (await fetch(`${at.url}/readyz`)).status === 503)

      assert.equal(await codeOf(create('refused', 'true')), 'ModelArts.4107')
      assert.equal(await codeOf(session.obs.put('obs://lab/a', 'x')), 'ModelArts.4107')
      assert.equal((await first.waitForCompletion()).status.phase, 'Completed')
      assert.equal((await waiting.getJobInfo()).status.phase, 'Pending')
      const { events } = await waiting.getJobEvents()
      assert.ok(events.some(({ message }) => message === 'Waiting: the disk of the server is nearly full.'))

      await rm(join(data, 'filling'))
      assert.equal((await waiting.waitForCompletion()).status.phase, 'Completed')
      await session.obs.put('obs://lab/a', 'x')
      await (await create('taken', 'true')).waitForCompletion()
      assert.match(at.logs(), /nearly full.*has space again/s)
    } finally {
      await server?.end()
      execFileSync('umount', [data])
      await removeDirectory(data)
    }
  })
})
