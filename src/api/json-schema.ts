import type { TSchema } from 'typebox'

/** The parts of JSON Schema that the contract uses. */
export interface JsonSchema {
  type?: string
  properties?: Record<string, JsonSchema>
  items?: JsonSchema
  anyOf?: JsonSchema[]
  additionalProperties?: JsonSchema
  [keyword: string]: unknown
}

const mapValues = (
  schemas: Record<string, JsonSchema>,
  change: (schema: JsonSchema) => JsonSchema,
): Record<string, JsonSchema> =>
  Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, change(schema)]))

const mapParts = (schema: JsonSchema, change: (part: JsonSchema) => JsonSchema): JsonSchema => ({
  ...(schema.properties ? { properties: mapValues(schema.properties, change) } : {}),
  ...(schema.items ? { items: change(schema.items) } : {}),
  ...(schema.anyOf ? { anyOf: schema.anyOf.map(change) } : {}),
  ...(schema.additionalProperties ? { additionalProperties: change(schema.additionalProperties) } : {}),
})

/**
 * The schema as plain data, fit for the validator: without ids (the same one occurs in several places) and texts.
 * A map becomes `additionalProperties`: the pattern `^.*$` of TypeBox would leave keys with a line feed unchecked.
 */
const toPlain = (schema: JsonSchema): JsonSchema => {
  const { $id: _id, description: _description, default: _default, patternProperties, ...rest } = schema
  const [values] = Object.values((patternProperties ?? {}) as Record<string, JsonSchema>)
  const plain: JsonSchema = values ? { ...rest, additionalProperties: values } : rest
  return { ...plain, ...mapParts(plain, toPlain) }
}

/** Every rule of a schema of the contract. */
export const toRules = (schema: TSchema): JsonSchema =>
  toPlain(JSON.parse(JSON.stringify(schema)) as JsonSchema)

/** Types and structure only: what a value must be before its rules can be asked. */
export const toTypesOnly = (schema: JsonSchema): JsonSchema => ({
  ...(schema.type === undefined ? {} : { type: schema.type }),
  ...mapParts(schema, toTypesOnly),
})
