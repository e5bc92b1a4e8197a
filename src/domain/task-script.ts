import { refusal } from '../contract/trainyard-error.ts'

/** Files by which the start script and an executor tell each other how a task goes; all in its control directory. */
export const CONTROL_FILES = {
  /** Directory: whoever makes it owns the start. Made at most once. */
  claim: 'claim',
  /** `<pid> <start time> <boot id>` of the script's shell, which leads the session. */
  process: 'pid',
  /** Made by an executor that gave up waiting for `process`: a script that comes late must not go on. */
  abandoned: 'abandoned',
  /** Appear when packages are about to be installed, and when they are. */
  packagesBegun: 'packages_begun',
  packagesDone: 'packages_done',
  /** Appears just before the program; its time is the start time. */
  programStarted: 'program_started',
  /** One line: what failed before the program could run. */
  trouble: 'trouble',
  /** Exit code, 128 + n when killed by signal n. Its time is the end time. */
  exitCode: 'exit_code',
} as const

/** Exit code of a task that failed before its program ran. */
export const PREPARATION_EXIT_CODE = 255

/** Exit code of a task that was stopped before its program ran: that of SIGTERM. */
export const STOPPED_EXIT_CODE = 143

/** What a start script is made of. Every path is real. */
export interface TaskScriptPlan {
  readonly control: string
  readonly log: string
  readonly workingDirectory: string
  /** Where `pip-requirements.txt` may be; null without code. */
  readonly codeDirectory: string | null
  readonly packageDirectory: string
  readonly environment: Readonly<Record<string, string>>
  readonly program:
    | { readonly kind: 'boot_file'; readonly interpreter: string; readonly bootFile: string }
    | { readonly kind: 'command'; readonly command: string }
  readonly arguments: readonly string[]
}

/**
 * Quotes a text for a POSIX shell: it stays one word and stands for itself.
 * @throws TrainyardError `ModelArts.2788` for a NUL character, which no process can be given.
 */
export const shellQuote = (text: string): string => {
  if (text.includes('\0')) throw refusal('ModelArts.2788', 'A value contains a NUL character.')
  return `'${text.replaceAll("'", "'\\''")}'`
}

/**
 * The POSIX shell script that starts one task. It needs nothing but a shell, `mkdir`, `mv` and `sleep`, survives the
 * server, and is safe to run twice: the second run ends at once. It holds the user's variables, so keep it private.
 *
 * The program is a foreground child on purpose: a shell defers its TERM trap until such a child has ended, so the exit
 * code is always the child's; and the child gets default actions for TERM and INT, which a background child would not.
 */
export const taskScript = (plan: TaskScriptPlan): string =>
  [...beginning(plan), ...functions(plan), ...preparation(plan), ...program(plan), ''].join('\n')

const F = CONTROL_FILES

const beginning = (plan: TaskScriptPlan): string[] => [
  '#!/bin/sh',
  'umask 077',
  "PATH='/usr/local/bin:/usr/bin:/bin'",
  `cd ${shellQuote(plan.control)} || exit ${PREPARATION_EXIT_CODE}`,
  `mkdir ${F.claim} 2>/dev/null || exit 0`,
  'stopped=',
  "trap 'stopped=1' TERM INT HUP",
  'exec </dev/null >/dev/null 2>>errors',
  'read -r stat </proc/$$/stat',
  'read -r boot </proc/sys/kernel/random/boot_id',
  // The name of the command, in brackets, may hold blanks: count from behind it. Field 22 is the start time.
  `set -- \${stat##*) }`,
  `printf '%s %s %s\\n' "$$" "\${20}" "$boot" >pid.tmp`,
  `mv pid.tmp ${F.process} || mv pid.tmp ${F.process}`,
  `[ ! -e ${F.abandoned} ] || exit 0`,
  // Space for the exit code is taken now, while there is some: a full disk must not lose it.
  "printf '%15s\\n' '' >exit_code.tmp",
]

