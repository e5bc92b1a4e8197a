import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Filter, GROUP_KEYS, type SearchRequest, SORT_KEYS } from '../contract/search.ts'
import { isTrainyardError } from '../contract/trainyard-error.ts'
import type { Condition } from './job-query.ts'
import { parseSearch } from './parse-search.ts'

const NOW = Date.UTC(2030, 2, 31)
const DAY_MS = 86_400_000
const CALLER = { visible: { projectId: 'project-1', workspaceId: '0', ownerId: 'user-1' } }

const parse = (request: SearchRequest) => parseSearch(request, CALLER, NOW)
const conditionsOf = (...filters: Filter[]): readonly Condition[] => parse({ filters }).query.conditions

/** Asserts the code, and that the message names every one of the words. */
const refuses = (request: SearchRequest, code: string, ...words: string[]): void => {
  assert.throws(
    () => parse(request),
    (error) => {
      assert.ok(isTrainyardError(error))
      assert.equal(error.code, `ModelArts.${code}`, error.message)
      for (const word of words) assert.ok(error.message.includes(word), `"${error.message}" names ${word}`)
      return true
    },
  )
}

describe('parseSearch: settings', () => {
  it('fills in defaults', () => {
    assert.deepEqual(parse({}), {
      query: {
        visible: CALLER.visible,
        conditions: [],
        tags: [],
        hostIps: [],
        nothing: false,
        sortBy: 'create_time',
        order: 'desc',
        groupBy: '',
        offset: 0,
        limit: 10,
        now: NOW,
      },
      echo: {
        limit: 10,
        offset: 0,
        sort_by: 'create_time',
        order: 'desc',
        group_by: '',
        workspace_id: '0',
      },
    })
  })

  it('echoes what is in effect', () => {
    const { query, echo } = parse({
      offset: 7,
      limit: 50,
      sort_by: 'name',
      order: 'asc',
      group_by: 'phase',
      train_type: 'job',
      unified_jobs: true,
    })

    assert.deepEqual(echo, {
      limit: 50,
      offset: 7,
      sort_by: 'name',
      order: 'asc',
      group_by: 'phase',
      workspace_id: '0',
      train_type: 'job',
    })
    assert.deepEqual(
      [query.offset, query.limit, query.sortBy, query.order, query.groupBy],
      [7, 50, 'name', 'asc', 'phase'],
    )
    assert.equal(query.nothing, false)
  })

  it('takes empty settings for settings not sent', () => {
    assert.deepEqual(parse({ sort_by: '', order: '', group_by: '', train_type: '' }), parse({}))
  })

  it('knows every sort and group key, and no other', () => {
    for (const key of SORT_KEYS) assert.equal(parse({ sort_by: key }).query.sortBy, key)
    for (const key of GROUP_KEYS) assert.equal(parse({ group_by: key }).query.groupBy, key)

    refuses({ sort_by: 'owner' }, '2790', 'sort_by', 'owner')
    refuses({ sort_by: 'Name' }, '2790')
    refuses({ group_by: 'name' }, '2788', 'group_by')
    refuses({ group_by: 'Phase' }, '2788')
  })

  it('takes the order in exact case only', () => {
    refuses({ order: 'ASC' }, '2788', 'order', 'ASC')
    refuses({ order: 'up' }, '2788')
  })

  it('finds nothing for fine-tuning jobs', () => {
    assert.equal(parse({ train_type: 'ftjob' }).query.nothing, true)
    assert.equal(parse({ train_type: 'ftjob', unified_jobs: true }).query.nothing, true)
    assert.equal(parse({ train_type: 'ftjob' }).echo.train_type, 'ftjob')
    assert.equal(parse({ train_type: 'job' }).query.nothing, false)
  })
})

describe('parseSearch: blanks', () => {
  it('skips filters that say nothing', () => {
    assert.deepEqual(
      conditionsOf(
        {},
        { key: '', operator: 'like', value: [''] },
        { key: 'name', operator: 'like', value: [''] },
        { key: 'name', operator: 'in', value: [] },
        { key: 'phase', operator: 'not', value: ['', ' '] },
        { key: 'phase' },
        { key: 'create_time' },
        { key: 'create_time', operator: 'between', value: ['', ''] },
        { key: 'create_time', operator: 'between', value: [] },
        { key: 'priority', operator: 'between', value: [''] },
      ),
      [],
    )
  })

  it('drops blanks beside real values, and repeated values', () => {
    assert.deepEqual(conditionsOf({ key: 'phase', operator: 'in', value: ['', 'Running', 'Running'] }), [
      { key: 'phase', operator: 'in', values: ['Running'] },
    ])
  })

  it('checks the key and the operator of blank filters all the same', () => {
    refuses({ filters: [{ key: 'status', operator: 'in', value: [''] }] }, '2807')
    refuses({ filters: [{ key: 'name', operator: 'eq', value: [''] }] }, '2808')
  })
})

