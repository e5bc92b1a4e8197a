import type { FilterKey, GroupKey, SortKey, SortOrder } from '../contract/search.ts'

/** One condition of a search after blanks are gone and values are read. */
export type Condition =
  | { readonly operator: 'in' | 'not' | 'like'; readonly key: TextKey; readonly values: readonly string[] }
  | {
      readonly operator: 'between'
      readonly key: NumberKey
      /** Inclusive; undefined is open. */
      readonly lower: number | undefined
      readonly upper: number | undefined
    }

export type NumberKey = Extract<FilterKey, 'create_time' | 'priority'>
export type TextKey = Exclude<FilterKey, 'create_time'>

/** One tag condition: the key exists and, when there are values, has one of them. */
export interface TagCondition {
  readonly key: string
  readonly values: readonly string[]
}

/** Whose jobs a caller may see in a workspace. */
export interface Visibility {
  readonly projectId: string
  readonly workspaceId: string
  /** Only jobs of this user; undefined means everybody's in the workspace. */
  readonly ownerId?: string
}

/** A search as the store answers it. */
export interface JobQuery {
  readonly visible: Visibility
  /** Joined by AND. `priority` in `in` and `not` compares numbers. */
  readonly conditions: readonly Condition[]
  readonly tags: readonly TagCondition[]
  readonly hostIps: readonly string[]
  /** True when nothing can match, whatever is stored (fine-tuning jobs). */
  readonly nothing: boolean
  readonly sortBy: SortKey
  readonly order: SortOrder
  readonly groupBy: GroupKey | ''
  readonly offset: number
  readonly limit: number
  /** Epoch ms: duration of jobs that still run is counted up to here. */
  readonly now: number
}
