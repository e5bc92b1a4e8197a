import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ErrorResponse, IdentityError } from '../src/contract/identity.ts'
import { OPERATIONS, type Operation } from '../src/contract/operations.ts'
import { SearchRequest, SearchResponse } from '../src/contract/search.ts'
import { Estimator, type JobListOptions } from '../src/sdk/index.ts'

const root = join(import.meta.dirname, '..')
const vendorFile = join(root, '../shared/contract/vendor-api.json')

/** The parts of JSON Schema that the contract uses. */
interface Schema {
  readonly $id?: string
  readonly type?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
}

/** Fails to compile when `session` becomes optional in the options of the list call. */
const SESSION_IS_REQUIRED: Record<string, never> extends Pick<JobListOptions, 'session'> ? false : true = true

const plain = (schema: object): Schema => JSON.parse(JSON.stringify(schema)) as Schema

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))

/** What a schema may be; a union is each of its members, null left out. */
const alternatives = (schema: Schema): readonly Schema[] =>
  schema.anyOf ? schema.anyOf.flatMap(alternatives).filter(({ type }) => type !== 'null') : [schema]

const mapValues = (schema: Schema): Schema | undefined => Object.values(schema.patternProperties ?? {})[0]

/** The schema at a path such as `items[].metadata.id`, or undefined. */
const schemaAt = (schema: Schema, path: string): Schema | undefined => {
  let at: Schema | undefined = schema
  for (const step of path.split('.')) {
    const name = step.replaceAll('[]', '')
    at = alternatives(at).find((option) => option.properties?.[name])?.properties?.[name]
    for (let depth = step.split('[]').length - 1; depth > 0; depth -= 1) {
      at = at && alternatives(at).find(({ items }) => items)?.items
    }
    if (!at) return undefined
  }
  return at
}

describe("the contract against the seed's tables", () => {
  interface SeedField {
    readonly field: string
    readonly type: string
    readonly path: string | null
    readonly in: 'request' | 'response' | 'error' | 'sdk-argument'
  }

  const places = {
    request: plain(SearchRequest),
    response: plain(SearchResponse),
    error: plain(ErrorResponse),
  }

  /** Whether a schema is of a type as the seed writes it. */
  const isSeedType = (type: string, schema: Schema): boolean => {
    const text = type.replace(/^Array of (.*?)s?$/, 'Array<$1>').replace(/\w+ object\b/g, 'Object')
    return alternatives(schema).some((option) => isPlainSeedType(text, option))
  }

  const isPlainSeedType = (type: string, schema: Schema): boolean => {
    const item = /^Array<(.*)>$/.exec(type)?.[1]
    if (item) return schema.type === 'array' && schema.items !== undefined && isSeedType(item, schema.items)
    switch (type.toLowerCase()) {
      case 'string':
        return schema.type === 'string'
      case 'integer':
      case 'long':
        return schema.type === 'integer'
      case 'boolean':
        return schema.type === 'boolean'
      case 'map<string,string>':
        return schema.type === 'object' && mapValues(schema)?.type === 'string'
      case 'object':
        return schema.type === 'object' && schema.properties !== undefined
      default:
        throw new Error(`a type the test does not know: ${type}`)
    }
  }

  const isInContract = ({ path, type, in: place }: SeedField): boolean => {
    if (place === 'sdk-argument') return SESSION_IS_REQUIRED
    const schema = path === null ? undefined : schemaAt(places[place], path)
    return schema !== undefined && isSeedType(type, schema)
  }

  it('has every field with its type', (t) => {
    const fields = readJson(join(root, 'test/contract-facts/seed-fields.json')) as SeedField[]
    const missing = fields.filter((field) => !isInContract(field))

    t.diagnostic(`${fields.length - missing.length} of ${fields.length} seed fields`)
    assert.equal(fields.length, 202)
    assert.deepEqual(missing, [])
  })

  it('has a list call in the SDK that does nothing without a session', async () => {
    const getJobList = Estimator.getJobList as (options: object) => Promise<unknown>

    await assert.rejects(getJobList({ limit: 1 }))
  })

  it('notices a missing field and a wrong type', () => {
    const row = { field: '', in: 'response' } as const

    assert.equal(isInContract({ ...row, path: 'items[].metadata.owner', type: 'String' }), false)
    assert.equal(isInContract({ ...row, path: 'items[].metadata.id', type: 'Integer' }), false)
    assert.equal(isInContract({ ...row, path: 'items[].metadata', type: 'Array of objects' }), false)
    assert.equal(isInContract({ ...row, path: 'items[].status.tasks', type: 'Array of objects' }), false)
    assert.equal(isInContract({ ...row, path: 'items[].metadata', type: 'Map<String,String>' }), false)
  })
})

