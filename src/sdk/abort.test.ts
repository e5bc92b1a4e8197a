import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, describe, it } from 'node:test'
import { sdkCalls } from '../../test/support/sdk-calls.ts'
import { startWireServer, type WireServer } from '../../test/support/wire-server.ts'
import { Session } from './node/index.ts'

const server: WireServer = await startWireServer()
const { endpoint, projectId, accessKey, secretKey } = server
const session = new Session({ endpoint, projectId, accessKey, secretKey })
const directory = await mkdtemp(join(tmpdir(), 'trainyard-abort-'))
await writeFile(join(directory, 'a.txt'), 'a')

describe('giving up', () => {
  after(async () => {
    await server.close()
    await rm(directory, { recursive: true })
  })
  beforeEach(() => {
    server.requests.length = 0
  })

  for (const [name, call] of Object.entries(sdkCalls({ server, session, directory }))) {
    it(`ends ${name} while no answer comes, and sends nothing when it was given up before`, async () => {
      const controller = new AbortController()
      server.intercept = () => {
        setImmediate(() => controller.abort())
        return 'hang'
      }

      await assert.rejects(call({ signal: controller.signal }), { code: 'request_aborted' })
      const sent = server.requests.length
      await assert.rejects(call({ signal: controller.signal }), { code: 'request_aborted' })

      assert.equal(server.requests.length, sent)
      assert.deepEqual(await readdir(directory), ['a.txt'], 'a part of a download was left behind')
    })
  }
})
