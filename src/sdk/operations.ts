import { CALLS } from '../contract/calls.ts'
import type { ClientCall, OPERATIONS as Operations } from '../contract/operations.ts'

/**
 * Every call of the API, typed, for `session.send` and `session.open`. The schemas are not in it at run time: they
 * would make a browser load three times as much.
 */
export const OPERATIONS: {
  readonly [Name in keyof typeof Operations]: ClientCall<(typeof Operations)[Name]>
} = CALLS
