/**
 * Starts a server of its own, trains on it, and shows what the job list says: `npm run demo`.
 * Nothing is left behind: no process, no file.
 */
import { join } from 'node:path'
import {
  Estimator,
  isTrainyardError,
  type JobResponse,
  Session,
  type TrainingJob,
} from '../src/sdk/node/index.ts'
import { textTable } from './demo/job-table.ts'
import { LocalServer } from './demo/local-server.ts'
import { ProgressDisplay } from './demo/progress-display.ts'

const LONGEST_MS = 95_000
const STOP_JOBS_MS = 10_000
const LEAST_ACCURACY = 0.9
const BROKEN_EXIT_CODE = 7

/** Four slots, so that a job of two nodes fits on small machines too. Five are asked for: one job has to wait. */
const CONFIGURATION = 'local: { cpus: 4 }\n'
const BUCKET = 'obs://demo/iris/'
const iris = join(import.meta.dirname, 'iris')

interface Run {
  readonly name: string
  readonly bootFile: string
  readonly nodes: number
  readonly learningRate?: string
}

const RUNS: readonly Run[] = [
  { name: 'iris-lr-0_01', bootFile: 'train.py', nodes: 1, learningRate: '0.01' },
  { name: 'iris-lr-0_1', bootFile: 'train.py', nodes: 1, learningRate: '0.1' },
  { name: 'iris-lr-1', bootFile: 'train_distributed.py', nodes: 2, learningRate: '1' },
  { name: 'iris-broken', bootFile: 'broken.py', nodes: 1 },
]

const TRY_NEXT = `What to try next:

  npm start                                # a server that stays, on port 8080, with its data in ~/.trainyard
  npm run -s trainyard -- submit --name first --code-dir examples/iris/ --boot-file train.py \\
      --input data_url=examples/iris/ --output train_url=obs://lab/first/ --param learning_rate=0.5 --wait
  npm run -s trainyard -- list
  npm run -s trainyard -- logs first
  npm run -s trainyard -- cp -r obs://lab/first/ ./first-model/`

const say = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

/** What a user would do in Python with the vendor's SDK, word for word. */
const demo = async (server: LocalServer, jobs: TrainingJob[], signal: AbortSignal): Promise<void> => {
  // Signs in with the key that the server made for its first user, from the credentials in its data directory.
  const session = new Session({ env: { TRAINYARD_DATA: server.dataDirectory } })
  say('Uploading code and data')
  for (const script of new Set(RUNS.map((run) => run.bootFile))) {
    await session.obs.uploadFile(join(iris, script), `${BUCKET}code/`, { signal })
  }
  await session.obs.uploadFile(join(iris, 'iris.csv'), `${BUCKET}data/`, { signal })

  say(`Submitting ${RUNS.length} jobs, one of them broken on purpose\n`)
  const engineId = await newestPython(session, signal)
  for (const run of RUNS) jobs.push(await submit(session, run, engineId, signal))
  await watch(jobs, signal)

  const page = await Estimator.getJobList({
    session,
    offset: 0,
    limit: 10,
    sortBy: 'create_time',
    order: 'asc',
    filters: [{ key: 'name', operator: 'like', value: ['iris'] }],
    signal,
  })
  const results = await Promise.all(page.items.map((job) => toResult(session, job, signal)))
  say(`\nThe list call: ${page.count} of ${page.total} jobs have "iris" in their name\n`)
  say(describe(results))
  check(results)
}

const newestPython = async (session: Session, signal: AbortSignal): Promise<string> => {
  const engines = await Estimator.getEngines({ session, signal })
  const [newest] = engines
    .filter((engine) => engine.engine_name === 'Python')
    .sort((a, b) => b.engine_version.localeCompare(a.engine_version, 'en', { numeric: true }))
  if (!newest)
    throw new Error('The server has found no Python: install python3 (3.9 or newer) and try again.')
  return newest.engine_id
}

const submit = async (
  session: Session,
  run: Run,
  engineId: string,
  signal: AbortSignal,
): Promise<TrainingJob> => {
  const estimator = new Estimator({
    session,
    engineId,
    trainingFiles: { codeDir: `${BUCKET}code/`, bootFile: run.bootFile },
    outputs: [{ name: 'train_url', obsPath: `${BUCKET}${run.name}/` }],
    parameters: run.learningRate
      ? [
          { name: 'learning_rate', value: run.learningRate },
          { name: 'epochs', value: 4000 },
        ]
      : [],
    trainInstanceType: 'yard.cpu.1',
    trainInstanceCount: run.nodes,
  })
  return await estimator.fit({
    inputs: [{ name: 'data_url', obsPath: `${BUCKET}data/` }],
    jobName: run.name,
    signal,
  })
}

/** Shows how the jobs get on until all of them are final. */
const watch = async (jobs: readonly TrainingJob[], signal: AbortSignal): Promise<void> => {
  const names = RUNS.map((run) => run.name)
  const display = new ProgressDisplay(process.stdout, names)
  await Promise.all(
    jobs.map(async (job, index) => {
      const name = names[index] ?? job.jobId
      const showNotes = async (): Promise<void> => {
        for await (const text of job.followLog('worker-0', { signal })) {
          const note = text.trimEnd().split('\n').at(-1)
          if (note) display.setNote(name, note)
        }
      }
      const showPhases = async (): Promise<void> => {
        const onChange = ({ status }: JobResponse): void => display.setPhase(name, status.phase)
        try {
          await job.waitForCompletion({ onChange, signal, intervalMs: 100 })
        } catch (error) {
          // A failed job is a result here, as any other.
          if (!isTrainyardError(error) || error.code !== 'job_not_successful') throw error
        }
      }
      await Promise.all([showPhases(), showNotes()])
    }),
  )
}

