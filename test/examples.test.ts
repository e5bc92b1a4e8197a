import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'

const iris = join(import.meta.dirname, '../examples/iris')

interface Finished {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

/** Runs a script of the example as Trainyard would: `--name=value` arguments and variables of the platform. */
const python = async (
  script: string,
  options: readonly string[] = [],
  variables: Readonly<Record<string, string>> = {},
): Promise<Finished> => {
  const child = spawn('python3', ['-B', join(iris, script), ...options], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], PYTHONUNBUFFERED: '1', ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk
  })
  return await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output, errors }))
  })
}

const testAccuracy = (output: string): number => Number(/^test_accuracy=([\d.]+)$/m.exec(output)?.[1])

const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  await new Promise((resolve) => server.close(resolve))
  return address.port
}

describe('the iris example', () => {
  let directory = ''
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'trainyard-examples-'))
  })
  after(() => rm(directory, { recursive: true, force: true }))

  const places = (name: string): string[] => [`--data_url=${iris}`, `--train_url=${join(directory, name)}`]
  const readModel = async (name: string): Promise<{ test_accuracy: number; weights: number[][] }> =>
    JSON.parse(await readFile(join(directory, name, 'model.json'), 'utf8'))

  it("has Fisher's 150 rows, 50 of each species", async () => {
    const [header, ...rows] = (await readFile(join(iris, 'iris.csv'), 'utf8')).trimEnd().split('\n')

    assert.equal(header, 'sepal_length,sepal_width,petal_length,petal_width,species')
    const perSpecies = new Map<string, number>()
    for (const row of rows) {
      assert.match(row, /^(\d\.\d,){4}(setosa|versicolor|virginica)$/)
      const species = row.slice(row.lastIndexOf(',') + 1)
      perSpecies.set(species, (perSpecies.get(species) ?? 0) + 1)
    }
    assert.deepEqual(Object.fromEntries(perSpecies), { setosa: 50, versicolor: 50, virginica: 50 })
  })

  it('trains in one process and says how well', async () => {
    const { code, output, errors } = await python('train.py', [
      ...places('single'),
      '--epochs=300',
      '--unknown_to_the_script=1',
    ])

    assert.equal(code, 0, errors)
    assert.match(output, /^epoch 10 loss=0\.\d+ accuracy=0\.\d+$/m)
    assert.ok(testAccuracy(output) >= 0.9, output)
    assert.equal((await readModel('single')).test_accuracy.toFixed(4), testAccuracy(output).toFixed(4))
  })

  it('repeats itself, and takes its parameters', async () => {
    const [first, same, other] = await Promise.all([
      python('train.py', [...places('first'), '--seed=3']),
      python('train.py', [...places('same'), '--seed=3']),
      python('train.py', [...places('other'), '--seed=3', '--learning_rate=0.9']),
    ])

    assert.equal(first.output, same.output)
    assert.notEqual(first.output, other.output)
  })

  it('trains on two workers to what one process finds', async () => {
    const options = ['--learning_rate=0.5', '--epochs=200']
    const variables = {
      MA_NUM_HOSTS: '2',
      VC_WORKER_HOSTS: '127.0.0.1,127.0.0.1',
      TRAINYARD_MASTER_PORT: String(await freePort()),
    }
    const [alone, second, first] = await Promise.all([
      python('train.py', [...places('alone'), ...options]),
      python('train_distributed.py', [...places('both'), ...options], { ...variables, VC_TASK_INDEX: '1' }),
      python('train_distributed.py', [...places('both'), ...options], { ...variables, VC_TASK_INDEX: '0' }),
    ])

    assert.deepEqual([first.code, second.code], [0, 0], first.errors + second.errors)
    assert.match(first.output, /^worker 0 of 2: 53 of 105 flowers$/m)
    assert.match(second.output, /^worker 1 of 2: 52 of 105 flowers$/m)
    assert.ok(testAccuracy(first.output) >= 0.9, first.output)
    assert.equal(testAccuracy(second.output), testAccuracy(first.output))
    assert.equal(testAccuracy(alone.output), testAccuracy(first.output))
    const [oneModel, twoModel] = await Promise.all([readModel('alone'), readModel('both')])
    const differences = oneModel.weights.flatMap((row, index) =>
      row.map((weight, column) => Math.abs(weight - (twoModel.weights[index]?.[column] ?? Number.NaN))),
    )
    assert.ok(Math.max(...differences) < 1e-9, `weights differ by ${Math.max(...differences)}`)
  })

  it('finds its workers by the arguments of a PyTorch engine as well', async () => {
    const meeting = [`--init_method=tcp://127.0.0.1:${await freePort()}`, '--world_size=3', '--epochs=50']
    const finished = await Promise.all(
      [0, 1, 2].map((rank) =>
        python('train_distributed.py', [...places('three'), ...meeting, `--rank=${rank}`]),
      ),
    )

    for (const { code, errors } of finished) assert.equal(code, 0, errors)
    assert.equal(new Set(finished.map(({ output }) => testAccuracy(output))).size, 1)
  })

  it('fails with exit code 7 and says so in the broken script', async () => {
    const { code, errors } = await python('broken.py')

    assert.equal(code, 7)
    assert.match(errors, /always fails; leaving with exit code 7/)
  })
})
