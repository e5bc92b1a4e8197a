// Apart from the schemas: the command line needs these words at every start.

export const FILTER_OPERATORS = ['in', 'like', 'not', 'between'] as const
export type FilterOperator = (typeof FILTER_OPERATORS)[number]

/** Filter keys and the operators each takes (contract: list jobs, section 4.2, with our additions). */
export const FILTER_KEYS = {
  name: ['like', 'in', 'not'],
  id: ['in', 'not'],
  kind: ['in', 'not'],
  phase: ['in', 'not'],
  secondary_phase: ['in', 'not'],
  algorithm_id: ['in', 'not'],
  algorithm_name: ['like', 'in', 'not'],
  create_time: ['between'],
  user_id: ['in', 'not'],
  user_name: ['in', 'not', 'like'],
  pool_id: ['in', 'not'],
  flavor_id: ['in', 'not'],
  flavor_type: ['in', 'not'],
  engine_name: ['in', 'not'],
  runtime_type: ['in', 'not'],
  training_experiment_id: ['in', 'not'],
  priority: ['in', 'not', 'between'],
  description: ['like'],
} as const satisfies Record<string, readonly FilterOperator[]>
export type FilterKey = keyof typeof FILTER_KEYS

export const SORT_KEYS = [
  'create_time',
  'name',
  'duration',
  'start_time',
  'phase',
  'user_name',
  'priority',
] as const
export type SortKey = (typeof SORT_KEYS)[number]

export const SORT_ORDERS = ['asc', 'desc'] as const
export type SortOrder = (typeof SORT_ORDERS)[number]

export const GROUP_KEYS = ['phase', 'kind', 'user_name', 'pool_id', 'flavor_id', 'engine_name'] as const
export type GroupKey = (typeof GROUP_KEYS)[number]
