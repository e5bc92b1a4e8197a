import type { TSchema } from 'typebox'
import type { ErrorCode } from './error-codes.ts'

/** What a caller must be allowed to do. The first seven are the vendor's style of name. */
export const PERMISSIONS = [
  'modelarts:trainJob:list',
  'modelarts:trainJob:get',
  'modelarts:trainJob:create',
  'modelarts:trainJob:update',
  'modelarts:trainJob:stop',
  'modelarts:trainJob:delete',
  'modelarts:trainJob:logs',
  'trainyard:objects:read',
  'trainyard:objects:write',
] as const
export type Permission = (typeof PERMISSIONS)[number]

/** One call of the API: what the server routes, the SDK sends and `/openapi.json` describes. */
export interface Operation {
  /** The vendor SDKs' name of the call, or our own in the same style. */
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD'
  /** Path with `{name}` parameters; `{name*}` takes the rest of the path. */
  readonly path: string
  readonly tag: string
  readonly summary: string
  /** Needed permission; `signed-in` takes any caller, `public` needs no sign-in. */
  readonly access: Permission | 'signed-in' | 'public'
  readonly query?: TSchema
  /** JSON body. A request without one is read as `{}` when `bodyOptional`. */
  readonly body?: TSchema
  readonly bodyOptional?: boolean
  /** Body of raw bytes instead of JSON. */
  readonly rawBody?: boolean
  /** HTTP status of success. */
  readonly status: number
  /** JSON answer; absent when the answer is bytes or empty. */
  readonly answer?: TSchema
  /** Code of a bad query parameter. Default `ModelArts.2764`. */
  readonly queryCode?: ErrorCode
}
