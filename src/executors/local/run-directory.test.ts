import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isSafeName, RunDirectory } from './run-directory.ts'

describe('paths of a run', () => {
  const { sandbox, place } = new RunDirectory('/data/runs', '/data/logs', 'job', 1).task('worker-0')

  it('show canonical directories below the sandbox', () => {
    assert.equal(sandbox, '/data/runs/job/1/worker-0/sandbox')
    assert.equal(place('/home/ma-user/x'), `${sandbox}/home/ma-user/x`)
    assert.equal(place('/cache/'), `${sandbox}/cache`)
    assert.equal(place('/'), sandbox)
  })

  it('never lead out of the sandbox', () => {
    const segment = fc.oneof(fc.constantFrom('..', '.', '', '/', 'a'), fc.string())
    fc.assert(
      fc.property(fc.array(segment), (segments) => {
        const path = place(segments.join('/'))
        assert.ok(path === sandbox || path.startsWith(`${sandbox}/`), path)
        assert.ok(!path.split('/').includes('..'), path)
      }),
    )
  })

  it('refuse ids that are no names', () => {
    for (const name of ['..', '.', '', 'a/b', '.hidden', 'a\0', '-'.repeat(3)])
      assert.equal(isSafeName(name), false)
    assert.throws(() => new RunDirectory('/r', '/l', '../x', 1), { code: 'ModelArts.2950' })
  })
})