/** A job as the demo shows and checks it. */
interface Result {
  readonly job: JobResponse
  readonly accuracy: number | undefined
  readonly exitCode: number | undefined
}

const toResult = async (session: Session, job: JobResponse, signal: AbortSignal): Promise<Result> => {
  const estimator = new Estimator({ session, jobId: job.metadata.id })
  const { content } = await estimator.getJobLog('worker-0', { signal })
  const accuracy = /^test_accuracy=(?<value>[\d.]+)$/m.exec(content)?.groups?.['value']
  const [failed] = job.status.task_statuses ?? []
  return {
    job,
    accuracy: accuracy === undefined ? undefined : Number(accuracy),
    // By the contract, Completed means that every task has ended with 0.
    exitCode: failed?.exit_code ?? (job.status.phase === 'Completed' ? 0 : undefined),
  }
}

const parameter = (job: JobResponse, name: string): string | undefined =>
  job.algorithm?.parameters?.find((candidate) => candidate.name === name)?.value

const describe = (results: readonly Result[]): string =>
  textTable(
    ['name', 'phase', 'duration', 'nodes', 'learning rate', 'test accuracy', 'exit code'],
    results.map(({ job, accuracy, exitCode }) => [
      job.metadata.name,
      job.status.phase,
      `${(job.status.duration / 1000).toFixed(1)} s`,
      String(job.spec?.resource?.node_count ?? '-'),
      parameter(job, 'learning_rate') ?? '-',
      accuracy?.toFixed(4) ?? '-',
      String(exitCode ?? '-'),
    ]),
  )

/** @throws Error naming everything that is not as it has to be. */
const check = (results: readonly Result[]): void => {
  const names = results.map(({ job }) => job.metadata.name)
  const expected = RUNS.map((run) => run.name)
  const wrongList =
    names.join() === expected.join() ? [] : [`the list is ${names.join(', ')}, not ${expected.join(', ')}`]
  const wrongJobs = results.flatMap(({ job, accuracy, exitCode }) => {
    const { name } = job.metadata
    const { phase } = job.status
    if (name === 'iris-broken') {
      const isRight = phase === 'Failed' && exitCode === BROKEN_EXIT_CODE
      return isRight ? [] : [`${name} is ${phase} (exit code ${exitCode}), not Failed (${BROKEN_EXIT_CODE})`]
    }
    if (phase !== 'Completed') return [`${name} is ${phase} (${job.trainyard?.reason}), not Completed`]
    const isGood = accuracy !== undefined && accuracy >= LEAST_ACCURACY
    return isGood ? [] : [`${name} has test accuracy ${accuracy}, less than ${LEAST_ACCURACY}`]
  })
  const wrong = [...wrongList, ...wrongJobs]
  if (wrong.length > 0) throw new Error(`Not as expected: ${wrong.join('; ')}.`)
}

/** Jobs outlive their server, so what still runs is stopped first. */
const stopJobs = async (jobs: readonly TrainingJob[]): Promise<void> => {
  await Promise.allSettled(
    jobs.map(async (job) => {
      const { status } = await job.getJobInfo({ timeoutMs: STOP_JOBS_MS })
      if (['Completed', 'Failed', 'Terminated'].includes(status.phase)) return
      if (status.phase !== 'Terminating') await job.stop({ timeoutMs: STOP_JOBS_MS })
      await job.waitForCompletion({ timeoutMs: STOP_JOBS_MS, intervalMs: 100 })
    }),
  )
}

/** Ends the demo early: on Ctrl-C, on a request to stop, at the deadline. */
const endEarly = (): AbortController => {
  const controller = new AbortController()
  const end = (reason: string): void => controller.abort(new Error(reason))
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => end(`Stopped by ${name}.`))
  setTimeout(() => end(`Not done within ${LONGEST_MS / 1000} s.`), LONGEST_MS).unref()
  return controller
}

const main = async (): Promise<void> => {
  const startedAt = Date.now()
  const early = endEarly()
  const { signal } = early
  const jobs: TrainingJob[] = []
  let server: LocalServer | undefined
  try {
    say('Starting a server of its own')
    server = await LocalServer.start(CONFIGURATION, signal)
    void server.ended().then(() => early.abort(new Error('The server has ended by itself.')))
    await demo(server, jobs, signal)
    say(`\nAll as expected, after ${((Date.now() - startedAt) / 1000).toFixed(1)} s.\n\n${TRY_NEXT}`)
  } catch (error) {
    process.exitCode = 1
    const cause: unknown = signal.aborted ? signal.reason : error
    process.stderr.write(`\nThe demo failed. ${cause instanceof Error ? cause.message : String(cause)}\n`)
  } finally {
    await stopJobs(jobs)
    await server?.stop()
  }
}

await main()
