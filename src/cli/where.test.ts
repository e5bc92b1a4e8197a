import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { PHASES } from '../contract/phases.ts'
import { FILTER_KEYS, type FilterKey } from '../contract/search-keys.ts'
import { parseFilters } from '../domain/parse-filters.ts'
import { markPlace } from './filter-options.ts'
import { editDistance, nearest } from './nearest.ts'
import { displayWidth } from './text-width.ts'
import { parseWhere } from './where.ts'
import { WhereError } from './where-tokens.ts'

const NOW = Date.UTC(2030, 2, 1, 8)
const DAY = 86_400_000

const read = (text: string) => parseWhere(text, NOW)

/** The error of a wrong expression, with what it points at. */
const wrong = (text: string): { message: string; advice: string; place: string; at: number } => {
  try {
    read(text)
  } catch (error) {
    assert.ok(error instanceof WhereError, String(error))
    const { message, advice, at, end } = error
    assert.ok(at >= 0 && at <= end && end <= text.length)
    return { message, advice, at, place: text.slice(at, end) }
  }
  return assert.fail(`no error: ${text}`)
}

const iso = (timeMs: number): string => new Date(timeMs).toISOString()

describe('--where', () => {
  it('becomes filters of the contract', () => {
    assert.deepEqual(read('phase in (Failed, Abnormal) and name like resnet and create_time > 2d'), [
      { key: 'phase', operator: 'in', value: ['Failed', 'Abnormal'] },
      { key: 'name', operator: 'like', value: ['resnet'] },
      { key: 'create_time', operator: 'between', value: [iso(NOW - 2 * DAY + 1), ''] },
    ])
  })

  const one: [string, FilterKey, string, string[]][] = [
    ['name = a', 'name', 'in', ['a']],
    ['name == a', 'name', 'in', ['a']],
    ['NAME != a', 'name', 'not', ['a']],
    ['name<>a', 'name', 'not', ['a']],
    ['name NOT IN (a,b)', 'name', 'not', ['a', 'b']],
    ['name in a', 'name', 'in', ['a']],
    ['name like (a, b)', 'name', 'like', ['a', 'b']],
    ['name = "a and b"', 'name', 'in', ['a and b']],
    [`name = 'it\\'s "x"'`, 'name', 'in', [`it's "x"`]],
    ['name = "and"', 'name', 'in', ['and']],
    ['name = 训练', 'name', 'in', ['训练']],
    ['user = trainer', 'user_name', 'in', ['trainer']],
    ['status = running', 'phase', 'in', ['Running']],
    ['flavor-type = GPU', 'flavor_type', 'in', ['GPU']],
    ['description like "too slow"', 'description', 'like', ['too slow']],
    ['priority = 2', 'priority', 'in', ['2']],
    ['priority between 1 and 2', 'priority', 'between', ['1', '2']],
    ['priority > 1', 'priority', 'between', ['2', '']],
    ['priority >= 2', 'priority', 'between', ['2', '']],
    ['priority < 3', 'priority', 'between', ['', '2']],
    ['priority <= 2', 'priority', 'between', ['', '2']],
    ['create_time >= 3h', 'create_time', 'between', [iso(NOW - 3 * 3_600_000), '']],
    ['created < 30m', 'create_time', 'between', ['', iso(NOW - 30 * 60_000 - 1)]],
    ['create_time <= 2030-02-01', 'create_time', 'between', ['', '2030-02-01T00:00:00.000Z']],
    ['create_time <= 2030-02-01T10:00:00+02:00', 'create_time', 'between', ['', '2030-02-01T08:00:00.000Z']],
    [
      'create_time between 7d and "2030-02-28 12:30"',
      'create_time',
      'between',
      [iso(NOW - 7 * DAY), '2030-02-28T12:30:00.000Z'],
    ],
  ]
  for (const [text, key, operator, value] of one) {
    it(`reads ${text}`, () => assert.deepEqual(read(text), [{ key, operator, value }]))
  }

  const mistakes: [text: string, place: string, message: RegExp, advice: RegExp][] = [
    ['', '', /condition is missing/, /Keys are name, id/],
    ['phse = Failed', 'phse', /no key "phse"; did you mean phase\?/, /Keys are/],
    ['statsu = Failed', 'statsu', /did you mean status\?/, /Keys/],
    ['colour = red', 'colour', /no key "colour"\./, /Keys/],
    ['phase', '', /operator is missing/, /After phase comes in, =, not in, !=/],
    ['phase is Failed', 'is', /"is" is no operator/, /After phase/],
    ['phase like Fail', 'like', /phase has no like/, /It has in, =, not in, !=\./],
    ['create_time = 2d', '=', /create_time has no in/, /between, <, <=, >, >=/],
    ['name > a', '>', /name has no >/, /like, in, =/],
    ['phase = Faild', 'Faild', /"Faild" is no phase; did you mean Failed\?/, /one of Creating/],
    ['phase =', '', /value of phase is missing/, /one of Creating/],
    ['phase in ()', ')', /value of phase is missing/, /one of/],
    ['phase in (Failed', '', /bracket is not closed/, /joined by ","/],
    ['phase in (Failed Running)', 'Running', /bracket is not closed/, /joined/],
    ['phase in (Failed) name = a', 'name', /does not belong here/, /Join conditions by and/],
    ['phase = Failed or phase = Running', 'or', /joined by and alone/, /key in \(a, b\)/],
    ['phase = Failed and', '', /condition is missing/, /Keys/],
    ['and phase = Failed', 'and', /no key "and"/, /Keys/],
    ['name = and', 'and', /value of name is missing/, /"?and"? needs quotes/],
    ['name = "', '"', /quote is not closed/, /same|quote/],
    ["name = ''", "''", /value of name is empty/, /./],
    ['name ! a', '!', /means nothing/, /!=/],
    ['name not like a', 'like', /After not comes in/, /not in/],
    ['create_time > yesterday', 'yesterday', /"yesterday" is no time/, /like 2d \(ago\)/],
    ['create_time > 2030-02-30', '2030-02-30', /no time/, /./],
    ['create_time > 2x', '2x', /no time/, /./],
    ['create_time between 2d', '', /second bound is missing/, /between x and y/],
    ['create_time between 1d and 2d', '1d and 2d', /lower bound is above/, /./],
    ['priority = high', 'high', /no number/, /whole number/],
    ['priority < 0', '0', /Nothing can be there/, /./],
    ['id in (1,2,3,4,5,6,7,8,9,10,11)', '(1,2,3,4,5,6,7,8,9,10,11)', /More than 10/, /takes no more/],
  ]
  for (const [text, place, message, advice] of mistakes) {
    it(`says what is wrong with ${JSON.stringify(text)}`, () => {
      const error = wrong(text)
      assert.equal(error.place, place)
      assert.match(error.message, message)
      assert.match(error.advice, advice)
      if (place === '') assert.equal(error.at, text.length)
    })
  }
})

