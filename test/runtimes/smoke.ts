import assert from 'node:assert/strict'
import { Estimator, hasCode, Session, TrainingJob } from '../../src/sdk/node/index.ts'

// A program as users write it: run by Node, Bun and Deno with TRAINYARD_DATA set. Prints what it did as JSON.

const [runtime = 'unknown'] = process.argv.slice(2)
const session = new Session()
const bucket = `obs://lab/${runtime}`

await session.obs.put(`${bucket}/code/hello.sh`, 'for i in 1 2 3; do echo "line $i ä"; sleep 0.2; done\n')
const uploaded = await session.obs.uploadDir(import.meta.dirname, `${bucket}/files/`)
const text = await (await session.obs.get(`${bucket}/code/hello.sh`)).text()
assert.match(text, /^for i/)

const request = {
  metadata: { name: `from-${runtime}` },
  algorithm: {
    code_dir: `${bucket}/code/`,
    command: 'sh ./hello.sh',
    engine: { engine_id: 'command' },
  },
  spec: { resource: { flavor_id: 'yard.cpu.1' } },
}
const dry = await TrainingJob.validate(session, request)
assert.equal(dry.metadata.name, `from-${runtime}`)
const job = await TrainingJob.create(session, request)
const lines: string[] = []
for await (const line of job.logLines()) lines.push(line.text)
const { status } = await job.waitForCompletion()
const { items } = await Estimator.getJobList({
  session,
  filters: [{ key: 'name', operator: 'like', value: [runtime] }],
})
const refused = await new TrainingJob({ session, jobId: 'none' }).info().catch((error: unknown) => error)
assert.ok(hasCode(refused, 'ModelArts.2775'), String(refused))
const aborted = await job.info({ signal: AbortSignal.abort() }).catch((error: unknown) => error)
assert.ok(hasCode(aborted, 'request_aborted'), String(aborted))

console.log(
  JSON.stringify({
    lines,
    phase: status.phase,
    names: items.map(({ metadata }) => metadata.name),
    files: uploaded.files,
  }),
)