describe("the contract against the vendor's SDKs", () => {
  interface VendorApi {
    readonly operations: readonly {
      readonly operation: string
      readonly method: string
      readonly path: string
      readonly query: Readonly<Record<string, string>>
      readonly request_body: string | null
      readonly response: string
    }[]
    readonly models: Readonly<Record<string, { readonly fields: Readonly<Record<string, string>> }>>
  }

  /** Where we differ on purpose: model and field of the vendor → why. */
  const EXCEPTIONS: Readonly<Record<string, string>> = {
    'Status.start_time': 'The seed says string; `compat.vendor_types` turns it into a number.',
    'JobAlgorithmResponse.environments':
      'The seed says map, as the vendor has it in requests; `compat.vendor_types` makes it a list of maps.',
  }

  const used = new Set<string>()

  /** Differences between a model of the vendor and a schema of ours, as `Model.field: what`. */
  const compareModel = (api: VendorApi, model: string, schema: Schema): string[] =>
    Object.entries(api.models[model]?.fields ?? {}).flatMap(([field, type]) => {
      const name = `${model}.${field}`
      const own = schema.properties?.[field]
      const differences = own ? compareType(api, type, own, name) : [`${name}: missing`]
      if (differences.length === 0 || !EXCEPTIONS[name]) return differences
      used.add(name)
      return []
    })

  /** Differences of the best matching alternative: a union agrees when one of its members does. */
  const compareType = (api: VendorApi, type: string, schema: Schema, name: string): string[] => {
    const attempts = alternatives(schema).map((option) => comparePlainType(api, type, option, name))
    return attempts.sort((left, right) => left.length - right.length)[0] ?? [`${name}: empty`]
  }

  const comparePlainType = (api: VendorApi, type: string, schema: Schema, name: string): string[] => {
    const wrong = [`${name}: ${type} is ${schema.type ?? 'unknown'} here`]
    const item = /^list\[(.*)\]$/.exec(type)?.[1]
    if (item) {
      return schema.type === 'array' && schema.items ? compareType(api, item, schema.items, name) : wrong
    }
    if (type in api.models) return schema.type === 'object' ? compareModel(api, type, schema) : wrong
    if (type === 'dict(str, str)') return mapValues(schema)?.type === 'string' ? [] : wrong
    const expected = { str: 'string', int: 'integer', float: 'number', bool: 'boolean' }[type]
    return expected !== undefined && schema.type === expected ? [] : wrong
  }

  const compareBody = (api: VendorApi, model: string | null, schema: object | undefined): string[] => {
    // Models without fields stand for answers without content.
    const fields = Object.entries(api.models[model ?? '']?.fields ?? {})
    if (model === null || fields.length === 0) return []
    // The vendor's code generator writes a bare array as a model with one field.
    const [[name, type] = ['', '']] = fields
    if (name === 'body' && fields.length === 1) {
      return schema ? compareType(api, type, plain(schema), model) : [`${model}: no body here`]
    }
    return schema ? compareModel(api, model, plain(schema)) : [`${model}: no body here`]
  }

  const compareOperation = (api: VendorApi, theirs: VendorApi['operations'][number], own: Operation) => [
    ...Object.entries(theirs.query).flatMap(([name, type]) => {
      const schema = own.query && plain(own.query).properties?.[name]
      const place = `${own.id}?${name}`
      return schema ? compareType(api, type, schema, place) : [`${place}: missing`]
    }),
    ...compareBody(api, theirs.request_body, own.body),
    ...compareBody(api, theirs.response, own.answer),
  ]

  const findOperation = (method: string, path: string): Operation | undefined =>
    Object.values<Operation>(OPERATIONS).find((own) => own.method === method && own.path === path)

  const known = existsSync(vendorFile) ? (readJson(vendorFile) as VendorApi) : undefined
  const skip = known === undefined && 'vendor-api.json is not on this machine: not compared'

  it('covers operations field by field', { skip }, (t) => {
    assert.ok(known)
    const covered = known.operations.flatMap((theirs) => {
      const own = findOperation(theirs.method, theirs.path)
      return own ? [{ theirs, own }] : []
    })
    const differences = covered.flatMap(({ theirs, own }) => compareOperation(known, theirs, own))

    t.diagnostic(`${covered.length} of ${known.operations.length} vendor operations`)
    assert.deepEqual([...new Set(differences)], [])
    assert.ok(covered.length >= 13, 'operations that were covered are gone')
    for (const { theirs, own } of covered) assert.equal(own.id, theirs.operation)
    assert.deepEqual([...used].sort(), Object.keys(EXCEPTIONS).sort(), 'exceptions that nothing needs')
  })

  it('notices a missing field and a wrong type', () => {
    const api: VendorApi = {
      operations: [],
      models: {
        Outer: { fields: { inner: 'list[Inner]', names: 'list[str]', map: 'dict(str, str)' } },
        Inner: { fields: { size: 'int', gone: 'str' } },
      },
    }
    const schema: Schema = {
      type: 'object',
      properties: {
        inner: { type: 'array', items: { type: 'object', properties: { size: { type: 'string' } } } },
        names: { anyOf: [{ type: 'null' }, { type: 'array', items: { type: 'string' } }] },
        map: { type: 'object', properties: {} },
      },
    }

    assert.deepEqual(compareModel(api, 'Outer', schema), [
      'Inner.size: int is string here',
      'Inner.gone: missing',
      'Outer.map: dict(str, str) is object here',
    ])
  })
})

