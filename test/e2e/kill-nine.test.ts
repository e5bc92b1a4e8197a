import assert from 'node:assert/strict'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import {
  Estimator,
  isTrainyardError,
  iterateJobs,
  type JobResponse,
  type Session,
  TrainingJob,
} from '../../src/sdk/node/index.ts'
import { makeDataDirectory, removeDirectory, ServerProcess, until } from '../support/server-process.ts'

const ROUNDS = 10
const JOBS = 20
const SLOTS = 10
const FINAL = ['Completed', 'Failed', 'Terminated', 'Abnormal']

/** Each program says so in a file of its own when it begins, runs two seconds, and ends with the code it was given. */
const program = (marks: string, index: number): string =>
  `echo begun >> ${marks}/job-${index}; echo line one of ${index}; sleep 2; echo line two of ${index}; exit ${exitCode(index)}`

/** Every fourth job fails, with a code of its own. */
const exitCode = (index: number): number => (index % 4 === 3 ? 10 + index : 0)

describe('a server killed with kill -9 while jobs run', () => {
  let data: string
  let marks: string
  let server: ServerProcess

  before(async () => {
    data = await makeDataDirectory(`local: { cpus: ${SLOTS} }\n`)
    marks = await mkdtemp(join(tmpdir(), 'trainyard-marks-'))
    server = await ServerProcess.start(data)
  })

  after(async () => {
    await server.end()
    await removeDirectory(data)
    await removeDirectory(marks)
  })

  const create = (round: number, index: number): Promise<TrainingJob> =>
    TrainingJob.create(server.session(), {
      metadata: { name: `round-${round}-${index}` },
      algorithm: { command: program(marks, round * JOBS + index), engine: { engine_id: 'command' } },
      spec: { resource: { flavor_id: 'yard.cpu.1' } },
    })

  /** Submits all jobs, also across the death of the server. A create that got no answer may have happened or not. */
  const submit = async (round: number, whenAlive: () => Promise<void>): Promise<Set<string>> => {
    const accepted = new Set<string>()
    for (let index = 0; index < JOBS; index += 1) {
      try {
        accepted.add((await create(round, index)).jobId)
      } catch (error) {
        if (!isTrainyardError(error) || error.code !== 'connection_failed') throw error
        await whenAlive()
        const known = (await jobsOf(server.session(), round)).some(
          ({ metadata }) => metadata.name === `round-${round}-${index}`,
        )
        if (!known) accepted.add((await create(round, index)).jobId)
      }
    }
    return accepted
  }

  const jobsOf = async (session: Session, round: number): Promise<JobResponse[]> => {
    const jobs: JobResponse[] = []
    const filters = [{ key: 'name', operator: 'like', value: [`round-${round}-`] }]
    for await (const job of iterateJobs(session, { filters })) jobs.push(job)
    return jobs
  }

  const checkJob = async (session: Session, job: JobResponse, number: number): Promise<void> => {
    const expected = exitCode(number)
    const { phase, task_statuses: statuses, duration } = job.status
    assert.equal(phase, expected === 0 ? 'Completed' : 'Failed', JSON.stringify(job.status))
    assert.equal(statuses?.[0]?.exit_code, expected === 0 ? undefined : expected)
    assert.ok(duration >= 2_000, `ran ${duration} ms`)
    assert.equal(await readFile(join(marks, `job-${number}`), 'utf8'), 'begun\n', 'ran exactly once')
    const { content } = await new Estimator({ session, jobId: job.metadata.id }).getJobLog()
    const lines = content
      .split('\n')
      .filter((line) => line !== '' && !line.includes('[ModelArts Service Log]'))
    assert.deepEqual(lines, [`line one of ${number}`, `line two of ${number}`])
  }

  for (let round = 0; round < ROUNDS; round += 1) {
    it(`finds every job again and starts none twice, round ${round + 1} of ${ROUNDS}`, async () => {
      const killed = (async () => {
        await new Promise((resume) => setTimeout(resume, Math.random() * 4_000))
        await server.end('SIGKILL')
        server = await ServerProcess.start(data)
      })()
      const accepted = await submit(round, () => killed)
      await killed
      const session = server.session()

      const jobs = await until('all jobs final', async () => {
        const found = await jobsOf(session, round)
        return found.length === JOBS && found.every(({ status }) => FINAL.includes(status.phase)) && found
      })

      const ids = new Set(jobs.map(({ metadata }) => metadata.id))
      assert.deepEqual(
        [...accepted].filter((id) => !ids.has(id)),
        [],
        'no accepted job is lost',
      )
      for (const job of jobs) {
        const index = Number(job.metadata.name.split('-').at(-1))
        await checkJob(session, job, round * JOBS + index)
      }
    })
  }
})
