import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aJobRecord } from '../../../test/support/job-builder.ts'
import { openSqliteStore } from './open-store.ts'

describe('SqliteJobStore', () => {
  it('reads an active job anew only when it has changed', async () => {
    const store = openSqliteStore({ file: ':memory:' })
    const [same, changing] = [aJobRecord(), aJobRecord()]
    for (const record of [same, changing]) await store.jobs.create(record, {})

    const before = await store.jobs.listActive()
    const deletedAt = changing.job.metadata.create_time
    assert.ok(await store.jobs.change({ ...changing, deletedAt }, {}))
    const after = await store.jobs.listActive()
    await store.jobs.purge(changing.id)

    const find = (list: typeof before, { id }: { id: string }) => list.find((record) => record.id === id)
    assert.equal(find(after, same), find(before, same), 'the same object')
    assert.deepEqual(find(after, changing), { ...changing, deletedAt, version: 2 })
    assert.deepEqual(await store.jobs.listActive(), [same])
    await store.close()
  })
})
