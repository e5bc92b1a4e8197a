import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseCards } from './gpu-usage.ts'

describe('use of GPUs', () => {
  it('is read card by card; a card that does not tell is left out', () => {
    const cards = parseCards('0, 35, 4096, 16384\n1, [N/A], 10, 16384\n2, 0, 0, 16384\n\n')
    assert.deepEqual(
      [...cards],
      [
        [0, { busy: 35, memory: 25 }],
        [2, { busy: 0, memory: 0 }],
      ],
    )
  })
})
