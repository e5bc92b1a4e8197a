import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { type DocBlock, expectedExitCode, matchesExpected, parseBlocks } from '../support/doc-blocks.ts'
import { DocReader, isServer } from '../support/doc-reader.ts'

const root = join(import.meta.dirname, '../..')
const TSC = join(root, 'node_modules/typescript/bin/tsc')
/** Blocks that cannot run in a test: they install, publish, or need what a machine has only once. */
const MOST_UNTESTED = 8

const guides = (await readdir(join(root, 'docs/guides'))).filter((name) => name.endsWith('.md')).sort()
const paths = ['README.md', 'docs/install.md', ...guides.map((name) => `docs/guides/${name}`)]
const pages = await Promise.all(
  paths.map(async (path) => ({ path, blocks: parseBlocks(await readFile(join(root, path), 'utf8')) })),
)

const isRun = ({ language, marks }: DocBlock): boolean =>
  (language === 'sh' || language === 'ts') && !marks.includes('no-test')

const check = async (reader: DocReader, path: string, block: DocBlock): Promise<void> => {
  const place = `${path}:${block.line}`
  const { exitCode, output } = await reader.follow(block)
  assert.equal(exitCode, expectedExitCode(block), `${place} ended with ${exitCode}:\n${output}`)
  if (block.expected !== undefined) {
    assert.ok(
      matchesExpected(output, block.expected),
      `${place} printed:\n${output}\nwhere the page says:\n${block.expected}`,
    )
  }
}

describe('the commands of the documentation', { concurrency: 2 }, () => {
  for (const { path, blocks } of pages) {
    const steps = blocks.filter(isRun)
    if (steps.length === 0) continue
    it(`${path} does what it says`, async () => {
      const reader = await DocReader.sitDown()
      try {
        // A page that starts no server is about one that runs.
        if (!steps.some(({ language, text }) => language === 'sh' && isServer(text)))
          await reader.startServer()
        for (const block of steps) await check(reader, path, block)
      } finally {
        await reader.leave()
      }
    })
  }

  it('are all run, but for a handful', (t) => {
    const untested = pages.flatMap(({ path, blocks }) =>
      blocks.filter(({ marks }) => marks.includes('no-test')).map(({ line }) => `${path}:${line}`),
    )
    t.diagnostic(`not run: ${untested.join(', ')}`)

    assert.ok(untested.length <= MOST_UNTESTED, untested.join('\n'))
  })

  it('are told apart from other blocks by a language', () => {
    const languages = new Set(['sh', 'ts', 'text', 'yaml', 'python', 'json', 'ini', 'nginx'])
    const unknown = pages.flatMap(({ path, blocks }) =>
      blocks.filter(({ language }) => !languages.has(language)).map(({ line }) => `${path}:${line}`),
    )

    assert.deepEqual(unknown, [])
  })
})

describe('the programs of the documentation', () => {
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trainyard-docs-types-'))
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    await symlink(join(root, 'src'), join(folder, 'src'))
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  })

  after(() => rm(folder, { recursive: true, force: true }))

  it('pass the type check', async () => {
    const programs = pages.flatMap(({ path, blocks }) =>
      blocks
        .filter(({ language }) => language === 'ts')
        .map(({ text, line }) => ({ file: `${path.replaceAll('/', '-')}-${line}.ts`, text })),
    )
    for (const { file, text } of programs) await writeFile(join(folder, file), text)
    const compilerOptions = { types: ['node'], paths: { trainyard: [join(root, 'src/sdk/node/index.ts')] } }
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: join(root, 'tsconfig.base.json'),
        compilerOptions,
        files: programs.map(({ file }) => file),
      }),
    )

    const { stdout } = await promisify(execFile)(process.execPath, [TSC, '-p', folder]).catch(
      (error: { stdout: string }) => error,
    )

    assert.ok(programs.length > 0)
    assert.equal(stdout.slice(0, 2000), '')
  })
})
