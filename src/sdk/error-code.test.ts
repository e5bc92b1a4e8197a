import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type ErrorCode, hasCode, TrainyardError } from './index.ts'

it('knows an error by its code, from whichever copy of the package', () => {
  const gone: unknown = new TrainyardError('ModelArts.2775', 'Gone.')
  const ofAnotherCopy = Object.assign(new Error('Gone.'), { name: 'TrainyardError', code: 'ModelArts.2775' })

  assert.ok(hasCode(gone, 'ModelArts.2775'))
  assert.ok(hasCode(gone, 'connection_failed', 'ModelArts.2775'))
  assert.ok(hasCode(ofAnotherCopy, 'ModelArts.2775'))
  assert.ok(!hasCode(gone, 'ModelArts.2751', 'request_timeout'))
  assert.ok(!hasCode(Object.assign(new Error('x'), { code: 'ModelArts.2775' }), 'ModelArts.2775'))
  assert.ok(!hasCode(undefined, 'ModelArts.2775'))
})

it('is checked by the compiler', () => {
  const error: unknown = new TrainyardError('request_timeout', 'Late.')
  if (!hasCode(error, 'request_timeout', 'request_aborted')) throw error
  const code: 'request_timeout' | 'request_aborted' = error.code
  // @ts-expect-error There is no such code.
  const unknown: ErrorCode = 'ModelArts.1'

  assert.equal(code, 'request_timeout')
  assert.ok(unknown)
})
