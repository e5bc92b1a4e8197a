import { refusal } from '../contract/trainyard-error.ts'
import type { JsonSchema } from './json-schema.ts'

/** Deepest nesting of objects and arrays in a JSON body. */
const MAX_DEPTH = 64

/** Longest place of a field in a message: keys come from the caller. */
const MAX_PLACE = 200

export type JsonObject = Record<string, unknown>

const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * Whether a text nests deeper than allowed. Looks at the text before it is parsed and without recursion, so that
 * depth costs nothing; a text that is no JSON may be misjudged and is refused either way.
 */
const isTooDeep = (text: string): boolean => {
  let depth = 0
  let isInString = false
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (isInString) {
      if (char === '\\') at++
      else if (char === '"') isInString = false
    } else if (char === '"') isInString = true
    else if (char === '{' || char === '[') {
      depth++
      if (depth > MAX_DEPTH) return true
    } else if (char === '}' || char === ']') depth--
  }
  return false
}

const decode = (bytes: Uint8Array): string => {
  try {
    return decoder.decode(bytes)
  } catch {
    throw refusal('ModelArts.2787', 'The body is not UTF-8.')
  }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own message quotes the body, which may hold a password.
    throw refusal('ModelArts.2787', 'The body is not JSON.')
  }
}

/** Whether nothing but white space was sent. */
export const isBlank = (bytes: Uint8Array): boolean =>
  bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d)

/**
 * Reads a JSON object. Of duplicate keys the last wins.
 * @throws TrainyardError `ModelArts.2787` when it is not JSON, not an object, or nested more than 64 levels.
 */
export const parseJsonObject = (bytes: Uint8Array): JsonObject => {
  const text = decode(bytes)
  if (isTooDeep(text)) throw refusal('ModelArts.2787', `The body is nested over ${MAX_DEPTH} levels.`)
  const value = parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refusal('ModelArts.2787', 'The body is not a JSON object.')
  }
  return value as JsonObject
}

/** Joins the place of an object and a key: `spec.resource`, `filters[0]`. */
export const placeOf = (parent: string, key: string | number): string => {
  const place = typeof key === 'number' ? `${parent}[${key}]` : parent === '' ? key : `${parent}.${key}`
  return place.length > MAX_PLACE ? `${place.slice(0, MAX_PLACE)}…` : place
}

const acceptsNull = (schema: JsonSchema | undefined): boolean =>
  schema !== undefined && (schema.type === 'null' || (schema.anyOf?.some(acceptsNull) ?? false))

const memberSchema = (schema: JsonSchema | undefined, key: string): JsonSchema | undefined =>
  schema?.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined

const refuseNul = (text: string, place: string): void => {
  if (text.includes('\0')) {
    throw refusal('ModelArts.2788', `${place.replaceAll('\0', '') || 'The body'} contains a NUL character.`)
  }
}

/**
 * Makes a parsed body fit to be checked, in place: a null member counts as absent unless the schema takes null, and
 * `__proto__` is dropped so that no later copy can change a prototype.
 * @throws TrainyardError `ModelArts.2788` for a NUL character in a string or key.
 */
export const normalizeBody = (value: unknown, schema: JsonSchema | undefined, place = ''): void => {
  if (typeof value === 'string') refuseNul(value, place)
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    value.forEach((entry, index) => {
      normalizeBody(entry, schema?.items, placeOf(place, index))
    })
    return
  }
  const members = value as JsonObject
  for (const key of Object.keys(members)) {
    refuseNul(key, place)
    const member = memberSchema(schema, key)
    if (key === '__proto__' || (members[key] === null && !acceptsNull(member))) delete members[key]
    else normalizeBody(members[key], member, placeOf(place, key))
  }
}
