import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseTime } from './parse-time.ts'

describe('parseTime', () => {
  it('reads epoch milliseconds', () => {
    assert.equal(parseTime('0'), 0)
    assert.equal(parseTime('1898640000000'), 1_898_640_000_000)
  })

  it('reads RFC 3339, whatever the offset and case', () => {
    const expected = Date.UTC(2030, 2, 1, 8, 0, 0)

    for (const text of [
      '2030-03-01T08:00:00Z',
      '2030-03-01t08:00:00z',
      '2030-03-01T08:00:00.000Z',
      '2030-03-01T16:00:00+08:00',
      '2030-02-28T22:30:00-09:30',
    ]) {
      assert.equal(parseTime(text), expected, text)
    }
  })

  it('keeps fractions, finer than a millisecond too', () => {
    assert.equal(parseTime('1970-01-01T00:00:01.5Z'), 1_500)
    assert.equal(parseTime('1970-01-01T00:00:00.0625Z'), 62.5)
  })

  it('takes a leap second for the next second', () => {
    assert.equal(parseTime('2016-12-31T23:59:60Z'), Date.UTC(2017, 0, 1))
  })

  it('reads every date a Date writes', () => {
    fc.assert(
      fc.property(
        fc.date({
          min: new Date('0000-01-01T00:00:00Z'),
          max: new Date('9999-12-31T23:59:59Z'),
          noInvalidDate: true,
        }),
        (date) => {
          assert.equal(parseTime(date.toISOString()), date.getTime())
        },
      ),
    )
  })

  it('refuses what is no time', () => {
    for (const text of [
      '',
      'yesterday',
      '-5',
      '1.5',
      '1234567890123456',
      '2030-03-01',
      '2030-03-01T08:00:00',
      '2030-03-01 08:00:00Z',
      '2030-02-30T00:00:00Z',
      '2030-13-01T00:00:00Z',
      '2030-00-01T00:00:00Z',
      '2030-03-01T24:00:00Z',
      '2030-03-01T08:60:00Z',
      '2030-03-01T08:00:61Z',
      '2030-03-01T08:00:00+24:00',
      '2030-03-01T08:00:00.Z',
      ' 2030-03-01T08:00:00Z',
    ]) {
      assert.equal(parseTime(text), undefined, text)
    }
  })
})
