import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { prettyLine } from './pretty-log.ts'

const line = (entry: object): string =>
  prettyLine(
    `${JSON.stringify({ level: 30, time: Date.UTC(2030, 2, 1, 10, 2, 8, 207), pid: 1, hostname: 'h', ...entry })}\n`,
    false,
  )

describe('a log line for people', () => {
  it('shows time, level, message and details', () => {
    assert.equal(
      line({ msg: 'answered', status: 200, path: '/v2/p', user: 'a b' }),
      '10:02:08.207 info  answered status=200 path=/v2/p user="a b"\n',
    )
    assert.match(line({ level: 50, msg: 'x' }), /^10:02:08\.207 error x\n$/)
  })

  it('shows the stack of an error below', () => {
    assert.equal(
      line({ msg: 'failed', err: { stack: 'Error: no\n    at f' } }),
      '10:02:08.207 info  failed\n    Error: no\n    at f\n',
    )
  })

  it('cannot move the cursor', () => {
    const text = line({ msg: '\u001b[2Ja', path: '/\u0085\u001b', err: { stack: 'e\r\u001bx' } })

    assert.doesNotMatch(text.replaceAll('\n', ''), /[\u0000-\u001f\u007f-\u009f]/)
  })

  it('leaves alone what is no log line', () => {
    assert.equal(prettyLine('plain\n', false), 'plain\n')
    assert.equal(prettyLine('null\n', false), 'null\n')
    assert.match(prettyLine('{"msg":"x"}\n', false), /x/)
  })

  it('has colours when asked', () => {
    assert.match(prettyLine('{"level":40,"time":1,"msg":"x"}\n', true), /\u001b\[33mwarn/)
  })
})
