import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import fc from 'fast-check'
import { CONTROL_FILES, shellQuote, type TaskScriptPlan, taskScript } from './task-script.ts'

const root = mkdtempSync(join(tmpdir(), 'task-script-'))
after(() => rmSync(root, { recursive: true, force: true }))

const SHELLS = new Set(
  ['/bin/sh', '/bin/dash', '/bin/bash']
    .filter((shell) => existsSync(shell))
    .map((shell) => realpathSync(shell)),
)
const PYTHON = realPython()

function realPython(): string {
  const { stdout } = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' })
  return stdout.trim()
}

let count = 0
const aPlan = (overrides: Partial<TaskScriptPlan> = {}): TaskScriptPlan => {
  count += 1
  const directory = join(root, `it's ${count}`)
  for (const name of ['control', 'code']) mkdirSync(join(directory, name), { recursive: true })
  return {
    control: join(directory, 'control'),
    log: join(directory, 'log'),
    workingDirectory: join(directory, 'code'),
    codeDirectory: join(directory, 'code'),
    packageDirectory: join(directory, 'site-packages'),
    environment: { PATH: '/usr/bin:/bin' },
    program: { kind: 'command', command: 'true' },
    arguments: [],
    ...overrides,
  }
}

const run = (plan: TaskScriptPlan, shell = '/bin/sh', before = '') => {
  writeFileSync(join(plan.control, 'task.sh'), before + taskScript(plan))
  const { status } = spawnSync(shell, [join(plan.control, 'task.sh')], { env: {}, timeout: 20_000 })
  const read = (name: string): string | undefined => {
    const file = join(plan.control, name)
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined
  }
  return {
    status,
    exitCode: read(CONTROL_FILES.exitCode)?.trim(),
    trouble: read(CONTROL_FILES.trouble)?.trim(),
    process: read(CONTROL_FILES.process),
    started: read(CONTROL_FILES.programStarted) !== undefined,
    log: existsSync(plan.log) ? readFileSync(plan.log, 'utf8') : '',
  }
}

const aProgram = (directory: string, source: string): TaskScriptPlan['program'] => {
  writeFileSync(join(directory, 'train.py'), source)
  return { kind: 'boot_file', interpreter: PYTHON, bootFile: join(directory, 'train.py') }
}

const SHOW = `
import json, os, sys
json.dump({'argv': sys.argv[1:], 'env': {k: v for k, v in os.environ.items()}}, open('seen.json', 'w'))
`

const text = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((value) => !value.includes('\0'))
const hostile = fc.oneof(
  text,
  fc.constantFrom(
    '$(id)',
    '`id`',
    "'",
    "'\\''",
    '"',
    '\\',
    '\n',
    '\n\n ',
    '$HOME',
    '*',
    '',
    ' -e ',
    '!!',
    '~',
  ),
)

