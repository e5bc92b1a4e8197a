import type { TSchema } from 'typebox'
import { ErrorResponse, IdentityError } from './identity.ts'
import { OPERATIONS, type Operation } from './operations.ts'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type JsonObject = { [key: string]: Json }

/** Replaces each schema that has an `$id` by a reference and collects it into `components`. */
const toReferences = (schema: Json, components: JsonObject): Json => {
  if (Array.isArray(schema)) return schema.map((entry) => toReferences(entry, components))
  if (schema === null || typeof schema !== 'object') return schema
  const { $id, 'x-codes': _codes, ...rest } = schema
  if (typeof $id !== 'string') {
    return Object.fromEntries(
      Object.entries(rest).map(([key, value]) => [key, toReferences(value, components)]),
    )
  }
  if (!(($id as string) in components)) {
    components[$id] = {}
    components[$id] = Object.fromEntries(
      Object.entries(rest).map(([key, value]) => [key, toReferences(value, components)]),
    )
  }
  return { $ref: `#/components/schemas/${$id}` }
}

const plain = (schema: TSchema): Json => JSON.parse(JSON.stringify(schema)) as Json

const jsonContent = (schema: TSchema, components: JsonObject): JsonObject => ({
  'application/json': { schema: toReferences(plain(schema), components) },
})

const parameters = (operation: Operation, components: JsonObject): Json[] => {
  const inPath = [...operation.path.matchAll(/\{(\w+)\*?\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const query = (operation.query as { properties?: Record<string, TSchema> } | undefined)?.properties ?? {}
  const inQuery = Object.entries(query).map(([name, schema]) => {
    const described = plain(schema) as JsonObject
    return {
      name,
      in: 'query',
      required: false,
      description: described['description'] ?? '',
      schema: toReferences(described, components),
    }
  })
  return [...inPath, ...inQuery]
}

const requestBody = (operation: Operation, components: JsonObject): JsonObject => {
  if (operation.rawBody) {
    return {
      requestBody: {
        required: true,
        content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
      },
    }
  }
  if (!operation.body) return {}
  return {
    requestBody: { required: !operation.bodyOptional, content: jsonContent(operation.body, components) },
  }
}

const responses = (operation: Operation, components: JsonObject): JsonObject => {
  const refused = operation.tag === 'Identity' ? IdentityError : ErrorResponse
  const success: JsonObject = { description: 'Success.' }
  if (operation.answer) success['content'] = jsonContent(operation.answer, components)
  else if (operation.method === 'GET')
    success['content'] = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }
  const dryRun = { ...success, description: 'A dry run found nothing wrong: the job as it would be created.' }
  return {
    [String(operation.status)]: success,
    ...(operation.dryRunStatus === undefined ? {} : { [String(operation.dryRunStatus)]: dryRun }),
    default: { description: 'Refusal.', content: jsonContent(refused, components) },
  }
}

/** The OpenAPI 3.1 description of every call, made from the table of operations. */
export const buildOpenApi = (version: string): JsonObject => {
  const schemas: JsonObject = {}
  const paths: { [path: string]: JsonObject } = {}
  for (const operation of Object.values<Operation>(OPERATIONS)) {
    const path = operation.path.replace('*}', '}')
    paths[path] ??= {}
    paths[path][operation.method.toLowerCase()] = {
      operationId: operation.id,
      tags: [operation.tag],
      summary: operation.summary,
      ...(operation.access === 'public' ? { security: [] } : {}),
      ...(operation.access.includes(':') ? { 'x-permission': operation.access } : {}),
      parameters: parameters(operation, schemas),
      ...requestBody(operation, schemas),
      responses: responses(operation, schemas),
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Trainyard',
      version,
      description: 'The ModelArts training management API (v2) on your own machines.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ token: [] }, { signature: [] }],
    paths,
    components: {
      schemas,
      securitySchemes: {
        token: {
          type: 'apiKey',
          in: 'header',
          name: 'X-Auth-Token',
          description: 'A token from POST /v3/auth/tokens.',
        },
        signature: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description: 'SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=… (with X-Sdk-Date).',
        },
      },
    },
  }
}
