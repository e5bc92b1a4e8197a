import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..')
const LONGEST_MS = 300_000

/** The package as a user gets it: packed, and installed into a folder that was empty. */
export interface InstalledPackage {
  /** The folder with `node_modules`. */
  readonly folder: string
  /** `node_modules/trainyard` below it. */
  readonly directory: string
  /** The command of the package. */
  readonly command: string
  readonly tarball: string
  readonly packedBytes: number
  remove(): Promise<void>
}

/** npm without what the npm that runs us has set for this repository. */
const npm = (args: readonly string[], cwd: string) => {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(?:config_|package_|lifecycle_)/i.test(name)),
  )
  return run('npm', args, { cwd, env, timeout: LONGEST_MS, maxBuffer: 16 * 1024 * 1024 })
}

/** Packs this repository (which builds it) and installs the tarball, with its dependencies from the registry. */
export const installPackage = async (): Promise<InstalledPackage> => {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-package-'))
  try {
    await npm(['pack', '--pack-destination', folder], root)
    const name = (await readdir(folder)).find((entry) => entry.endsWith('.tgz'))
    if (name === undefined) throw new Error('npm pack has made no tarball')
    await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
    await npm(['install', '--no-audit', '--no-fund', `./${name}`], folder)
    const tarball = join(folder, name)
    return {
      folder,
      directory: join(folder, 'node_modules/trainyard'),
      command: join(folder, 'node_modules/.bin/trainyard'),
      tarball,
      packedBytes: (await stat(tarball)).size,
      remove: () => rm(folder, { recursive: true, force: true }),
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}
