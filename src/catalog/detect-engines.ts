import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdir, realpath } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { COMMAND_ENGINE, type Engine, interpreterEngine } from './engine.ts'

/** What one Python interpreter says of itself. */
export interface PythonProbe {
  /** Absolute path of the interpreter itself, not of a version manager's shim. */
  readonly executable: string
  /** Installation it belongs to: two paths with the same prefix are the same Python. */
  readonly prefix: string
  /** Major and minor, such as `3.11`. */
  readonly version: string
  /** Versions of the frameworks it can import, by distribution name. */
  readonly packages: Readonly<Record<string, string>>
}

/** Frameworks looked for: distribution name, and how the contract's engines call them. */
const FRAMEWORKS: readonly {
  readonly packageName: string
  readonly engineName: string
  readonly slug: string
}[] = [
  { packageName: 'torch', engineName: 'PyTorch', slug: 'pytorch' },
  { packageName: 'tensorflow', engineName: 'TensorFlow', slug: 'tensorflow' },
  { packageName: 'mindspore', engineName: 'MindSpore', slug: 'mindspore' },
  { packageName: 'scikit-learn', engineName: 'Scikit_Learn', slug: 'scikit_learn' },
  { packageName: 'xgboost', engineName: 'XGBoost', slug: 'xgboost' },
  { packageName: 'jax', engineName: 'JAX', slug: 'jax' },
]

const PROBE_TIMEOUT_MS = 10_000
const MAX_CANDIDATES = 32

// Metadata only: importing a framework to learn its version would take seconds.
const PROBE = `
import importlib.metadata, json, os, sys
packages = {}
for name in sys.argv[1:]:
    try:
        packages[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
json.dump({
    "executable": os.path.abspath(sys.executable),
    "prefix": os.path.realpath(sys.prefix),
    "version": "%d.%d" % sys.version_info[:2],
    "packages": packages,
}, sys.stdout)
`

/** Finds the Python interpreters on the search path and the frameworks they can import, and adds `command`. */
export const detectEngines = async (searchPath: string = process.env['PATH'] ?? ''): Promise<Engine[]> => {
  const candidates = await findInterpreters(searchPath)
  const probes = await Promise.all(candidates.map(probePython))
  return [...toEngines(probes.filter((probe) => probe !== undefined)), COMMAND_ENGINE]
}

/** Interpreters on the search path; several names of one file count once, since each question costs a process. */
const findInterpreters = async (searchPath: string): Promise<string[]> => {
  const found = new Map<string, string>()
  const directories = searchPath.split(delimiter).filter((entry) => entry.startsWith('/'))
  for (const directory of new Set(await Promise.all(directories.map(realPath)))) {
    const names = await readdir(directory).catch(() => [])
    for (const name of names.filter((entry) => /^python3(\.\d+)?$/.test(entry))) {
      const interpreter = join(directory, name)
      found.set(await realPath(interpreter), interpreter)
    }
  }
  return [...found.values()].slice(0, MAX_CANDIDATES)
}

const realPath = (path: string): Promise<string> => realpath(path).catch(() => path)

/** Asks an interpreter about itself; undefined when it does not answer as Python 3.8 or newer would. */
const probePython = async (interpreter: string): Promise<PythonProbe | undefined> => {
  try {
    const { stdout } = await promisify(execFile)(
      interpreter,
      ['-I', '-c', PROBE, ...FRAMEWORKS.map(({ packageName }) => packageName)],
      { timeout: PROBE_TIMEOUT_MS, cwd: '/' },
    )
    return JSON.parse(stdout) as PythonProbe
  } catch {
    return undefined
  }
}

/**
 * One engine `Python` per interpreter, and one per framework it has. Ids are `python_3.11-linux-x86_64`; where several
 * installations share a version, all but the first get a short suffix made from their path.
 */
export const toEngines = (probes: readonly PythonProbe[]): Engine[] => {
  const engines: Engine[] = []
  const taken = new Set<string>()
  const distinct = new Map(probes.map((probe) => [`${probe.prefix} ${probe.version}`, probe]))
  for (const probe of distinct.values()) {
    const python = `python_${probe.version}`
    const frameworks = FRAMEWORKS.filter(({ packageName }) => packageName in probe.packages).map(
      (framework) => ({
        name: framework.engineName,
        version: `${framework.slug}_${probe.packages[framework.packageName]}-py_${probe.version}`,
      }),
    )
    for (const { name, version } of [{ name: 'Python', version: python }, ...frameworks]) {
      const unique = taken.has(`${name} ${version}`) ? `${version}-${shortHash(probe.executable)}` : version
      taken.add(`${name} ${version}`)
      engines.push(
        interpreterEngine({
          id: `${unique}-${platformName()}`,
          name,
          version: unique,
          interpreter: probe.executable,
        }),
      )
    }
  }
  return engines
}

const shortHash = (value: string): string => createHash('sha256').update(value).digest('hex').slice(0, 6)

const platformName = (): string => `${process.platform}-${process.arch === 'x64' ? 'x86_64' : process.arch}`
