import type { TSchema } from 'typebox'
import type { Call } from './calls.ts'

export { PERMISSIONS, type Permission } from './calls.ts'

/** One call of the API with its schemas: what the server routes, and what `/openapi.json` describes. */
export interface Operation extends Call {
  readonly query?: TSchema
  /** JSON body. */
  readonly body?: TSchema
  /** JSON answer; absent when the answer is bytes or empty. */
  readonly answer?: TSchema
}
