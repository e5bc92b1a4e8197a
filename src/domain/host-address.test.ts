import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { canonicalAddress } from './host-address.ts'

describe('canonicalAddress', () => {
  it('leaves IPv4 as it is', () => {
    assert.equal(canonicalAddress('10.0.0.7'), '10.0.0.7')
  })

  it('gives each IPv6 address one spelling', () => {
    for (const text of ['2001:db8::1', '2001:0DB8:0:0:0:0:0:1', '2001:db8:0:0::1']) {
      assert.equal(canonicalAddress(text), '2001:db8::1', text)
    }
  })

  it('knows no other texts', () => {
    for (const text of [
      '',
      'node-1',
      '10.0.0',
      '10.0.0.256',
      '10.0.0.7:22',
      '[::1]',
      'fe80::1%eth0',
      '1::2::3',
    ]) {
      assert.equal(canonicalAddress(text), undefined, text)
    }
  })

  it('tells addresses from other texts as Node does', () => {
    const part = fc.constantFrom('0', '1', '01', '255', '256', 'ab', 'ABCD', 'abcde', '', 'g', '1.2.3.4')
    const text = fc
      .tuple(fc.array(part, { maxLength: 9 }), fc.constantFrom(':', '.', '::'))
      .map(([parts, separator]) => parts.join(separator))

    fc.assert(
      fc.property(fc.oneof(text, fc.ipV4(), fc.ipV6(), fc.string()), (candidate) => {
        assert.equal(canonicalAddress(candidate) !== undefined, isIP(candidate) !== 0, candidate)
      }),
      { numRuns: 3_000 },
    )
  })

  it('spells its own answers the same', () => {
    fc.assert(
      fc.property(fc.ipV6(), (candidate) => {
        const address = canonicalAddress(candidate)

        assert.ok(address !== undefined && isIP(address) === 6)
        assert.equal(canonicalAddress(address), address)
      }),
    )
  })
})