describe('parseSearch: filters', () => {
  it('takes `in` when no operator is sent', () => {
    const expected = [{ key: 'name', operator: 'in', values: ['a'] }]

    assert.deepEqual(conditionsOf({ key: 'name', value: ['a'] }), expected)
    assert.deepEqual(conditionsOf({ key: 'name', operator: '', value: ['a'] }), expected)
  })

  it('keeps the order of filters, and the same key twice', () => {
    assert.deepEqual(
      conditionsOf(
        { key: 'name', operator: 'like', value: ['a', 'B%'] },
        { key: 'name', operator: 'not', value: ['abc'] },
      ),
      [
        { key: 'name', operator: 'like', values: ['a', 'B%'] },
        { key: 'name', operator: 'not', values: ['abc'] },
      ],
    )
  })

  it('names the place of an unknown key', () => {
    refuses({ filters: [{}, {}, { key: 'status', value: ['Running'] }] }, '2807', 'filters[2]', 'status')
    refuses({ filters: [{ key: '', value: ['a'] }] }, '2807', 'filters[0]')
    refuses({ filters: [{ value: ['a'] }] }, '2807', 'filters[0]')
    refuses({ filters: [{ key: 'Name', value: ['a'] }] }, '2807')
    refuses({ filters: [{ key: 'toString', value: ['a'] }] }, '2807')
  })

  it('refuses operators that are unknown or do not fit the key', () => {
    for (const [key, operator] of [
      ['name', 'eq'],
      ['name', 'LIKE'],
      ['name', 'between'],
      ['phase', 'like'],
      ['id', 'like'],
      ['priority', 'like'],
      ['create_time', 'in'],
      ['create_time', 'not'],
      ['create_time', ''],
      ['description', 'in'],
      ['description', ''],
    ] as const) {
      const filters = [{ key: 'kind' }, { key, operator, value: ['1', '2'] }]
      refuses({ filters }, '2808', 'filters[1]', key)
    }
  })

  it('refuses words outside the closed lists, in exact case', () => {
    for (const [key, value] of [
      ['phase', 'running'],
      ['phase', 'Done'],
      ['kind', 'Job'],
      ['secondary_phase', 'Pending'],
    ] as const) {
      refuses({ filters: [{ key, value: [value] }] }, '2809', 'filters[0]', key, value)
    }

    assert.equal(conditionsOf({ key: 'kind', value: ['visualization_job'] }).length, 1)
    assert.equal(conditionsOf({ key: 'secondary_phase', value: ['Unknown'] }).length, 1)
  })

  it('refuses more than ten values, blank or not', () => {
    refuses({ filters: [{ key: 'name', value: Array(11).fill('a') }] }, '2809', 'filters[0]', 'name')
    refuses({ filters: [{ key: 'name', value: Array(11).fill('') }] }, '2809')
    assert.equal(conditionsOf({ key: 'name', value: Array(10).fill('a') }).length, 1)
  })

  it('reads priorities as numbers', () => {
    assert.deepEqual(conditionsOf({ key: 'priority', value: ['01', '1', '3'] }), [
      { key: 'priority', operator: 'in', values: ['1', '3'] },
    ])
    assert.deepEqual(conditionsOf({ key: 'priority', operator: 'between', value: ['2', ''] }), [
      { key: 'priority', operator: 'between', lower: 2, upper: undefined },
    ])
    refuses({ filters: [{ key: 'priority', value: ['high'] }] }, '2809', 'priority', 'high')
    refuses({ filters: [{ key: 'priority', value: ['1.5'] }] }, '2809')
    refuses({ filters: [{ key: 'priority', operator: 'between', value: ['1', 'x'] }] }, '2809')
    refuses({ filters: [{ key: 'priority', operator: 'between', value: ['3', '1'] }] }, '2809')
  })

  it('reads times of both forms', () => {
    assert.deepEqual(
      conditionsOf(
        { key: 'create_time', operator: 'between', value: ['2030-03-01T00:00:00Z', ''] },
        { key: 'create_time', operator: 'between', value: ['', '1898640000000'] },
      ),
      [
        { key: 'create_time', operator: 'between', lower: Date.UTC(2030, 2, 1), upper: undefined },
        { key: 'create_time', operator: 'between', lower: undefined, upper: 1_898_640_000_000 },
      ],
    )
  })

  it('refuses ranges without two readable ends in order', () => {
    for (const value of [
      ['1'],
      ['1', '2', '3'],
      ['1', '2', ''],
      ['2', '1'],
      ['2030-03-01', '2030-03-02'],
      ['now', ''],
    ]) {
      const filters = [{ key: 'create_time', operator: 'between', value }]
      refuses({ filters }, '2809', 'filters[0]', 'create_time')
    }

    assert.equal(conditionsOf({ key: 'create_time', operator: 'between', value: ['5', '5'] }).length, 1)
  })

  it('cuts long texts in messages', () => {
    assert.throws(
      () => parse({ filters: [{ key: 'k'.repeat(10_000), value: ['a'] }] }),
      (error) => isTrainyardError(error) && error.message.length < 200,
    )
  })
})

