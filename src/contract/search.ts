import { type Static, Type } from 'typebox'
import { integer, list, optional, text, texts } from './fields.ts'
import { MAX_LIMIT } from './limits.ts'
import { TrainingJob } from './training-job.ts'

export * from './search-keys.ts'
export { MAX_LIMIT }

/** Items of a page when no limit is sent. */
export const DEFAULT_LIMIT = 10

const tooMany = { 'x-codes': { maxItems: 'ModelArts.2816' } } as const

/** One condition. Blank keys and values mean no condition; the meaning of each operator is in the reference. */
export const Filter = Type.Object(
  {
    key: optional(text('What to test.')),
    operator: optional(text('`in` (default), `like`, `not` or `between`.')),
    value: optional(texts('Operands, always strings; at most 10.')),
  },
  { $id: 'Filter', description: 'A condition on jobs.' },
)
export type Filter = Static<typeof Filter>

export const TagFilter = Type.Object(
  {
    key: text('Key of the tag, 1 to 128 characters.', {
      minLength: 1,
      maxLength: 128,
      pattern: '^[\\p{L}\\p{N}_.:=+@-]([\\p{L}\\p{N} _.:=+@-]*[\\p{L}\\p{N}_.:=+@-])?$',
    }),
    values: optional(
      Type.Array(Type.String({ maxLength: 255 }), {
        description: 'Values, one of which must match; none or blank: the key has to exist.',
        maxItems: 10,
        uniqueItems: true,
        ...tooMany,
      }),
    ),
  },
  { $id: 'TagFilter', description: 'A condition on tags.' },
)
export type TagFilter = Static<typeof TagFilter>

/** The search request: every field is optional, unknown fields are ignored. */
export const SearchRequest = Type.Object(
  {
    offset: optional(
      integer('Records to skip: 1 starts at the second job.', {
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        default: 0,
        'x-codes': { maximum: 'ModelArts.2816' },
      }),
    ),
    limit: optional(
      integer('Most items to return.', {
        minimum: 1,
        maximum: MAX_LIMIT,
        default: DEFAULT_LIMIT,
        'x-codes': { maximum: 'ModelArts.2816' },
      }),
    ),
    sort_by: optional(text('Sort key.', { default: 'create_time' })),
    order: optional(text('`asc` or `desc`.', { default: 'desc' })),
    group_by: optional(text('Grouping key; groups come out contiguous.', { default: '' })),
    filters: optional(list(Filter, 'Conditions, joined by AND.', { maxItems: 20, ...tooMany })),
    workspace_id: optional(text('Only jobs of this workspace.', { default: '0' })),
    train_type: optional(text('`job` for custom jobs, `ftjob` for fine-tuning jobs.')),
    unified_jobs: optional(Type.Boolean({ description: 'Return custom and fine-tuning jobs together.' })),
    tags: optional(list(TagFilter, 'Tag conditions, joined by AND.', { maxItems: 10, ...tooMany })),
    host_ips: optional(texts('Jobs that ran on one of these hosts.', { maxItems: 10, ...tooMany })),
  },
  { $id: 'SearchRequest', description: 'Which jobs to list, and how.' },
)
export type SearchRequest = Static<typeof SearchRequest>

/** A page of jobs. */
export const SearchResponse = Type.Object(
  {
    total: integer('All jobs visible to the caller in the workspace, before any filter.'),
    count: integer('Jobs that match, before paging.'),
    limit: integer('Limit in effect.'),
    offset: integer('Offset in effect.'),
    sort_by: text('Sort key in effect.'),
    order: text('Direction in effect.'),
    group_by: text('Grouping key in effect; empty when none was sent.'),
    workspace_id: text('Workspace searched.'),
    ai_project: text('Always `default-ai-project`.'),
    train_type: optional(text('Echo, only when it was sent.')),
    items: list(TrainingJob, 'The page.'),
  },
  { $id: 'SearchResponse', description: 'A page of training jobs.' },
)
export type SearchResponse = Static<typeof SearchResponse>
