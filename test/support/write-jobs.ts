import { writeSync } from 'node:fs'
import { openSqliteStore } from '../../src/store/sqlite/open-store.ts'
import { aJobRecord } from './job-builder.ts'

/**
 * Program of the durability test: creates and changes jobs in the file it is given until it is killed, and prints
 * each fact once the store has promised it.
 */
const [file = ''] = process.argv.slice(2)
const store = openSqliteStore({ file })

for (;;) {
  const record = aJobRecord({ phase: 'Creating', metadata: { name: crypto.randomUUID() } })
  const { id: jobId } = record
  const time = Date.now()
  await store.jobs.create(record, {
    move: { jobId, version: 1, from: null, to: 'Creating', secondaryPhase: 'Creating', reason: null, time },
    events: [{ jobId, source: 'Job', level: 'Info', message: 'Job created.', time }],
  })
  writeSync(1, `created ${jobId}\n`)
  const pending = aJobRecord({ id: jobId, phase: 'Pending', metadata: { name: record.job.metadata.name } })
  await store.jobs.change(pending, {
    move: {
      jobId,
      version: 2,
      from: 'Creating',
      to: 'Pending',
      secondaryPhase: 'Queuing',
      reason: null,
      time,
    },
    events: [{ jobId, source: 'Job', level: 'Info', message: 'Queued, waiting for resources.', time }],
  })
  writeSync(1, `changed ${jobId}\n`)
}