for (const shell of SHELLS) {
  describe(`task script in ${shell}`, () => {
    it('records the exit code of the program, and what it wrote', () => {
      const seen = run(
        aPlan({ program: { kind: 'command', command: 'echo out; echo err >&2; exit 7' } }),
        shell,
      )

      assert.equal(seen.exitCode, '7')
      assert.equal(seen.log, 'out\nerr\n')
      assert.equal(seen.started, true)
      assert.equal(seen.trouble, undefined)
      assert.match(seen.process ?? '', /^\d+ \d+ [0-9a-f-]{36}\n$/)
    })

    it('records 128 + n for a program killed by signal n', () => {
      for (const [signal, code] of [
        ['TERM', '143'],
        ['KILL', '137'],
        ['INT', '130'],
        ['SEGV', '139'],
      ]) {
        const command = `ulimit -c 0; kill -${signal} $$`
        assert.equal(run(aPlan({ program: { kind: 'command', command } }), shell).exitCode, code)
      }
    })

    it('gives the program default actions for TERM and INT, and an empty standard input', () => {
      const plan = aPlan()
      const source = `
import signal, sys
assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
assert signal.getsignal(signal.SIGINT) == signal.default_int_handler
assert sys.stdin.read() == ''
`
      const seen = run({ ...plan, program: aProgram(plan.workingDirectory, source) }, shell)
      assert.equal(seen.exitCode, '0', seen.log)
    })

    it('starts a program at most once', () => {
      const plan = aPlan({ program: { kind: 'command', command: 'echo once' } })
      run(plan, shell)
      const seen = run(plan, shell)

      assert.equal(seen.log, 'once\n')
      assert.equal(seen.status, 0)
    })

    it('survives TERM to the whole group and still records the code', () => {
      // The program sends TERM to the shell that waits for it, then ends by itself.
      const seen = run(aPlan({ program: { kind: 'command', command: 'kill -TERM $PPID; exit 9' } }), shell)
      assert.equal(seen.exitCode, '9')
    })

    it('does not start the program when TERM came during the preparation', () => {
      const plan = aPlan()
      writeFileSync(join(plan.workingDirectory, 'ma-pre-start.sh'), 'kill -TERM $PPID')
      const seen = run({ ...plan, program: aProgram(plan.workingDirectory, '') }, shell)

      assert.equal(seen.exitCode, '143')
      assert.equal(seen.started, false)
      assert.equal(seen.trouble, undefined)
    })

    it('ends when it comes too late', () => {
      const plan = aPlan({ program: { kind: 'command', command: 'echo ran' } })
      writeFileSync(join(plan.control, CONTROL_FILES.abandoned), '')
      const seen = run(plan, shell)

      assert.equal(seen.log, '')
      assert.equal(seen.exitCode, undefined)
    })

    it('runs ma-pre-start.sh before the program, in the working directory', () => {
      const plan = aPlan()
      writeFileSync(join(plan.workingDirectory, 'ma-pre-start.sh'), 'echo ready >marker')
      const seen = run(
        { ...plan, program: aProgram(plan.workingDirectory, "print(open('marker').read())") },
        shell,
      )

      assert.equal(seen.log, 'ready\n\n')
      assert.equal(seen.exitCode, '0')
    })

    it('fails with 255 and a reason when the preparation fails', () => {
      const plan = aPlan()
      writeFileSync(join(plan.workingDirectory, 'ma-pre-start.py'), 'raise SystemExit(3)')
      const seen = run({ ...plan, program: aProgram(plan.workingDirectory, "print('ran')") }, shell)

      assert.equal(seen.exitCode, '255')
      assert.equal(seen.trouble, 'ma-pre-start.py ended with exit code 3.')
      assert.equal(seen.started, false)
    })

    it('takes an exit code for recorded when mv was ended after its work', () => {
      const ended = 'mv() { command mv "$@"; return 143; }\n'

      const { status, exitCode } = run(
        aPlan({ program: { kind: 'command', command: 'exit 3' } }),
        shell,
        ended,
      )

      assert.deepEqual([status, exitCode], [0, '3'])
    })

    it('fails with 255 when the working directory is missing', () => {
      const seen = run(aPlan({ workingDirectory: '/no/such/directory' }), shell)

      assert.equal(seen.exitCode, '255')
      assert.match(seen.trouble ?? '', /working directory/)
    })

    it('installs the packages of pip-requirements.txt where the program finds them', () => {
      const plan = aPlan()
      writeFileSync(join(plan.workingDirectory, 'pip-requirements.txt'), '# nothing\n')
      mkdirSync(plan.packageDirectory)
      writeFileSync(join(plan.packageDirectory, 'installed_by_us.py'), 'VALUE = 5\n')
      const program = aProgram(plan.workingDirectory, 'import installed_by_us; print(installed_by_us.VALUE)')
      const seen = run({ ...plan, program }, shell)

      assert.equal(seen.exitCode, '0', seen.log)
      assert.match(seen.log, /5\n$/)
      assert.ok(existsSync(join(plan.control, CONTROL_FILES.packagesDone)))
    })

    it('lets a user choose the interpreter', () => {
      const plan = aPlan({ environment: { PATH: '/usr/bin:/bin', MA_SCRIPT_INTERPRETER: 'cat' } })
      const seen = run({ ...plan, program: aProgram(plan.workingDirectory, 'shown') }, shell)
      assert.equal(seen.log, 'shown')
    })

    it('outlives names a shell keeps for itself', () => {
      const environment = {
        UID: 'x',
        PPID: 'y',
        OPTIND: 'z',
        IFS: '/',
        PATH: '/usr/bin:/bin',
        log: 'q',
        code: 'r',
      }
      const seen = run(
        aPlan({ environment, program: { kind: 'command', command: 'echo "$log$code"; exit 4' } }),
        shell,
      )

      assert.equal(seen.exitCode, '4')
      assert.equal(seen.log, 'qr\n')
    })

    it('gives every argument and variable to the program as it is', () => {
      fc.assert(
        fc.property(fc.array(hostile, { maxLength: 6 }), hostile, hostile, (words, one, two) => {
          const plan = aPlan()
          const program = aProgram(plan.workingDirectory, SHOW)
          const environment = { PATH: '/usr/bin:/bin', ONE: one, TWO: two, LANG: 'C.UTF-8' }
          const seen = run({ ...plan, program, environment, arguments: words }, shell)
          assert.equal(seen.exitCode, '0', seen.log)
          const { argv, env } = JSON.parse(readFileSync(join(plan.workingDirectory, 'seen.json'), 'utf8'))
          assert.deepEqual(argv, words)
          assert.equal(env.ONE, one)
          assert.equal(env.TWO, two)
        }),
        { numRuns: 20 },
      )
    })

    it('appends arguments to a command so that they stay whole', () => {
      fc.assert(
        fc.property(fc.array(hostile, { maxLength: 6 }), (words) => {
          const plan = aPlan()
          aProgram(plan.workingDirectory, SHOW)
          const command = `: ; ${shellQuote(PYTHON)} train.py`
          const seen = run({ ...plan, program: { kind: 'command', command }, arguments: words }, shell)
          assert.equal(seen.exitCode, '0', seen.log)
          const { argv } = JSON.parse(readFileSync(join(plan.workingDirectory, 'seen.json'), 'utf8'))
          assert.deepEqual(argv, words)
        }),
        { numRuns: 10 },
      )
    })
  })
}

describe('shell quoting', () => {
  it('refuses NUL', () => {
    assert.throws(() => shellQuote('a\0b'), { code: 'ModelArts.2788' })
  })
})
