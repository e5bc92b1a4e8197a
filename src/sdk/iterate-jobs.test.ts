import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { aWireJob } from '../../test/support/wire-server.ts'
import type { SearchRequest } from '../contract/search.ts'
import { iterateJobs, iteratePages } from './iterate-jobs.ts'
import type { Sender } from './sender.ts'

/** Answers searches over a list that `change` may alter between two pages. */
const listing = (jobs: string[], pageSizes: readonly number[], change: (page: number) => void = () => {}) => {
  const asked: SearchRequest[] = []
  const send = (_operation: unknown, { body }: { body: SearchRequest }) => {
    change(asked.length)
    const { offset = 0, limit = 10 } = body
    // A server may give fewer than asked for; never none while there are more.
    const size = Math.min(limit, pageSizes[asked.length % pageSizes.length] ?? limit)
    asked.push(body)
    const items = jobs.slice(offset, offset + size).map((id) => aWireJob({ id }))
    return Promise.resolve({ count: jobs.length, total: jobs.length, items })
  }
  return { sender: { send, open: send } as unknown as Sender, asked }
}

const collect = async (sender: Sender, query: SearchRequest = {}): Promise<string[]> => {
  const ids: string[] = []
  for await (const { metadata } of iterateJobs(sender, query)) ids.push(metadata.id)
  return ids
}

const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `id-${index}`)

describe('iterating over jobs', () => {
  it('gives every job once, whatever the sizes of the pages', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(130),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 50 }),
        async (count, sizes, limit) => {
          assert.deepEqual(await collect(listing(ids(count), sizes).sender, { limit }), ids(count))
        },
      ),
    )
  })

  it('gives no job twice when new ones push the others onto later pages', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(100), fc.array(fc.nat(5), { minLength: 1 }), async (count, arrivals) => {
        const jobs = ids(count)
        const { sender } = listing(jobs, [10], (page) => {
          const arrived = page === 0 ? 0 : (arrivals[page] ?? 0)
          jobs.unshift(...Array.from({ length: arrived }, (_, index) => `new-${page}-${index}`))
        })

        const given = await collect(sender)

        assert.equal(new Set(given).size, given.length)
        assert.deepEqual(
          given.filter((id) => id.startsWith('id-')),
          ids(count),
        )
      }),
    )
  })

  it('keeps the conditions and begins where it is told', async () => {
    const { sender, asked } = listing(ids(12), [5])
    const filters = [{ key: 'phase', value: ['Failed'] }]

    assert.deepEqual(await collect(sender, { offset: 3, limit: 5, filters }), ids(12).slice(3))

    assert.deepEqual(
      asked.map(({ offset }) => offset),
      [3, 8],
    )
    assert.ok(asked.every((body) => body.filters === filters))
  })

  it('asks once when nothing matches', async () => {
    const { sender, asked } = listing([], [10])

    for await (const { page } of iteratePages(sender)) assert.equal(page.count, 0)

    assert.equal(asked.length, 1)
  })
})
