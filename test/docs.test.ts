import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { parseConfig } from '../src/app/config.ts'
import { ERROR_CODES } from '../src/contract/error-codes.ts'
import { buildReference } from '../tools/generate-reference.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...['docs', 'src', 'examples'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  ),
]

describe('the reference', () => {
  for (const [path, content] of Object.entries(buildReference())) {
    it(`${path} is what the code says`, () => {
      assert.equal(read(path), content, `${path} differs from the code: run \`npm run docs\``)
    })
  }

  it('lists every error code once', () => {
    const listed = [...read('docs/reference/errors.md').matchAll(/^\| `((?:ModelArts|APIGW|IAM)\.\d+)` \|/gm)]

    assert.deepEqual(listed.map(([, code]) => code).sort(), Object.keys(ERROR_CODES).sort())
  })
})

describe('the configuration reference', () => {
  const page = buildReference()['docs/reference/configuration.md'] ?? ''

  it('describes every key, with its default', () => {
    const rows = [...page.matchAll(/^\| `(?<key>[^`]+)` \| (?<rest>.*) \|$/gm)]

    assert.ok(rows.length > 20, 'the rows were not found')
    for (const { groups } of rows) {
      const [type, , standard, text] = (groups?.['rest'] ?? '').split(/ \| ?/)
      const key = groups?.['key']
      assert.ok(type && (text || standard), `${key} is not described`)
      assert.ok(standard || type === 'object', `${key} does not say its default`)
    }
  })

  it('shows an example that the server takes', () => {
    const example = /```yaml\n(?<yaml>.*?)```/s.exec(page)?.groups?.['yaml'] ?? ''

    assert.ok(example.includes('limits:'))
    assert.doesNotThrow(() => parseConfig(example, 'example'))
  })
})

describe('the page about installing', () => {
  it('tells how many packages come along', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { dev?: boolean }>
    }
    const needed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true)
    const told = /^\| packages it needs \| (\d+) \|$/m.exec(read('docs/install.md'))?.[1]

    assert.equal(told, String(needed.length), 'run `npm run measure:package`')
  })
})

describe('the documentation', () => {
  it('has no link that leads nowhere', () => {
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:|mailto:|#)(?<path>[^)#\s]+)/g)]
        .map((match) => match.groups?.['path'] ?? '')
        .filter((path) => !existsSync(join(root, dirname(page), path)))
        .map((path) => `${page}: ${path}`),
    )

    assert.ok(pages.length > 10, 'the pages were not found')
    assert.deepEqual(broken, [])
  })

  it('names only npm scripts that there are', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const unknown = pages.flatMap((page) =>
      [...read(page).matchAll(/\bnpm (?:run (?:-s )?(?<name>[a-z][a-z:-]*)|(?<short>start|test)\b)/g)]
        .map((match) => match.groups?.['name'] ?? match.groups?.['short'] ?? '')
        .filter((name) => !(name in scripts))
        .map((name) => `${page}: npm run ${name}`),
    )

    assert.deepEqual(unknown, [])
  })

  it('names only source files that there are', () => {
    const missing = pages.flatMap((page) =>
      [...read(page).matchAll(/`(?<path>(?:src|test|tools|examples|bench)\/[\w./-]+\.\w+)`/g)]
        .map((match) => match.groups?.['path'] ?? '')
        .filter((path) => !existsSync(join(root, path)))
        .map((path) => `${page}: ${path}`),
    )

    assert.deepEqual(missing, [])
  })
})
