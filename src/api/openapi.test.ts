import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { buildOpenApi } from '../contract/openapi.ts'
import { OPERATIONS, type Operation } from '../contract/operations.ts'

type Node = { [key: string]: unknown }

const api = buildOpenApi('1.2.3') as Node

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Every object of the description with its JSON pointer. */
function* walk(value: unknown, pointer = '#'): Generator<[pointer: string, node: Node]> {
  if (isNode(value)) yield [pointer, value]
  if (typeof value !== 'object' || value === null) return
  for (const [key, part] of Object.entries(value))
    yield* walk(part, `${pointer}/${key.replaceAll('/', '~1')}`)
}

const at = (pointer: string): unknown =>
  pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((value, key) => (isNode(value) ? value[key.replaceAll('~1', '/')] : undefined), api)

const nodes = [...walk(api)]

describe('the API description', () => {
  it('is of version 3.1 with what it must have', () => {
    assert.match(String(api['openapi']), /^3\.1\.\d$/)
    assert.deepEqual((api['info'] as Node)['version'], '1.2.3')
    assert.ok(nodes.length > 500)
  })

  it('has every operation once, with path parameters, an answer and a refusal', () => {
    const operations = Object.values<Operation>(OPERATIONS)
    for (const operation of operations) {
      const described = at(
        `#/paths/${operation.path.replace('*}', '}').replaceAll('/', '~1')}/${operation.method.toLowerCase()}`,
      ) as Node

      assert.equal(described['operationId'], operation.id)
      const parameters = described['parameters'] as Node[]
      const names = parameters.filter((parameter) => parameter['in'] === 'path').map(({ name }) => name)
      assert.deepEqual(
        names,
        [...operation.path.matchAll(/\{(\w+)\*?\}/g)].map(([, name]) => name),
      )
      const responses = described['responses'] as Node
      const statuses = [operation.dryRunStatus, operation.status].filter((status) => status !== undefined)
      assert.deepEqual(Object.keys(responses), [...statuses.map(String), 'default'])
      for (const response of Object.values(responses)) assert.ok((response as Node)['description'])
    }
    const ids = operations.map(({ id }) => id)
    assert.equal(new Set(ids).size, ids.length)
  })

  it('resolves every reference', () => {
    const references = nodes.flatMap(([pointer, node]) =>
      typeof node['$ref'] === 'string' ? [[pointer, node['$ref']] as const] : [],
    )

    assert.ok(references.length > 20)
    for (const [pointer, reference] of references)
      assert.ok(isNode(at(reference)), `${pointer}: ${reference}`)
  })

  it('describes every property and every parameter', () => {
    const missing = nodes.flatMap(([pointer, node]) => {
      if (pointer.endsWith('/properties')) {
        return Object.entries(node)
          .filter(([, property]) => {
            const { description, $ref } = property as Node
            const target = typeof $ref === 'string' ? (at($ref) as Node) : undefined
            return !(description ?? target?.['description'])
          })
          .map(([name]) => `${pointer}/${name}`)
      }
      return node['in'] === 'query' && !node['description'] ? [pointer] : []
    })

    assert.deepEqual(missing, [])
  })

  it('keeps what is only ours to itself', () => {
    assert.deepEqual(
      nodes.filter(([, node]) => 'x-codes' in node || '$id' in node).map(([pointer]) => pointer),
      [],
    )
  })

  it('refuses identity calls in the shape of Keystone, all others in ours', () => {
    for (const operation of Object.values<Operation>(OPERATIONS)) {
      const path = operation.path.replace('*}', '}').replaceAll('/', '~1')
      const refused = at(
        `#/paths/${path}/${operation.method.toLowerCase()}/responses/default/content/application~1json/schema`,
      ) as Node
      const expected = operation.path.startsWith('/v3/') ? 'IdentityError' : 'ErrorResponse'

      assert.equal(refused['$ref'], `#/components/schemas/${expected}`, operation.id)
    }
  })
})
