import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { commandTree, verbsOf, wordsAfterHelp } from '../../tools/command-tree.ts'
import { type BlockRun, DocReader } from '../support/doc-reader.ts'

/** Examples that need a person, a screen or a terminal of their own; the terminal tests drive their verbs. */
const NOT_RUN = [
  /^trainyard serve/,
  /--watch\b/,
  /--edit\b/,
  /^trainyard (?:login|profile)\b/,
  /--profile\b/,
  /^trainyard open(?!.*--print)/,
]
/** Where an example may also tell of trouble: `doctor` looks at this machine. */
const MAY_END_WITH: readonly (readonly [RegExp, number])[] = [[/^trainyard doctor/, 1]]

const CONFIGURATION = `local: { cpus: 8, memory_gb: 8, gpus: { count: 4 } }
limits: { stop_grace_seconds: 1 }
engines: [{ id: torch, name: PyTorch, version: "2.3", interpreter: PYTHON }]
`

const PROGRAM = `import pathlib, sys
arguments = dict(word[2:].split("=", 1) for word in sys.argv[1:])
for epoch in range(3):
    print(f"epoch {epoch} loss={1 / (epoch + 1):.4f}", flush=True)
if "train_url" in arguments:
    pathlib.Path(arguments["train_url"], "model.json").write_text("{}")
`

/** What the examples take for granted. */
const FIXTURE = `mkdir -p ~/.trainyard ~/srv ~/backups code
cat > ~/.trainyard/trainyard.yaml <<END
${CONFIGURATION.replace('PYTHON', '$(command -v python3)')}END
cat > code/train.py <<'END'
${PROGRAM}END
cp examples/iris/iris.csv .
cat > job.yaml <<'END'
metadata: { name: from-file }
algorithm: { code_dir: code/, boot_file: train.py }
spec: { resource: { node_count: 1 } }
END
`

const JOBS = `trainyard cp -r code obs://lab/code/
for path in out/model.json out/old/model.json out/resnet50/model.json; do echo '{}' > one; trainyard cp one "obs://lab/$path"; done
for name in iris-1 iris-2; do trainyard submit -n "$name" -c code -b train.py; done
trainyard submit -n resnet50 -c code -b train.py -p learning_rate=0.1 --nodes 2 --flavor yard.cpu.1 --wait
for number in 2 3; do trainyard submit -n "resnet50-$number" -c code -b train.py -p learning_rate=0.$number; done
for name in sweep-2 sweep-3; do trainyard submit -n "$name" --command 'echo done' --wait; done
trainyard submit -n sweep-1 --command 'sleep 300'
trainyard submit -n sad --command 'exit 3'
`

const AGAIN = `trainyard delete resnet50 --yes >/dev/null 2>&1
trainyard submit -n resnet50 --command 'echo started; sleep 300' --flavor yard.cpu.1 --nodes 2 >/dev/null
until trainyard logs resnet50 worker-1 2>&1 | grep -q started; do sleep 0.2; done\n`
/** What an example needs that those before it have used up. */
const BEFORE: readonly (readonly [RegExp, string])[] = [
  [/^trainyard submit -n resnet50/, 'trainyard delete resnet50 --yes >/dev/null 2>&1\n'],
  [/^trainyard (?:stop|open) resnet50/, AGAIN],
  [/running -o ids \| xargs/, "trainyard submit -n busy --command 'sleep 300' >/dev/null\nsleep 2\n"],
  [/obs:\/\/lab\/out\/model\.json -/, 'trainyard cp one obs://lab/out/model.json 2>/dev/null\n'],
  [/^trainyard (?:rm|cp -r) .*out\//, 'trainyard cp one obs://lab/out/old/x 2>/dev/null\n'],
  [
    /^trainyard backup/,
    'rm -rf ~/backups/* ~/srv/*; cp -r ~/.trainyard ~/srv/trainyard 2>/dev/null || true\n',
  ],
  [/^trainyard restore/, 'rm -rf ~/srv/trainyard; rm -f yard.tar; trainyard backup yard.tar\n'],
]

const examples = verbsOf(commandTree()).flatMap(({ command }) => wordsAfterHelp(command).examples)
const run = examples.filter((example) => !NOT_RUN.some((pattern) => pattern.test(example)))

describe('the examples of the help, run', () => {
  let reader: DocReader

  const type = (text: string): Promise<BlockRun> =>
    reader.follow({ language: 'sh', marks: ['exit=1'], text: `${text}\n`, line: 0 })

  before(async () => {
    reader = await DocReader.sitDown()
    const files = await reader.follow({ language: 'sh', marks: [], text: FIXTURE, line: 0 })
    assert.equal(files.exitCode, 0, files.output)
    await reader.startServer()
    const jobs = await reader.follow({ language: 'sh', marks: [], text: JOBS, line: 0 })
    assert.equal(jobs.exitCode, 0, jobs.output)
  })

  after(() => reader?.leave())

  it('are nearly all', (t) => {
    t.diagnostic(`${run.length} of ${examples.length} are run`)
    assert.ok(run.length > examples.length * 0.75)
  })

  for (const example of run) {
    it(example, async () => {
      for (const [pattern, text] of BEFORE) if (pattern.test(example)) await type(text)
      // Paths of the machine become paths of the reader's home; the id is that of the job that is there.
      const text = example
        .replaceAll(/(?<= )\/(srv|backups)\b/g, '~/$1')
        .replaceAll('0b6a7c5e', '$(trainyard list -n resnet50 -o ids -l 1)')
      const { exitCode, output } = await type(text)
      const also = MAY_END_WITH.find(([pattern]) => pattern.test(example))?.[1]
      assert.ok(exitCode === 0 || exitCode === also, `ended with ${exitCode}:\n${output}`)
    })
  }
})
