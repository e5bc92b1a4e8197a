import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { JOB_KINDS, PHASES, SECONDARY_PHASES } from '../../src/contract/phases.ts'
import {
  FILTER_KEYS,
  type Filter,
  type FilterKey,
  GROUP_KEYS,
  type SearchRequest,
  SORT_KEYS,
  SORT_ORDERS,
} from '../../src/contract/search.ts'
import { parseSearch } from '../../src/domain/parse-search.ts'
import { parseTime } from '../../src/domain/parse-time.ts'
import type { Store } from '../../src/store/store.ts'
import { bruteForceSearch, type SearchableJob } from '../support/brute-force-search.ts'
import { aJobRecord } from '../support/job-builder.ts'

const NOW = 10_000

// Few values, so that conditions match, names collide in part, and ties are common.
const TEXTS = [
  '',
  'alpha',
  'Alpha',
  'alphabet',
  'BETA_1',
  'be%ta',
  'ÄRGER',
  'ärgerlich',
  '🚂',
  '\u{ff5e}',
  "o'clock",
  'z',
]
const IDS = ['', 'p1', 'p2', 'P1']
const HOSTS = ['10.0.0.1', '10.0.0.2', '::1']
const TAG_KEYS = ['team', 'env']
const TAG_VALUES = ['a', 'b', '']
const TIMES = [1_000, 2_000, 2_001, 9_000]

const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 3 })
const oneOf = <Value>(values: readonly Value[]) => fc.constantFrom(...values)

/** Leaves out what is undefined: absent on the wire, and here. */
const present = <Fields extends object>(fields: Fields) =>
  JSON.parse(JSON.stringify(fields)) as { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> }

const resourceOf = fc
  .record({
    pool_id: maybe(oneOf(IDS)),
    flavor_id: maybe(oneOf(IDS)),
    flavor_type: maybe(oneOf(['CPU', 'GPU'])),
  })
  .map(({ flavor_type, ...ids }) => present({ ...ids, flavor_detail: present({ flavor_type }) }))

const documentOf = fc.record({
  kind: oneOf(JOB_KINDS),
  phase: oneOf(PHASES),
  secondaryPhase: oneOf(SECONDARY_PHASES),
  createTime: oneOf(TIMES),
  startTime: fc.option(oneOf([...TIMES, NOW + 5])),
  duration: oneOf([0, 500, 8_000]),
  description: oneOf(TEXTS),
  userName: oneOf(TEXTS),
  experiment: maybe(oneOf(IDS)),
  algorithm: fc.record({
    id: maybe(oneOf(IDS)),
    name: maybe(oneOf(TEXTS)),
    engine_name: maybe(oneOf(TEXTS)),
  }),
  resource: maybe(resourceOf),
  runtimeType: maybe(oneOf(['debug', 'Debug', ''])),
  priority: maybe(oneOf([1, 2, 3])),
  tags: fc.array(fc.record({ key: oneOf(TAG_KEYS), value: oneOf(TAG_VALUES) }), { maxLength: 3 }),
})

const placeOf = fc.record({
  task: oneOf(['worker-0', 'worker-1']),
  ip: oneOf(HOSTS),
  host_ip: oneOf(HOSTS),
  schedule_count: oneOf([1, 2]),
})

const jobOf = fc.record({
  owner: oneOf(['u1', 'u2']),
  project: oneOf(['p', 'p', 'p', 'q']),
  workspace: oneOf(['0', '0', '0', 'w']),
  deleted: oneOf([false, false, false, false, true]),
  namePrefix: oneOf(TEXTS),
  document: documentOf,
  placements: fc.uniqueArray(placeOf, {
    maxLength: 2,
    selector: (place) => `${place.task} ${place.schedule_count}`,
  }),
})

type DrawnJob = typeof jobOf extends fc.Arbitrary<infer Drawn> ? Drawn : never

const toJob = ({ document, placements, ...drawn }: DrawnJob, index: number): SearchableJob => {
  const { algorithm } = document
  const record = aJobRecord({
    id: `id-${(index * 7) % 64}`,
    projectId: drawn.project,
    ownerId: drawn.owner,
    phase: document.phase,
    startTime: document.startTime,
    deletedAt: drawn.deleted ? NOW : null,
    metadata: {
      name: `${drawn.namePrefix}-${index}`,
      workspace_id: drawn.workspace,
      create_time: document.createTime,
      description: document.description,
      user_name: document.userName,
      tags: document.tags,
      ...(document.experiment === undefined
        ? {}
        : { training_experiment_reference: { id: document.experiment } }),
    },
    status: { secondary_phase: document.secondaryPhase, duration: document.duration },
    algorithm: {
      ...present({ id: algorithm.id, name: algorithm.name }),
      engine: present({ engine_name: algorithm.engine_name }),
    },
    spec: present({
      resource: document.resource,
      runtime_type: document.runtimeType,
      schedule_policy: present({ priority: document.priority }),
    }),
    job: { kind: document.kind },
  })
  return { record, placements }
}

