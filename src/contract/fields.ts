import { type TSchema, type TSchemaOptions, Type } from 'typebox'
import type { ErrorCode } from './error-codes.ts'

/**
 * Options every wire field takes. `x-codes` names, per JSON Schema keyword, the error code a violation answers;
 * keywords not named answer the operation's own code (`ModelArts.2788` for bodies).
 */
export interface FieldOptions extends TSchemaOptions {
  'x-codes'?: Record<string, ErrorCode>
}

/** A string on the wire. */
export const text = (description: string, options: FieldOptions = {}) =>
  Type.String({ description, ...options })

/** A whole number on the wire. */
export const integer = (description: string, options: FieldOptions = {}) =>
  Type.Integer({ description, ...options })

/** A number with a fraction on the wire. */
export const decimal = (description: string, options: FieldOptions = {}) =>
  Type.Number({ description, ...options })

/** `true` or `false` on the wire. */
export const flag = (description: string) => Type.Boolean({ description })

/** An array of strings. */
export const texts = (description: string, options: FieldOptions = {}) =>
  Type.Array(Type.String(), { description, ...options })

/** An array of one kind of object. */
export const list = <Item extends TSchema>(item: Item, description: string, options: FieldOptions = {}) =>
  Type.Array(item, { description, ...options })

/** A map from string to string. */
export const textMap = (description: string, options: FieldOptions = {}) =>
  Type.Record(Type.String(), Type.String(), { description, ...options })

/** One of a closed list of words. */
export const oneOf = <const Words extends string[]>(
  words: readonly [...Words],
  description: string,
  options: FieldOptions = {},
) => Type.Enum([...words] as [...Words], { type: 'string', description, ...options })

/** A field that may be absent. */
export const optional = Type.Optional
