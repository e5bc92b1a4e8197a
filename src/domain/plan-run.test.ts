import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aJobRecord } from '../../test/support/job-builder.ts'
import type { JobRecord } from './job-record.ts'
import { MASK, planRun } from './plan-run.ts'

const withParameters = (names: readonly string[], secrets: JobRecord['secrets']): JobRecord => {
  const record = aJobRecord()
  const parameters = names.map((name) => ({ name, value: Object.hasOwn(secrets, name) ? MASK : 'plain' }))
  return {
    ...record,
    secrets,
    job: { ...record.job, algorithm: { command: 'true', engine: { engine_id: 'command' }, parameters } },
    run: {
      attempt: 1,
      executor: 'local',
      placedAt: 0,
      masterPort: 1,
      tasks: [{ task: 'worker-0', state: 'preparing', devices: [], ip: '127.0.0.1', hostIp: '127.0.0.1' }],
    },
  }
}

const valuesOf = (record: JobRecord) => {
  const plan = planRun(record, () => undefined)
  return typeof plan === 'string' ? assert.fail(plan) : plan.tasks[0]?.parameters
}

describe('planRun', () => {
  it('hands the program what answers mask', () => {
    const record = withParameters(['token', 'epochs'], { token: 's3cret' })

    assert.deepEqual(valuesOf(record), [
      { name: 'token', value: 's3cret' },
      { name: 'epochs', value: 'plain' },
    ])
  })

  it('takes a parameter for sensitive only when it is, whatever its name', () => {
    const record = withParameters(['constructor', '__proto__', 'toString'], {})

    assert.deepEqual(
      valuesOf(record)?.map(({ value }) => value),
      ['plain', 'plain', 'plain'],
    )
  })
})
