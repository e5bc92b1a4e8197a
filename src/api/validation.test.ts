import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Ajv } from 'ajv'
import { OPERATIONS, type Operation } from '../contract/operations.ts'
import { toRules, toTypesOnly } from './json-schema.ts'
import { VALIDATOR_OPTIONS } from './validation.ts'

describe('the schemas of bodies and queries', () => {
  for (const operation of Object.values<Operation>(OPERATIONS)) {
    const schemas = [operation.body, operation.query].filter((schema) => schema !== undefined)
    if (schemas.length === 0) continue
    it(`of ${operation.id} are sound, which no start checks`, () => {
      for (const rules of schemas.map(toRules)) {
        // With its check of schemas on, the validator throws for one that is not.
        assert.ok(new Ajv(VALIDATOR_OPTIONS).compile(rules))
        assert.ok(new Ajv(VALIDATOR_OPTIONS).compile(toTypesOnly(rules)))
      }
    })
  }
})
