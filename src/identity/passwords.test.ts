import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cheapHash } from '../../test/support/accounts-fixture.ts'
import { isTrainyardError } from '../contract/trainyard-error.ts'
import { hashPassword, isPassword } from './passwords.ts'

describe('passwords', () => {
  it('fit the hash made of them and no other', async () => {
    const kept = await hashPassword('Grüße 1')

    assert.match(kept, /^scrypt\$32768\$8\$3\$[^$]+\$[^$]+$/)
    assert.equal(await isPassword('Grüße 1', kept), true)
    assert.equal(await isPassword('Gru\u0308ße 1', kept), true)
    assert.equal(await isPassword('grüße 1', kept), false)
  })

  it('are salted', async () => {
    assert.notEqual(await hashPassword('same'), await hashPassword('same'))
  })

  it('fit a hash of another cost, which its text states', async () => {
    assert.equal(await isPassword('old', cheapHash('old')), true)
    assert.equal(await isPassword('new', cheapHash('old')), false)
  })

  it('never fit an unknown user, a hash of another kind, or an empty one', async () => {
    assert.equal(await isPassword('', undefined), false)
    assert.equal(await isPassword('', ''), false)
    assert.equal(await isPassword('x', 'bcrypt$x'), false)
    assert.equal(await isPassword('', 'scrypt$16$1$1$c2FsdA==$'), false)
  })

  it('are refused in a flood instead of filling the memory, and checked again after it', async () => {
    const kept = cheapHash('right')

    const results = await Promise.allSettled(Array.from({ length: 200 }, () => isPassword('right', kept)))

    const right = results.filter((result) => result.status === 'fulfilled' && result.value)
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
    assert.equal(right.length, 66)
    assert.equal(refused.length, 134)
    assert.ok(refused.every((error) => isTrainyardError(error) && error.code === 'ModelArts.2799'))
    assert.equal(await isPassword('right', kept), true)
  })

  it('give their turn back when a hash cannot be worked out', async () => {
    for (let at = 0; at < 5; at += 1) await assert.rejects(isPassword('x', 'scrypt$3$1$1$c2FsdA==$AAAA'))

    assert.equal(await isPassword('right', cheapHash('right')), true)
  })
})
