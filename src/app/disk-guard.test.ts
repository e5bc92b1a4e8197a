import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { aJobRecord } from '../../test/support/job-builder.ts'
import { MemoryObjectStore } from '../../test/support/memory-object-store.ts'
import { openSqliteStore } from '../store/sqlite/open-store.ts'
import {
  DiskGuard,
  type DiskSpace,
  defaultMinFreeBytes,
  guardUploads,
  tellWaitingJobs,
} from './disk-guard.ts'

const GIB = 1024 ** 3
const REF = { projectId: 'p', bucket: 'lab', key: 'a' }

/** A guard over disks whose space the test sets, by directory. */
const guarded = (minFreeBytes: number | undefined, sizeBytes = 500 * GIB) => {
  const free: Record<string, number | Error> = { '/data': 100 * GIB }
  const told: [boolean, number][] = []
  const guard = new DiskGuard({
    directories: ['/data', '/objects'],
    minFreeBytes,
    onChange: (isLow, { freeBytes }) => told.push([isLow, freeBytes]),
    space: async (directory): Promise<DiskSpace> => {
      const freeBytes = free[directory] ?? 100 * GIB
      if (freeBytes instanceof Error) throw freeBytes
      return { freeBytes, sizeBytes }
    },
  })
  return { guard, free, told }
}

const low = { code: 'ModelArts.4107', status: 507 }

describe('the disk guard', () => {
  const guards: DiskGuard[] = []
  afterEach(() => {
    for (const guard of guards.splice(0)) guard.stop()
  })

  it('refuses while any of the disks has too little space, and tells each change once', async () => {
    const { guard, free, told } = guarded(GIB)
    await guard.look()
    assert.doesNotThrow(() => guard.check())

    free['/objects'] = GIB - 1
    await guard.look()
    await guard.look()
    assert.throws(() => guard.check(), low)
    assert.deepEqual(guard.space, { freeBytes: GIB - 1, sizeBytes: 500 * GIB })

    free['/objects'] = 2 * GIB
    await guard.look()
    assert.doesNotThrow(() => guard.check())
    assert.deepEqual(told, [
      [true, GIB - 1],
      [false, 2 * GIB],
    ])
  })

  it('goes on only when there is a little more than the limit', async () => {
    const { guard, free } = guarded(GIB)
    free['/data'] = GIB - 1
    await guard.look()

    free['/data'] = GIB + 1
    await guard.look()
    assert.equal(guard.isLow, true)

    free['/data'] = GIB * 1.06
    await guard.look()
    assert.equal(guard.isLow, false)
  })

  it('takes 1 GiB as its limit, or 1 % of a small disk', async () => {
    assert.deepEqual(
      [defaultMinFreeBytes(500 * GIB), defaultMinFreeBytes(10 * GIB)],
      [GIB, Math.floor(GIB / 10)],
    )
    const { guard, free } = guarded(undefined, 10 * GIB)
    free['/data'] = GIB / 10
    await guard.look()
    assert.equal(guard.isLow, false)
    free['/data'] = GIB / 11
    await guard.look()
    assert.equal(guard.isLow, true)
  })

  it('is switched off by 0', async () => {
    const { guard, free } = guarded(0)
    free['/data'] = 0
    await guard.look()
    assert.equal(guard.isLow, false)
  })

  it('stays as it is when the disk gives no answer', async () => {
    const { guard, free } = guarded(GIB)
    free['/data'] = 0
    await guard.look()
    free['/data'] = new Error('unreachable')
    free['/objects'] = new Error('unreachable')
    await guard.look()
    assert.equal(guard.isLow, true)
  })

  it('refuses uploads, also in the middle of one, but neither reads nor deletes', async () => {
    const { guard, free } = guarded(GIB)
    const objects = new MemoryObjectStore()
    const uploads = guardUploads(objects, guard)
    const content = async function* (fillAfter: number) {
      for (let chunk = 0; chunk < 64; chunk += 1) {
        if (chunk === fillAfter) free['/data'] = 0
        yield Buffer.alloc(1024 * 1024)
      }
    }
    await guard.look()
    await uploads.put(REF, content(Number.POSITIVE_INFINITY))

    await assert.rejects(uploads.put({ ...REF, key: 'b' }, content(10)), low)
    assert.equal(await objects.find({ ...REF, key: 'b' }), undefined)
    await assert.rejects(uploads.put(REF, content(0)), low)
    assert.equal((await uploads.find(REF))?.size, 64 * 1024 * 1024)
    await uploads.delete(REF)
    assert.equal(await uploads.find(REF), undefined)
  })

  it('tells the jobs that wait, and only them', async () => {
    const store = openSqliteStore({ file: ':memory:' })
    const waiting = aJobRecord({ phase: 'Pending' })
    const running = aJobRecord({ phase: 'Running' })
    for (const record of [waiting, running]) await store.jobs.create(record, {})

    await tellWaitingJobs(store, true, 1)
    await tellWaitingJobs(store, false, 2)

    const events = async (id: string) =>
      (await store.events.list(id, { offset: 0, limit: 9, order: 'asc' })).events
    assert.deepEqual(
      (await events(waiting.id)).map(({ level, message }) => [level, message]),
      [
        ['Warning', 'Waiting: the disk of the server is nearly full.'],
        ['Info', 'The disk of the server has space again.'],
      ],
    )
    assert.deepEqual(await events(running.id), [])
    await store.close()
  })
})
