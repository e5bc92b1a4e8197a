import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CALLS } from './calls.ts'
import { OPERATIONS, type Operation } from './operations.ts'

describe('the table of calls', () => {
  const operations = Object.entries<Operation>(OPERATIONS)

  it('has the same calls with schemas and without', () => {
    assert.deepEqual(Object.keys(CALLS).sort(), operations.map(([name]) => name).sort())
  })

  it('names the type that the schema of the answer has', () => {
    const types = operations.map(([name, { answer }]) => [
      name,
      (answer as { type?: string } | undefined)?.type,
    ])

    assert.deepEqual(
      operations.map(([name, { answers }]) => [name, answers]),
      types,
    )
  })

  it('has a JSON body with POST and PUT, and with nothing else', () => {
    for (const [name, { method, body, rawBody }] of operations) {
      const takesJson = (method === 'POST' || method === 'PUT') && rawBody !== true
      assert.equal(body !== undefined, takesJson, name)
    }
  })
})