/** A condition as text, in one of its spellings, and the filter it means. */
const CONDITION = fc
  .constantFrom(
    ...(Object.keys(FILTER_KEYS) as FilterKey[]).filter(
      (key) => !['phase', 'secondary_phase', 'kind'].includes(key),
    ),
  )
  .chain((key) => fc.tuple(fc.constant(key), fc.constantFrom(...FILTER_KEYS[key])))
  .chain(([key, operator]) => {
    const words = { in: 'in', like: 'like', not: 'not in', between: 'between' } as const
    const spacing = fc.constantFrom(' ', '  ', '\t', '\n ')
    const spelling = fc.record({ space: spacing, isUpper: fc.boolean(), isDouble: fc.boolean() })
    const filled = fc
      .string({ minLength: 1, maxLength: 12, unit: 'binary' })
      .filter((text) => text.trim() !== '')
    const number = fc.nat({ max: 9 })
    const value = key === 'priority' ? number.map(String) : filled
    const values =
      operator === 'between'
        ? fc.tuple(number, number).map(([a, b]) => [Math.min(a, b), Math.max(a, b)])
        : fc.array(value, { minLength: 1, maxLength: 10 })
    return fc.tuple(values, spelling).map(([given, { space, isUpper, isDouble }]) => {
      const word = isUpper ? words[operator].toUpperCase() : words[operator]
      const mark = isDouble ? '"' : "'"
      const quoted = (text: string) => `${mark}${text.replace(/[\\'"]/g, (one) => `\\${one}`)}${mark}`
      const bound = (at: unknown) =>
        key === 'priority' ? String(at) : `2030-01-0${Number(at) === 0 ? 1 : at}`
      const wire = (at: unknown) => (key === 'priority' ? String(at) : `${bound(at)}T00:00:00.000Z`)
      const text =
        operator === 'between'
          ? `${bound(given[0])}${space}and${space}${bound(given[1])}`
          : `(${given.map((one) => quoted(String(one))).join(`${space},`)})`
      return {
        text: `${space}${isUpper ? key.toUpperCase() : key}${space}${word}${space}${text}${space}`,
        filter: { key, operator, value: operator === 'between' ? given.map(wire) : given.map(String) },
      }
    })
  })