describe('the contract', () => {
  /** Places below a schema that lack a description. */
  const undescribed = (schema: Schema, name: string): string[] => {
    const children = [
      ...Object.entries(schema.properties ?? {}).map(
        ([field, child]) => [`${name}.${field}`, child, true] as const,
      ),
      ...(schema.items ? [[`${name}[]`, schema.items, false] as const] : []),
      ...(schema.anyOf ?? []).map((child) => [name, child, false] as const),
    ]
    return children.flatMap(([place, child, isProperty]) => [
      ...(isProperty && !child.description?.trim() ? [place] : []),
      ...undescribed(child, place),
    ])
  }

  const exportedSchemas = async (): Promise<[string, Schema][]> => {
    const folder = join(root, 'src/contract')
    const files = readdirSync(folder).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    const modules = await Promise.all(files.map((file) => import(join(folder, file))))
    return modules
      .flatMap((module) => Object.entries<unknown>(module))
      .filter(([, value]) => typeof value === 'object' && value !== null && '~kind' in value)
      .map(([name, value]) => [name, plain(value as object)])
  }

  it('describes every property of every schema', async () => {
    const operations = Object.values<Operation>(OPERATIONS).flatMap(({ id, query, body, answer }) =>
      [query, body, answer].flatMap((schema): [string, Schema][] => (schema ? [[id, plain(schema)]] : [])),
    )
    const exported = await exportedSchemas()

    assert.ok(
      exported.some(([name]) => name === 'TrainingJob'),
      'the exported schemas were not found',
    )
    const places = [...operations, ...exported, ['IdentityError', plain(IdentityError)] as const].flatMap(
      ([name, schema]) => undescribed(schema, name),
    )
    assert.deepEqual([...new Set(places)], [])
  })

  it('notices a property without a description', () => {
    assert.deepEqual(
      undescribed(
        {
          type: 'object',
          properties: { a: { description: 'A.', items: { properties: { b: { type: 'string' } } } } },
        },
        'Object',
      ),
      ['Object.a[].b'],
    )
  })
})