const functions = (plan: TaskScriptPlan): string[] => [
  'finish() {',
  '  printf \'%s\\n\' "$1" 1<>exit_code.tmp',
  '  tries=0',
  // Whoever sees the file may end this session at once, and `mv` with it: what counts is that the file has moved.
  `  until mv exit_code.tmp ${F.exitCode} || [ ! -e exit_code.tmp ]; do`,
  '    tries=$((tries + 1))',
  '    [ "$tries" -lt 60 ] || exit 1',
  '    sleep 1',
  '  done',
  '  exit 0',
  '}',
  'fail() {',
  `  [ -z "$stopped" ] || finish ${STOPPED_EXIT_CODE}`,
  `  printf '%s\\n' "$1" >${F.trouble}`,
  `  finish ${PREPARATION_EXIT_CODE}`,
  '}',
  // `command` keeps a shell alive that refuses a name of its own, such as a read-only UID.
  'environment() {',
  '  unset OLDPWD',
  ...Object.entries(plan.environment).map(([name, value]) => `  command export ${name}=${shellQuote(value)}`),
  `  if [ -e ${shellQuote(`${plan.control}/${F.packagesDone}`)} ]; then`,
  `    command export PYTHONPATH=${shellQuote(plan.packageDirectory)}"\${PYTHONPATH:+:$PYTHONPATH}"`,
  '  fi',
  '}',
  // Nothing of the script's own variables is used after `environment`: a user's may have the same names.
  'run() (',
  `  cd ${shellQuote(plan.workingDirectory)} || exit ${PREPARATION_EXIT_CODE}`,
  '  environment 2>/dev/null',
  '  exec "$@"',
  ')',
]

const preparation = (plan: TaskScriptPlan): string[] => {
  const directory = shellQuote(plan.workingDirectory)
  return [
    `log=${shellQuote(plan.log)}`,
    `(cd ${directory}) || fail ${shellQuote(`The working directory ${plan.workingDirectory} cannot be used.`)}`,
    ...(plan.codeDirectory === null
      ? []
      : installPackages(plan, `${plan.codeDirectory}/pip-requirements.txt`)),
    ...preStart(plan),
  ]
}

const step = (command: string, what: string): string[] => [
  `  run ${command} >>"$log" 2>&1`,
  '  code=$?',
  `  [ "$code" -eq 0 ] || fail "${what} ended with exit code $code."`,
]

const installPackages = (plan: TaskScriptPlan, requirements: string): string[] => {
  const pip = '-m pip install --no-input --disable-pip-version-check --target'
  const command = `${interpreter(plan)} ${pip} ${shellQuote(plan.packageDirectory)} -r ${shellQuote(requirements)}`
  return [
    `if [ -f ${shellQuote(requirements)} ]; then`,
    `  true >${F.packagesBegun}`,
    ...step(command, 'Installing the packages of pip-requirements.txt'),
    `  true >${F.packagesDone}`,
    'fi',
  ]
}

/** A file beside the boot file that prepares the node for it. */
const preStart = (plan: TaskScriptPlan): string[] => {
  if (plan.program.kind !== 'boot_file') return []
  const directory = plan.program.bootFile.replace(/\/[^/]*$/, '')
  const shellFile = shellQuote(`${directory}/ma-pre-start.sh`)
  const pythonFile = shellQuote(`${directory}/ma-pre-start.py`)
  return [
    `if [ -f ${shellFile} ]; then`,
    '  shell=/bin/sh',
    '  [ ! -x /bin/bash ] || shell=/bin/bash',
    ...step(`"$shell" ${shellFile}`, 'ma-pre-start.sh'),
    `elif [ -f ${pythonFile} ]; then`,
    ...step(`${interpreter(plan)} ${pythonFile}`, 'ma-pre-start.py'),
    'fi',
  ]
}

/** A user may choose another interpreter by a variable. */
const interpreter = (plan: TaskScriptPlan): string => {
  const chosen = plan.environment['MA_SCRIPT_INTERPRETER'] ?? ''
  const own = plan.program.kind === 'boot_file' ? plan.program.interpreter : 'python3'
  return shellQuote(chosen === '' ? own : chosen)
}

const program = (plan: TaskScriptPlan): string[] => {
  const words = plan.arguments.map(shellQuote)
  const command =
    plan.program.kind === 'boot_file'
      ? [interpreter(plan), shellQuote(plan.program.bootFile), ...words]
      : ['/bin/sh', '-c', shellQuote([plan.program.command, ...words].join(' '))]
  return [
    `[ -z "$stopped" ] || finish ${STOPPED_EXIT_CODE}`,
    `true >${F.programStarted}`,
    `run ${command.join(' ')} >>"$log" 2>&1`,
    'finish $?',
  ]
}
