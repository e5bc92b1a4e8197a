import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nextVersion, parseKind, releaseNotes, stampChangelog } from './release/changelog.ts'

const USAGE = 'usage: npm run release -- patch|minor|major [--dry-run]'
const MANIFEST = 'package.json'
const LOCK = 'package-lock.json'
const SDK_VERSION = 'src/sdk/version.ts'
const CHANGELOG = 'CHANGELOG.md'
/** Made anew, since some of its pages name the version. */
const REFERENCE = 'docs/reference'

const root = join(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const write = (path: string, text: string): void => writeFileSync(join(root, path), text)
const say = (text: string): void => void process.stdout.write(`${text}\n`)

const command = (name: string, args: readonly string[], stdio: 'pipe' | 'inherit' = 'pipe'): string => {
  const { status, stdout, stderr, error } = spawnSync(name, args, { cwd: root, stdio, encoding: 'utf8' })
  if (error) throw error
  if (status !== 0) throw new Error(`${name} ${args.join(' ')} failed\n${stderr ?? ''}`)
  return (stdout ?? '').trim()
}

/** Replaces what occurs exactly once; anything else would be a guess. */
const replaceOnce = (path: string, from: string, to: string): string => {
  const text = read(path)
  if (text.split(from).length !== 2) throw new Error(`${path} does not hold exactly one ${from}`)
  return text.replace(from, to)
}

/** The lock file names the version twice: on top, and for the package itself. */
const stampLock = (version: string): string => {
  const lock = JSON.parse(read(LOCK)) as { version: string; packages: { '': { version: string } } }
  lock.version = version
  lock.packages[''].version = version
  return `${JSON.stringify(lock, null, 2)}\n`
}

const checkTree = (tag: string): void => {
  if (command('git', ['status', '--porcelain']) !== '') {
    throw new Error('the working tree has changes: commit them first')
  }
  if (command('git', ['tag', '--list', tag]) !== '') throw new Error(`there is a tag ${tag} already`)
}

const release = (args: readonly string[]): void => {
  const isDry = args.includes('--dry-run')
  const kind = parseKind(args.filter((arg) => arg !== '--dry-run'))
  if (kind === undefined) throw new Error(USAGE)
  const { version } = JSON.parse(read(MANIFEST)) as { version: string }
  const next = nextVersion(version, kind)
  const tag = `v${next}`
  checkTree(tag)
  const stamped = stampChangelog(read(CHANGELOG), next, new Date().toISOString().slice(0, 10))
  say(`${version} -> ${next}\n\n${releaseNotes(stamped, next)}\n`)
  if (isDry) {
    say('A dry run: nothing is changed, and the checks were not run.')
    return
  }

  command('npm', ['run', '-s', 'check'], 'inherit')
  const files = {
    [MANIFEST]: replaceOnce(MANIFEST, `"version": "${version}"`, `"version": "${next}"`),
    [LOCK]: stampLock(next),
    [SDK_VERSION]: replaceOnce(SDK_VERSION, `'${version}'`, `'${next}'`),
    [CHANGELOG]: stamped,
  }
  for (const [path, text] of Object.entries(files)) write(path, text)
  command('npm', ['run', '-s', 'docs'])
  command('git', ['commit', '-qm', `Release ${next}`, '--', ...Object.keys(files), REFERENCE])
  command('git', ['tag', '-a', tag, '-m', `Trainyard ${next}`])
  say(`Committed and tagged ${tag}. Nothing is published: push the tag, run npm pack, publish the tarball.`)
}

try {
  release(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