/** Values a filter on each key may carry. */
const VALUES: Record<FilterKey, readonly string[]> = {
  name: [...TEXTS, 'alpha-0', 'Alpha-1', '-2', 'BETA_1-3'],
  id: Array.from({ length: 12 }, (_, index) => `id-${index}`),
  kind: JOB_KINDS,
  phase: PHASES,
  secondary_phase: SECONDARY_PHASES,
  algorithm_id: IDS,
  algorithm_name: TEXTS,
  create_time: ['', '0', '1000', '1970-01-01T00:00:02Z', '1970-01-01T00:00:02.0005Z', '9000', '9001'],
  user_id: ['u1', 'u2', 'u3'],
  user_name: TEXTS,
  pool_id: IDS,
  flavor_id: IDS,
  flavor_type: ['CPU', 'GPU', 'Ascend'],
  engine_name: TEXTS,
  runtime_type: ['debug', 'train'],
  training_experiment_id: IDS,
  priority: ['1', '02', '3', ''],
  description: [...TEXTS, 'A', '%', '_', 'R'],
}

const filterOf = oneOf(Object.keys(FILTER_KEYS) as FilterKey[]).chain((key) =>
  oneOf(FILTER_KEYS[key]).chain((operator): fc.Arbitrary<Filter> => {
    const value = oneOf(VALUES[key])
    if (operator !== 'between') {
      return fc.array(value, { maxLength: 4 }).map((values) => ({ key, operator, value: values }))
    }
    const rank = (text: string): number => parseTime(text) ?? Number.NaN
    return fc.tuple(value, value).map(([first, second]) => {
      const ordered =
        first !== '' && second !== '' && rank(first) > rank(second) ? [second, first] : [first, second]
      return { key, operator, value: ordered }
    })
  }),
)

const requestOf: fc.Arbitrary<SearchRequest> = fc
  .record({
    offset: oneOf([0, 0, 1, 5, 40]),
    limit: oneOf([1, 3, 10, 50]),
    sort_by: oneOf(SORT_KEYS),
    order: oneOf(SORT_ORDERS),
    group_by: oneOf(['', '', ...GROUP_KEYS]),
    filters: fc.array(filterOf, { maxLength: 3 }),
    tags: fc.uniqueArray(
      fc.record({ key: oneOf([...TAG_KEYS, 'none']), values: fc.uniqueArray(oneOf(TAG_VALUES)) }),
      { maxLength: 2, selector: ({ key }) => key },
    ),
    host_ips: fc.array(oneOf([...HOSTS, '0:0:0:0:0:0:0:1', '10.0.0.9']), { maxLength: 2 }),
    train_type: oneOf(['', '', '', 'job', 'ftjob']),
  })
  .map(({ tags, host_ips, ...request }) => ({
    ...request,
    // Most searches go without: tags and hosts leave few jobs over.
    ...(request.offset % 2 === 0 ? {} : { tags, host_ips }),
  }))

/** With tags or hosts, a range of times must be closed: the contract refuses searches that reach back without end. */
const closed = (request: SearchRequest): SearchRequest => ({
  ...request,
  filters: (request.filters ?? []).map((filter) =>
    filter.key === 'create_time' && request.tags !== undefined && filter.value?.[0] === ''
      ? { ...filter, value: ['0', filter.value[1] ?? ''] }
      : filter,
  ),
})

/**
 * Compares searches of a store with looking at every job, on random jobs and requests. `open` answers an empty store;
 * `runs` is the number of random data sets.
 */
export const describeSearch = (name: string, open: () => Promise<Store>, runs = 300): void => {
  describe(name, () => {
    it('answers what looking at every job answers', async () => {
      const scenario = fc.record({
        jobs: fc.array(jobOf, { maxLength: 40, size: 'max' }),
        requests: fc.array(requestOf.map(closed), { minLength: 5, maxLength: 10 }),
        ownerId: maybe(oneOf(['u1', 'u2'])),
      })
      const seen = { searches: 0, hits: 0 }

      await fc.assert(
        fc.asyncProperty(scenario, async ({ jobs: drawn, requests, ownerId }) => {
          const jobs = drawn.map(toJob)
          const store = await open()
          try {
            for (const { record, placements } of jobs) await store.jobs.create(record, { placements })
            const visible = {
              projectId: 'p',
              workspaceId: '0',
              ...(ownerId === undefined ? {} : { ownerId }),
            }
            for (const request of requests) {
              const { query } = parseSearch(request, { visible }, NOW)
              const { total, count, rows } = await store.jobs.search(query)
              const ids = rows.map(({ text }) => JSON.parse(text).metadata.id)
              assert.deepEqual({ total, count, ids }, bruteForceSearch(jobs, query))
              seen.searches += 1
              if (ids.length > 0) seen.hits += 1
            }
          } finally {
            await store.close()
          }
        }),
        { numRuns: runs },
      )

      // Empty pages would agree too: many searches must have found something.
      assert.ok(seen.hits > seen.searches / 10, `${seen.hits} of ${seen.searches} searches found something`)
    })
  })
}
