import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseRange } from './byte-range.ts'

describe('parseRange', () => {
  it('stays inside the content whatever is asked', () => {
    const part = fc.oneof(fc.constant(''), fc.nat().map(String), fc.nat(20).map(String))
    fc.assert(
      fc.property(part, part, fc.nat(20), (first, last, sizeBytes) => {
        const range = parseRange(`bytes=${first}-${last}`, sizeBytes)

        if (range === undefined || range === 'unsatisfiable') return
        assert.ok(0 <= range.start && range.start <= range.end && range.end < sizeBytes)
        if (first !== '') assert.equal(range.start, Number(first))
        if (first !== '' && last !== '') assert.ok(range.end <= Number(last))
        if (first === '') assert.equal(range.end, sizeBytes - 1)
      }),
    )
  })

  it('tells what cannot be satisfied from what is no range', () => {
    assert.equal(parseRange('bytes=5-', 5), 'unsatisfiable')
    assert.equal(parseRange('bytes=-0', 5), 'unsatisfiable')
    assert.equal(parseRange('bytes=0-', 0), 'unsatisfiable')
    for (const header of [
      undefined,
      '',
      'bytes=',
      'bytes=-',
      'bytes=3-1',
      'lines=0-1',
      'bytes=0-1,2-3',
      'bytes=a-b',
      'bytes= 0 - 1',
    ]) {
      assert.equal(parseRange(header, 5), undefined, header)
    }
  })
})
