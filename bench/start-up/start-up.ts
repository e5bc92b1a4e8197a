import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { cpus, loadavg, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const ROUNDS = 5
const LONGEST_MS = 60_000
const GOAL_FIRST_START_MS = 1000

/** What is timed; the reference is the least any program on this Node takes. */
const MEASURES = {
  reference: 'node -e 0',
  first_start: 'node dist/main.js serve, new data directory, to the ready line',
  first_start_bare: 'the same with an empty search path: no interpreter to ask',
  next_start: 'a second start on the data directory of the first',
  first_start_sources: 'node src/main.ts serve (npm start), new data directory',
  version: 'node dist/main.js --version',
  help: 'node dist/main.js submit --help',
  list: 'node dist/main.js list, of a running server',
} as const

type Measure = keyof typeof MEASURES

const NO_PATH = { ...process.env, PATH: '/nonexistent' }

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now()
  await work()
  return performance.now() - start
}

const command = (args: readonly string[], data?: string): Promise<number> =>
  timed(() =>
    run(process.execPath, args, {
      cwd: root,
      timeout: LONGEST_MS,
      env: { ...process.env, ...(data === undefined ? {} : { TRAINYARD_DATA: data }) },
    }),
  )

interface Started {
  readonly readyMs: number
  stop(): Promise<void>
}

const startServer = async (main: string, data: string, env = process.env): Promise<Started> => {
  const begin = performance.now()
  const child = spawn(
    process.execPath,
    [main, 'serve', '--port', '0', '--data', data, '--log-level', 'warn'],
    { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })
  const [line] = await Promise.race([
    once(lines, 'line', { signal: AbortSignal.timeout(LONGEST_MS) }) as Promise<[string]>,
    exited.then(([code]): [string] => [`the server ended with ${code}`]),
  ])
  const readyMs = performance.now() - begin
  if (!line.startsWith('Trainyard listening on ')) throw new Error(line)
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await exited
  }
  return { readyMs, stop }
}

const withDirectory = async <Answer>(work: (directory: string) => Promise<Answer>): Promise<Answer> => {
  const directory = await mkdtemp(join(tmpdir(), 'trainyard-bench-'))
  try {
    return await work(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const startOnce = async (main: string, data: string, env = process.env): Promise<number> => {
  const started = await startServer(main, data, env)
  await started.stop()
  return started.readyMs
}

const round = (): Promise<Record<Measure, number>> =>
  withDirectory(async (data) => {
    const reference = await command(['-e', '0'])
    const firstStart = await startOnce('dist/main.js', data)
    const server = await startServer('dist/main.js', data)
    const list = await command(['dist/main.js', 'list'], data).finally(server.stop)
    return {
      reference,
      first_start: firstStart,
      first_start_bare: await withDirectory((fresh) => startOnce('dist/main.js', fresh, NO_PATH)),
      next_start: server.readyMs,
      first_start_sources: await withDirectory((fresh) => startOnce('src/main.ts', fresh)),
      version: await command(['dist/main.js', '--version']),
      help: await command(['dist/main.js', 'submit', '--help']),
      list,
    }
  })

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

const [loadBefore = 0] = loadavg()
await run('npm', ['run', '-s', 'build'], { cwd: root, timeout: LONGEST_MS })
await round() // Files get into the memory of the machine.
const rounds: Record<Measure, number>[] = []
for (let index = 0; index < ROUNDS; index += 1) rounds.push(await round())

const measures = Object.entries(MEASURES).map(([name, what]) => {
  const values = rounds.map((one) => one[name as Measure])
  return {
    name,
    what,
    median_ms: Math.round(median(values)),
    all_ms: values.map((value) => Math.round(value)),
  }
})
const result = {
  date: new Date().toISOString(),
  machine: { cpu: cpus()[0]?.model, cores: cpus().length, memory_gb: Math.round(totalmem() / 2 ** 30) },
  load_before: Math.round(loadBefore * 100) / 100,
  node: process.versions.node,
  goal_first_start_ms: GOAL_FIRST_START_MS,
  measures,
}
await writeFile(join(import.meta.dirname, 'last.json'), `${JSON.stringify(result, null, 2)}\n`)
const table = [
  `${result.date.slice(0, 10)}, Node ${result.node}, ${result.machine.cores} cores, load ${result.load_before} before.`,
  '',
  '| measure | median | what |',
  '| --- | --- | --- |',
  ...measures.map(({ name, median_ms: ms, what }) => `| ${name} | ${ms} ms | ${what} |`),
].join('\n')
const page = join(import.meta.dirname, 'README.md')
const text = (await readFile(page, 'utf8')).replace(
  /(<!-- figures -->\n)[\s\S]*?(\n<!-- end of figures -->)/,
  (_all, begin: string, end: string) => `${begin}\n${table}\n${end}`,
)
await writeFile(page, text)
process.stdout.write(`${table}\n`)
