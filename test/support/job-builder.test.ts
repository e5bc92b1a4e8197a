import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Value } from 'typebox/value'
import { PHASES } from '../../src/contract/phases.ts'
import { TrainingJob } from '../../src/contract/training-job.ts'
import { aJobRecord } from './job-builder.ts'

describe('aJobRecord', () => {
  it('builds documents the contract allows, in every phase', () => {
    for (const phase of PHASES) {
      const { job } = aJobRecord({ phase })

      assert.deepEqual([...Value.Errors(TrainingJob, job)], [])
      assert.equal(job.status.phase, phase)
    }
  })

  it('keeps one id, and takes overrides', () => {
    const record = aJobRecord({ id: 'job-7', ownerId: 'user-7', metadata: { name: 'seven' } })

    assert.equal(record.job.metadata.id, 'job-7')
    assert.equal(record.job.trainyard?.owner, 'user-7')
    assert.equal(record.job.metadata.name, 'seven')
  })
})
