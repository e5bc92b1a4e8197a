import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { besideLabel, cutToWidth, displayWidth, padToWidth, wrapLine } from './text-width.ts'

const TEXT = fc.string({ unit: fc.constantFrom('a', 'bc', ' ', '训', '练', 'é', '🚂', ','), maxLength: 60 })
const WIDTH = fc.integer({ min: 8, max: 40 })

const wordsOf = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '')
const longestWord = (text: string): number => Math.max(0, ...wordsOf(text).map(displayWidth))

describe('text on a screen', () => {
  it('is cut and filled to a width exactly', () =>
    fc.assert(
      fc.property(TEXT, WIDTH, (text, width) => {
        assert.ok(displayWidth(cutToWidth(text, width)) <= width)
        assert.equal(displayWidth(padToWidth(cutToWidth(text, width), width)), width)
      }),
    ))

  it('breaks between words and loses none', () =>
    fc.assert(
      fc.property(TEXT, WIDTH, (text, width) => {
        const broken = wrapLine(text, width)
        assert.deepEqual(wordsOf(broken), wordsOf(text))
        const indent = /^ */.exec(text)?.[0].length ?? 0
        for (const line of broken.split('\n')) {
          assert.ok(displayWidth(line) <= Math.max(width, longestWord(text) + indent + 2), line)
        }
      }),
    ))

  it('goes on beside its label, or below it on a narrow screen', () =>
    fc.assert(
      fc.property(TEXT, WIDTH, fc.integer({ min: 6, max: 20 }), (text, columns, label) => {
        const broken = besideLabel(text, label, columns)
        assert.deepEqual(wordsOf(broken), wordsOf(text))
        for (const [index, line] of broken.split('\n').entries()) {
          const width = displayWidth(line.trimEnd()) + (index === 0 ? label : 0)
          assert.ok(width <= Math.max(columns, longestWord(text) + (index === 0 ? label : 4)), line)
        }
      }),
    ))

  it('stays one line where there is no screen', () => {
    assert.equal(besideLabel('a b c', 90, undefined), 'a b c')
    assert.equal(besideLabel('one two three', 10, 20), 'one two\n    three')
    assert.equal(besideLabel('one two three', 62, 70), `one two\n${' '.repeat(62)}three`)
  })
})
