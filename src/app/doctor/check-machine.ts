import { readFile } from 'node:fs/promises'
import { detectEngines } from '../../catalog/detect-engines.ts'
import { detectMachine } from '../../catalog/detect-machine.ts'
import { type Finding, ok, problem, warning } from './finding.ts'

const MINIMUM_NODE = 24
const BYTES_PER_GB = 1024 ** 3
/** Each running task holds some; so does each connection. */
const ENOUGH_FILES = 4096
/** No Trainyard was made before. */
const EARLIEST_TIME = Date.UTC(2026, 0, 1)

const checkNode = (): Finding => {
  const { node } = process.versions
  return Number(node.split('.')[0]) >= MINIMUM_NODE
    ? ok('node', node)
    : problem('node', node, `Install Node ${MINIMUM_NODE} or newer.`)
}

const checkSystem = (): Finding =>
  process.platform === 'linux'
    ? ok('system', `linux ${process.arch}`)
    : warning('system', process.platform, 'Run servers on Linux: elsewhere /proc is missing.')

const checkEngines = async (): Promise<Finding> => {
  const engines = await detectEngines()
  const found = engines.filter(({ start }) => start.kind === 'boot_file')
  const names = found.map(({ item }) => `${item.engine_name} ${item.engine_version}`).join(', ')
  return found.length > 0
    ? ok('engines', names)
    : warning(
        'engines',
        'no Python found: only jobs with a command can run',
        'Install python3 on the PATH of the server, or declare engines in trainyard.yaml.',
      )
}

const checkClock = (): Finding => {
  const now = new Date()
  const advice = 'Set the clock (timedatectl set-ntp true): signed requests are valid for 15 minutes only.'
  return now.getTime() > EARLIEST_TIME
    ? ok('clock', now.toISOString())
    : problem('clock', now.toISOString(), advice)
}

const checkFiles = async (): Promise<Finding> => {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '')
  // Node raises its soft limit to the hard one, so that is what counts.
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1]
  if (hard === undefined) return ok('open files', 'limit unknown')
  return hard === 'unlimited' || Number(hard) >= ENOUGH_FILES
    ? ok('open files', `limit ${hard}`)
    : warning(
        'open files',
        `limit ${hard}`,
        `Raise it to ${ENOUGH_FILES} or more (LimitNOFILE= in the unit).`,
      )
}

/** Looks at the machine, whatever the data directory. */
export const checkMachine = async (): Promise<Finding[]> => {
  const [machine, engines, files] = await Promise.all([detectMachine(), checkEngines(), checkFiles()])
  const { gpus } = machine
  return [
    checkNode(),
    checkSystem(),
    ok('cores', String(machine.cores)),
    ok('memory', `${(machine.memoryBytes / BYTES_PER_GB).toFixed(1)} GB`),
    ok(
      'gpus',
      gpus ? `${gpus.count} × ${gpus.productName} (${gpus.memory})` : 'none (nvidia-smi finds none)',
    ),
    engines,
    checkClock(),
    files,
  ]
}
