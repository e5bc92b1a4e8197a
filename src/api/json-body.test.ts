import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { CreateTrainingJobRequest } from '../contract/create-training-job.ts'
import { isTrainyardError } from '../contract/trainyard-error.ts'
import { parseJsonObject } from './json-body.ts'
import { compileBody } from './validation.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('JSON bodies', () => {
  it('are read as JSON.parse reads them', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })), (value) => {
        const text = JSON.stringify(value)

        assert.deepEqual(parseJsonObject(bytes(text)), JSON.parse(text))
      }),
    )
  })

  it('do not count brackets inside strings as depth', () => {
    const text = JSON.stringify({ a: '[{'.repeat(500), 'b\\"[[': '\\"['.repeat(99) })

    assert.deepEqual(parseJsonObject(bytes(text)), JSON.parse(text))
  })

  it('may begin with a byte order mark', () => {
    assert.deepEqual(parseJsonObject(bytes('\uFEFF{}')), {})
  })
})

describe('the check of a body', () => {
  const check = compileBody(CreateTrainingJobRequest)

  it('returns or refuses with a short message, whatever it is given', () => {
    const key = fc.oneof(
      fc.constantFrom(
        'metadata',
        'name',
        'algorithm',
        'parameters',
        'value',
        'spec',
        'resource',
        '__proto__',
        'environments',
        'constructor',
        'toString',
      ),
      fc.string({ maxLength: 2_000 }),
    )
    const { body } = fc.letrec((tie) => ({
      body: fc
        .array(fc.tuple(key, tie('value')), { maxLength: 5 })
        .map((entries) => Object.fromEntries(entries)),
      value: fc.oneof(
        { maxDepth: 5 },
        fc.jsonValue({ maxDepth: 1 }),
        fc.array(tie('value'), { maxLength: 3 }),
        tie('body'),
      ),
    }))
    fc.assert(
      fc.property(body, (given) => {
        try {
          check(JSON.parse(JSON.stringify(given)))
        } catch (error) {
          assert.ok(isTrainyardError(error), String(error))
          assert.equal(error.status, 400)
          assert.ok(error.message.length < 500, error.message)
        }
      }),
    )
  })
})
