import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
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
})
