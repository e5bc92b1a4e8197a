import { FILTER_KEYS, type FilterKey, type FilterOperator } from '../contract/search-keys.ts'

/** Shorter names for filter keys, as people say them. */
const SYNONYMS: Readonly<Record<string, FilterKey>> = {
  algorithm: 'algorithm_name',
  created: 'create_time',
  engine: 'engine_name',
  experiment: 'training_experiment_id',
  flavor: 'flavor_id',
  pool: 'pool_id',
  state: 'secondary_phase',
  status: 'phase',
  time: 'create_time',
  user: 'user_name',
}

/** The filter keys of the contract. */
export const KEY_NAMES = Object.keys(FILTER_KEYS) as FilterKey[]

/** Every name that `findKey` knows. */
export const KNOWN_KEYS: readonly string[] = [...KEY_NAMES, ...Object.keys(SYNONYMS)]

/** The filter key of a name or synonym, in any case, with `-` or `_`; undefined when there is none. */
export const findKey = (name: string): FilterKey | undefined => {
  const lower = name.toLowerCase().replaceAll('-', '_')
  return (
    KEY_NAMES.find((key) => key === lower) ?? (Object.hasOwn(SYNONYMS, lower) ? SYNONYMS[lower] : undefined)
  )
}

/** The operators of the contract that a key takes. */
export const operatorsOf = (key: FilterKey): readonly FilterOperator[] => FILTER_KEYS[key]
