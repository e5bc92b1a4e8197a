import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import type { TSchema } from 'typebox'
import type { ErrorCode } from '../contract/error-codes.ts'
import { refusal, type TrainyardError } from '../contract/trainyard-error.ts'
import { type JsonObject, normalizeBody, placeOf } from './json-body.ts'
import { type JsonSchema, toRules, toTypesOnly } from './json-schema.ts'

/** How schemas are read; `verbose` hands over the schema that failed, which names the error code. */
export const VALIDATOR_OPTIONS = { strict: true, strictTypes: false, verbose: true, keywords: ['x-codes'] }

/**
 * The check of a schema, compiled when it is first needed: compiling those of all calls would hold up every start. That
 * the schemas themselves are sound is checked by a test.
 */
const lazyCheck = (schema: object): (() => ValidateFunction) => {
  let check: ValidateFunction | undefined
  return () => {
    check ??= new Ajv({ ...VALIDATOR_OPTIONS, validateSchema: false }).compile(schema)
    return check
  }
}

/** `/spec/resource/node_count` becomes `spec.resource.node_count`; digits below an array become `[0]`. */
const toPlace = (root: unknown, pointer: string): string => {
  let place = ''
  let value = root
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    place = placeOf(place, Array.isArray(value) ? Number(key) : key)
    value = (value as Record<string, unknown>)[key]
  }
  return place
}

const article = (type: string): string => (/^[aeio]/.test(type) ? `an ${type}` : `a ${type}`)

const typeOf = (value: unknown): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a fraction'
  return article(typeof value)
}

const expectedTypes = (schema: JsonSchema): string =>
  (schema.anyOf ?? [schema])
    .map(({ type = 'value' }) => (type === 'null' ? type : article(type)))
    .join(' or ')

/** With unions the validator lists what each branch says and then the union itself, which is what we want to tell. */
const lastError = (validate: ValidateFunction): ErrorObject | undefined => validate.errors?.at(-1)

const typeMessage = (root: unknown, error: ErrorObject): string => {
  const expected = expectedTypes((error.parentSchema ?? {}) as JsonSchema)
  return `${toPlace(root, error.instancePath)} must be ${expected}, not ${typeOf(error.data)}.`
}

const ruleMessage = (root: unknown, error: ErrorObject): string => {
  const place = toPlace(root, error.instancePath)
  if (error.keyword === 'required') {
    return `${placeOf(place, String(error.params['missingProperty']))} is missing.`
  }
  if (error.keyword === 'enum') {
    return `${place} must be one of ${(error.params['allowedValues'] as unknown[]).join(', ')}.`
  }
  return `${place} ${error.message ?? 'is not valid'}.`
}

const ruleCode = (error: ErrorObject): ErrorCode => {
  const codes = error.parentSchema?.['x-codes'] as Record<string, ErrorCode> | undefined
  return codes?.[error.keyword] ?? 'ModelArts.2788'
}

/** Checks the body of one call and returns it, nulls dropped. */
export type BodyCheck = (body: JsonObject) => unknown

/**
 * Compiles the check of a body, once per call: first types alone, then the rules, since a wrong type has its own code.
 * The check throws TrainyardError `ModelArts.2825` for a wrong type, else the code the schema names or `ModelArts.2788`.
 */
export const compileBody = (schema: TSchema): BodyCheck => {
  const rules = toRules(schema)
  const typesOf = lazyCheck(toTypesOnly(rules))
  const rulesOf = lazyCheck(rules)
  return (body) => {
    const checkTypes = typesOf()
    const checkRules = rulesOf()
    normalizeBody(body, rules)
    if (!checkTypes(body)) {
      const error = lastError(checkTypes)
      throw refusal('ModelArts.2825', error ? typeMessage(body, error) : 'A field has the wrong type.')
    }
    if (!checkRules(body)) {
      const error = lastError(checkRules)
      if (error) throw refusal(ruleCode(error), ruleMessage(body, error))
      throw refusal('ModelArts.2788', 'A field is not valid.')
    }
    return body
  }
}

/** Reads a query value as its schema wants it; text that does not fit is left for the validator to refuse. */
const coerce = (value: string, schema: JsonSchema): string | number | boolean => {
  if (schema.type === 'integer' && /^-?\d{1,15}$/.test(value)) return Number(value)
  if (schema.type === 'boolean' && /^(true|false)$/i.test(value)) return value.toLowerCase() === 'true'
  return value
}

/** Checks the query of one call, as sent without `?`, and returns its values. */
export type QueryCheck = (query: string) => unknown

/**
 * Compiles the check of a query. Empty values count as absent, unknown names are ignored, and of a repeated name the
 * first value counts: the only one that the older request signature covers.
 * The check throws TrainyardError with the given code.
 */
export const compileQuery = (schema: TSchema, code: ErrorCode): QueryCheck => {
  const rules = toRules(schema)
  const rulesOf = lazyCheck(rules)
  return (query) => {
    const check = rulesOf()
    const sent = new URLSearchParams(query)
    const values: Record<string, string | number | boolean> = {}
    for (const [name, property] of Object.entries(rules.properties ?? {})) {
      const value = sent.get(name)
      if (value === null || value === '') continue
      if (value.includes('\0')) throw refusal(code, `${name} contains a NUL character.`)
      values[name] = coerce(value, property)
    }
    if (check(values)) return values
    throw queryRefusal(code, values, lastError(check))
  }
}

const queryRefusal = (code: ErrorCode, values: unknown, error: ErrorObject | undefined): TrainyardError =>
  refusal(code, error ? ruleMessage(values, error) : 'A query parameter is not valid.')
