import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openSqliteStore } from '../../src/store/sqlite/open-store.ts'

const ROUNDS = 6
const MOST_LINES = 300

const PROGRAM = fileURLToPath(new URL('../support/write-jobs.ts', import.meta.url))

const directory = await mkdtemp(join(tmpdir(), 'trainyard-durability-'))
after(() => rm(directory, { recursive: true, force: true }))

/** Lets a process write jobs and kills it at a random moment; answers what it had printed until then. */
const writeUntilKilled = async (file: string): Promise<string[]> => {
  const child = spawn(process.execPath, [PROGRAM, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lastLine = 1 + Math.floor(Math.random() * MOST_LINES)
  const closed = once(child, 'close')
  let printed = ''
  let lines = 0
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
    lines += text.split('\n').length - 1
    if (lines >= lastLine) child.kill('SIGKILL')
  })
  const [, signal] = await closed
  assert.equal(signal, 'SIGKILL', 'the process was killed, and did not fail by itself')
  return printed.split('\n').slice(0, -1)
}

describe('SQLite store under kill -9', () => {
  it('keeps everything it promised, and nothing by halves', { timeout: 120_000 }, async () => {
    const file = join(directory, 'jobs.db')
    let promised = 0

    for (let round = 0; round < ROUNDS; round += 1) {
      const lines = await writeUntilKilled(file)
      const store = openSqliteStore({ file })
      try {
        for (const line of lines) {
          const [fact, id = ''] = line.split(' ')
          const record = await store.jobs.find('project-1', id)
          assert.ok(record !== undefined, `job ${id} is kept`)
          if (fact === 'changed') assert.equal(record.job.status.phase, 'Pending')
        }
        for (const { id, version, job } of await store.jobs.listActive()) {
          const moves = await store.jobs.listMoves(id)
          const events = await store.events.list(id, { offset: 0, limit: 10, order: 'asc' })
          assert.equal(moves.length, version, 'a change and its move are one')
          assert.equal(moves.at(-1)?.to, job.status.phase)
          assert.equal(events.total, version, 'a change and its event are one')
        }
      } finally {
        await store.close()
      }
      promised += lines.length
    }

    assert.ok(promised >= ROUNDS)
  })
})