describe('parseSearch: tags and hosts', () => {
  const lastMonth: Condition = {
    operator: 'between',
    key: 'create_time',
    lower: NOW - 31 * DAY_MS,
    upper: undefined,
  }
  const created = (lower: number | '', upper: number | ''): Filter => ({
    key: 'create_time',
    operator: 'between',
    value: [String(lower), String(upper)],
  })

  it('reads tags, without blank and repeated values', () => {
    const { query } = parse({
      tags: [{ key: 'team', values: ['a', '', 'b/c', 'a'] }, { key: 'any' }, { key: 'blank', values: [' '] }],
    })

    assert.deepEqual(query.tags, [
      { key: 'team', values: ['a', 'b/c'] },
      { key: 'any', values: [] },
      { key: 'blank', values: [] },
    ])
  })

  it('refuses repeated keys and wrong values', () => {
    refuses({ tags: [{ key: 'a' }, { key: 'b' }, { key: 'a' }] }, '2788', 'tags[2]', 'a')
    refuses({ tags: [{ key: 'a', values: ['x*'] }] }, '2788', 'tags[0]')
  })

  it('reads hosts in one spelling', () => {
    const { query } = parse({ host_ips: ['10.0.0.7', '', '0:0:0:0:0:0:0:1', '::1', '10.0.0.7'] })

    assert.deepEqual(query.hostIps, ['10.0.0.7', '::1'])
  })

  it('refuses hosts that are no addresses', () => {
    refuses({ host_ips: ['10.0.0.7', 'node-1'] }, '2809', 'host_ips[1]', 'node-1')
  })

  it('looks at the last 31 days by default', () => {
    assert.deepEqual(parse({ tags: [{ key: 'a' }] }).query.conditions, [lastMonth])
    assert.deepEqual(parse({ host_ips: ['::1'] }).query.conditions, [lastMonth])
    assert.deepEqual(parse({ host_ips: [''], tags: [] }).query.conditions, [])
    assert.deepEqual(
      parse({ tags: [{ key: 'a' }], filters: [{ key: 'create_time', operator: 'between', value: ['', ''] }] })
        .query.conditions,
      [lastMonth],
    )
  })

  it('allows spans up to 31 days', () => {
    const tags = [{ key: 'a' }]

    for (const filters of [
      [created(0, 31 * DAY_MS)],
      [created(NOW - 31 * DAY_MS, '')],
      [created(NOW + DAY_MS, '')],
      [created(5 * DAY_MS, ''), created('', 6 * DAY_MS)],
    ]) {
      assert.equal(parse({ tags, filters }).query.conditions.length, filters.length)
    }
  })

  it('refuses longer spans, and open ones that reach back without end', () => {
    for (const filters of [
      [created(0, 31 * DAY_MS + 1)],
      [created(NOW - 31 * DAY_MS - 1, '')],
      [created('', NOW)],
    ]) {
      refuses({ tags: [{ key: 'a' }], filters }, '2809', 'create_time')
      refuses({ host_ips: ['10.0.0.1'], filters }, '2809', 'create_time')
      assert.equal(parse({ filters }).query.conditions.length, 1)
    }
  })
})
