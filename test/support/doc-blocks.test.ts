import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { matchesExpected, parseBlocks } from './doc-blocks.ts'

const PAGE = [
  '# Title',
  '```sh',
  'echo one',
  '```',
  '',
  '```text',
  'one',
  '```',
  'Words',
  '```sh no-test exit=2',
  'rm x',
  '```',
  'more words',
  '```text',
  'not of the block above',
  '```',
  '````ts',
  '```',
  '````',
  '',
].join('\n')

describe('the blocks of a page', () => {
  it('are found with their marks, lines and what they print', () => {
    assert.deepEqual(parseBlocks(PAGE), [
      { language: 'sh', marks: [], text: 'echo one\n', line: 2, expected: 'one\n' },
      { language: 'text', marks: [], text: 'one\n', line: 6 },
      { language: 'sh', marks: ['no-test', 'exit=2'], text: 'rm x\n', line: 10 },
      { language: 'text', marks: [], text: 'not of the block above\n', line: 14 },
      { language: 'ts', marks: [], text: '```\n', line: 17 },
    ])
  })

  it('must be closed', () => {
    assert.throws(() => parseBlocks('```sh\necho\n'), /line 1/)
  })
})

describe('output against what a page says', () => {
  it('may differ in spaces and where the page leaves it open', () => {
    assert.ok(matchesExpected('NAME   PHASE\nfirst  Completed  3.1 s\n', 'NAME PHASE\nfirst Completed …\n'))
    assert.ok(matchesExpected('a\nb\nc\nd\n', 'a\n…\nd\n'))
    assert.ok(matchesExpected('a\nd\n', 'a\n…\nd\n'))
    assert.ok(matchesExpected('x (1)\n', 'x (1)\n'))
  })

  it('differs when a line is other, missing or too much', () => {
    assert.ok(!matchesExpected('first Failed\n', 'first Completed\n'))
    assert.ok(!matchesExpected('a\n', 'a\nb\n'))
    assert.ok(!matchesExpected('a\nb\n', 'a\n'))
    assert.ok(!matchesExpected('ab\n', 'a.\n'))
    assert.ok(!matchesExpected('first Failed\nCompleted\n', 'first …Completed\n'))
  })
})