describe('--where, whatever is written', () => {
  it('gives the filters that were meant, in any spelling', () =>
    fc.assert(
      fc.property(fc.array(CONDITION, { minLength: 1, maxLength: 5 }), (conditions) => {
        assert.deepEqual(
          read(conditions.map(({ text }) => text).join('and')),
          conditions.map(({ filter }) => filter),
        )
      }),
    ))

  it('gives filters that the server takes, or an error with a place', () => {
    const pieces = fc.constantFrom(
      ...Object.keys(FILTER_KEYS),
      ...PHASES,
      ...[
        'and',
        'or',
        'not',
        'in',
        'like',
        'between',
        '=',
        '!=',
        '<',
        '<=',
        '>',
        '>=',
        '(',
        ')',
        ',',
        '"',
        "'",
      ],
      ...[
        '2d',
        '999999w',
        '2030-01-01',
        '9999-12-31T23:59:59.999Z',
        '0001-01-01',
        '0',
        '3',
        '999999999999999',
      ],
      ...['Faild', 'x y', '\\', '\u001b[2J'],
    )
    const parts = fc.array(pieces, { maxLength: 8 }).map((words) => words.join(' '))
    let good = 0
    fc.assert(
      fc.property(
        fc.oneof(
          parts,
          fc.string({ maxLength: 30 }),
          CONDITION.map(({ text }) => text),
        ),
        (text) => {
          try {
            parseFilters(read(text))
            good += 1
          } catch (error) {
            assert.ok(error instanceof WhereError, `${text}: ${error}`)
            const lines = markPlace(text, error, 60)
            assert.equal(lines.length, 2)
            for (const line of lines) assert.ok(displayWidth(line) <= 60, line)
            assert.doesNotMatch(lines.join(''), /[\u0000-\u001f\u007f-\u009f]/)
          }
        },
      ),
      { numRuns: 2_000 },
    )
    assert.ok(good > 100, `only ${good} were right`)
  })

  for (const [text, bound] of [
    ['create_time > 999999w', '1970-01-01T00:00:00.001Z'],
    ['create_time > 9999-12-31', '9999-12-31T00:00:00.001Z'],
  ] as const) {
    it(`keeps times writable: ${text}`, () => {
      assert.deepEqual(read(text)[0]?.value, [bound, ''])
      assert.equal(parseFilters(read(text)).length, 1)
    })
  }
})

describe('the mark under a mistake', () => {
  const marked = (text: string, columns = 80) => {
    const error = wrong(text)
    const place = text.indexOf(error.place)
    return markPlace(text, { at: place, end: place + error.place.length }, columns)
  }

  it('stands under it', () => {
    assert.deepEqual(marked('phse = Failed'), ['  phse = Failed', '  ^^^^'])
    assert.deepEqual(marked("name = '训练' and x = 1"), ["  name = '训练' and x = 1", `  ${' '.repeat(18)}^`])
  })

  it('stays on a narrow screen', () => {
    const [line = '', mark = ''] = marked(`name in (${'a, '.repeat(9)}b) and phse = Failed and name = x`, 40)
    assert.ok(line.length <= 40 && mark.length <= 40)
    assert.equal(line.slice(mark.indexOf('^'), mark.lastIndexOf('^') + 1), 'phse')
  })
})

describe('the nearest word', () => {
  it('is one that a hand slips from', () => {
    assert.equal(nearest('phsae', ['phase', 'name']), 'phase')
    assert.equal(nearest('USER', ['user_name', 'name']), 'user_name')
    assert.equal(nearest('zebra', ['phase', 'name']), undefined)
    assert.equal(nearest('', ['phase']), undefined)
  })

  it('counts edits both ways alike', () =>
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
        assert.equal(editDistance(a, b), editDistance(b, a))
        assert.equal(editDistance(a, b) === 0, a === b)
        assert.ok(editDistance(a, b) <= Math.max(a.length, b.length))
      }),
    ))
})
