import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { SDK_VERSION } from '../src/sdk/version.ts'
import { nextVersion, parseKind, stampChangelog } from '../tools/release/changelog.ts'

const root = join(import.meta.dirname, '..')
const manifest = (folder: string): { version: string } =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }

describe('the version', () => {
  it('is the same wherever it is written', () => {
    const { version } = manifest(root)
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))

    assert.equal(SDK_VERSION, version)
    assert.deepEqual([lock.version, lock.packages[''].version], [version, version])
  })

  it('rises in the part that was asked for', () => {
    assert.deepEqual(
      (['patch', 'minor', 'major'] as const).map((kind) => nextVersion('1.2.3', kind)),
      ['1.2.4', '1.3.0', '2.0.0'],
    )
    assert.throws(() => nextVersion('1.2', 'patch'))
    assert.equal(parseKind(['minor']), 'minor')
    assert.equal(parseKind(['minor', 'major']), undefined)
    assert.equal(parseKind(['2.0.0']), undefined)
  })
})

describe('the changelog of a release', () => {
  it('keeps a place for what comes next', () => {
    const before = '# Changelog\n\n## Unreleased\n\n### Added\n\n- a door\n\n## 0.1.0 - 2026-01-01\n\n- all\n'

    assert.equal(
      stampChangelog(before, '0.2.0', '2026-02-03'),
      '# Changelog\n\n## Unreleased\n\n## 0.2.0 - 2026-02-03\n\n### Added\n\n- a door\n\n## 0.1.0 - 2026-01-01\n\n- all\n',
    )
  })

  it('is refused when there is nothing in it', () => {
    assert.throws(() =>
      stampChangelog('# Changelog\n\n## Unreleased\n\n## 0.1.0 - x\n\n- all\n', '1.0.0', 'x'),
    )
    assert.throws(() => stampChangelog('# Changelog\n', '1.0.0', 'x'))
  })
})

describe('npm run release', () => {
  let folder: string

  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trim()
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const release = (...args: string[]) =>
    spawnSync(process.execPath, ['tools/release.ts', ...args], { cwd: folder, encoding: 'utf8' })

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'trainyard-release-'))
    for (const path of ['tools/release.ts', 'tools/release/changelog.ts', 'src/sdk/version.ts']) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      cpSync(join(root, path), join(folder, path))
    }
    const { version } = manifest(root)
    put('CHANGELOG.md', '# Changelog\n\n## Unreleased\n\n- a door\n')
    put('package-lock.json', JSON.stringify({ version, packages: { '': { version } } }))
    put('docs/reference/openapi.json', '{}\n')
    // The scripts of a small repository: its checks fail when there is a file called `red`.
    const scripts = {
      check: 'node -e "process.exit(fs.existsSync(`red`) ? 1 : 0)"'.replaceAll('`', "'"),
      docs: "node -e \"fs.writeFileSync('docs/reference/openapi.json', '{ }')\"",
    }
    put('package.json', `${JSON.stringify({ version, type: 'module', scripts }, null, 2)}\n`)
    git('init', '-q')
    git('config', 'user.name', 'Test')
    git('config', 'user.email', 'test@example.org')
    git('add', '.')
    git('commit', '-qm', 'All')
  })

  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('raises the version everywhere, commits and tags', () => {
    const next = nextVersion(SDK_VERSION, 'minor')

    const { status, stderr } = release('minor')

    assert.equal(status, 0, stderr)
    assert.equal(manifest(folder).version, next)
    assert.match(readFileSync(join(folder, 'src/sdk/version.ts'), 'utf8'), new RegExp(`'${next}'`))
    assert.equal(
      JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')).packages[''].version,
      next,
    )
    assert.match(readFileSync(join(folder, 'CHANGELOG.md'), 'utf8'), new RegExp(`^## ${next} - \\d{4}`, 'm'))
    assert.equal(git('status', '--porcelain'), '')
    assert.equal(git('describe', '--exact-match'), `v${next}`)
  })

  it('changes nothing in a dry run, but tells what it would do', () => {
    const { status, stdout } = release('major', '--dry-run')

    assert.equal(status, 0)
    assert.match(stdout, new RegExp(`${SDK_VERSION} -> ${nextVersion(SDK_VERSION, 'major')}\n\n- a door`))
    assert.deepEqual([git('status', '--porcelain'), git('tag')], ['', ''])
  })

  it('refuses changes that are not committed, red checks, and an order it does not know', () => {
    const unknown = release('huge')
    put('new.txt', 'x')
    const dirty = release('patch')
    rmSync(join(folder, 'new.txt'))
    put('red', '')
    git('add', '.')
    git('commit', '-qm', 'Red')
    const red = release('patch')

    assert.deepEqual([unknown.status, dirty.status, red.status], [1, 1, 1])
    assert.match(unknown.stderr, /usage:/)
    assert.match(dirty.stderr, /working tree has changes/)
    assert.match(red.stderr, /npm run -s check failed/)
    assert.deepEqual([git('status', '--porcelain'), git('tag')], ['', ''])
  })
})
