import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, posix } from 'node:path'
import { describe, it } from 'node:test'

const root = join(import.meta.dirname, '..')

/**
 * The rooms of `src/` and the rooms each may import, type imports included. What a room may import is all listed:
 * nothing follows from what those rooms import in turn. Every room may import `contract`.
 */
const DIRECTIONS: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  domain: [],
  store: ['domain'],
  objects: [],
  executors: ['domain', 'objects'],
  autosearch: ['domain'],
  scheduler: ['domain', 'store', 'executors', 'autosearch'],
  identity: ['store'],
  catalog: ['domain', 'store', 'objects'],
  jobs: ['domain', 'store', 'objects', 'executors', 'autosearch', 'catalog'],
  api: ['jobs', 'catalog', 'identity', 'objects'],
  sdk: [],
  cli: ['sdk'],
  app: [
    'domain',
    'store',
    'objects',
    'executors',
    'autosearch',
    'scheduler',
    'identity',
    'catalog',
    'jobs',
    'api',
    'sdk',
  ],
  'main.ts': ['app', 'cli'],
}

/** The one room that may reach into the subfolders of others: it chooses the implementations. */
const CHOOSES_IMPLEMENTATIONS = 'app'
/** A subfolder that is a face of its own: the SDK's entry for Node. */
const PUBLIC_SUBFOLDERS = ['sdk/node']
/** Where code runs in a browser, or is pure: no Node built-in. */
const WITHOUT_NODE = ['contract', 'domain', 'autosearch', 'sdk']
const WITH_NODE_AGAIN = ['sdk/node']
/** Names that say nothing, and so collect everything. */
const NAMES_THAT_SAY_NOTHING = /^(utils?|helpers?|common|types?|shared|misc)$/
const MOST_LINES = 300
const MOST_README_LINES = 15

const stripComments = (source: string): string =>
  source.replace(
    /(?<text>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (match, text?: string) => (text === undefined ? '' : match),
  )

const IMPORTS = [
  /^(?:import|export)\s[^'"]*?\bfrom\s*['"](?<name>[^'"]+)['"]/gm,
  /^import\s*['"](?<name>[^'"]+)['"]/gm,
  // Dynamic imports and `import('…').Type`. One whose name is computed cannot be checked: it shows as ''.
  /\bimport\(\s*(?:['"](?<name>[^'"]+)['"])?/g,
  // Files of workers.
  /\bnew URL\(\s*['"](?<name>\.[^'"]+\.ts)['"]\s*,\s*import\.meta/g,
]

const importsOf = (source: string): string[] => {
  const code = stripComments(source)
  return IMPORTS.flatMap((pattern) =>
    [...code.matchAll(pattern)].map((match) => match.groups?.['name'] ?? ''),
  )
}

const isBelow = (folders: readonly string[], path: string): boolean =>
  folders.some((folder) => path.startsWith(`${folder}/`))

const checkPackage = (file: string, name: string, packages: ReadonlySet<string>): string | undefined => {
  if (isBuiltin(name)) {
    const banned = isBelow(WITHOUT_NODE, file) && !isBelow(WITH_NODE_AGAIN, file)
    return banned ? `${file} imports ${name}: it has to work without Node` : undefined
  }
  const packageName = name.split('/', name.startsWith('@') ? 2 : 1).join('/')
  return packages.has(packageName)
    ? undefined
    : `${file} imports ${name}: neither relative nor a dependency of package.json`
}

/** What is wrong with one import, if anything. Paths are relative to `src/`. */
const checkImport = (
  file: string,
  name: string,
  files: ReadonlySet<string>,
  packages: ReadonlySet<string>,
): string | undefined => {
  if (name === '') return `${file} imports a computed name: it cannot be checked`
  if (!name.startsWith('.')) return checkPackage(file, name, packages)
  const target = posix.join(posix.dirname(file), name)
  if (!files.has(target)) return `${file} imports ${name}: no such file below src/`
  const [from = '', to = ''] = [file.split('/')[0], target.split('/')[0]]
  if (from === to) return undefined
  if (to !== 'contract' && !DIRECTIONS[from]?.includes(to)) return `${file} imports ${to}: ${from} may not`
  const isFace = target.split('/').length === 2 || isBelow(PUBLIC_SUBFOLDERS, target)
  return isFace || from === CHOOSES_IMPLEMENTATIONS
    ? undefined
    : `${file} imports ${target}: subfolders are private`
}

/** Every breach of the directions in the given files: path relative to `src/` → source. */
const findViolations = (sources: ReadonlyMap<string, string>, packages: ReadonlySet<string>): string[] => {
  const files = new Set(sources.keys())
  return [...sources].flatMap(([file, source]) => {
    const room = file.split('/')[0] ?? ''
    if (!(room in DIRECTIONS)) return [`${file} lies in ${room}, which is no room of the table`]
    return importsOf(source).flatMap((name) => checkImport(file, name, files, packages) ?? [])
  })
}

/** Files below a folder; none when there is no such folder, as Git keeps no empty ones. */
const listFiles = (folder: string): string[] => {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
}

const isSource = (path: string): boolean => path.endsWith('.ts') && !path.endsWith('.test.ts')

const read = (path: string): string => readFileSync(join(root, path), 'utf8')

const lineCount = (text: string): number => text.split('\n').length - (text.endsWith('\n') ? 1 : 0)

const dependencies = new Set(Object.keys(JSON.parse(read('package.json')).dependencies))

describe('architecture', () => {
  it('keeps the directions between the rooms', () => {
    const sources = new Map(
      listFiles('src')
        .filter(isSource)
        .map((path) => [path.slice('src/'.length), read(path)] as const),
    )

    assert.ok(sources.size > 50, 'the sources were not found')
    assert.deepEqual(findViolations(sources, dependencies), [])
  })

  it('keeps source files at a size one can read', () => {
    const tooLong = ['src', 'tools', 'examples', 'bench']
      .flatMap(listFiles)
      .filter(isSource)
      .map((path) => `${path}: ${lineCount(read(path))}`)
      .filter((line) => Number(line.split(': ')[1]) > MOST_LINES)

    assert.deepEqual(tooLong, [])
  })

  it('has no file or folder whose name says nothing', () => {
    const empty = ['src', 'test', 'tools', 'examples', 'bench']
      .flatMap(listFiles)
      .filter((path) => path.split('/').some((part) => NAMES_THAT_SAY_NOTHING.test(part.split('.')[0] ?? '')))

    assert.deepEqual(empty, [])
  })

  it('has a short README in every room', () => {
    const rooms = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    )
    const withoutReadme = rooms
      .map((room) => `src/${room.name}/README.md`)
      .filter((path) => !existsSync(join(root, path)) || lineCount(read(path)) > MOST_README_LINES)

    assert.deepEqual(withoutReadme, [])
  })
})

describe('the check of the architecture', () => {
  const around: readonly (readonly [string, string])[] = [
    ['contract/phases.ts', ''],
    ['domain/moves.ts', ''],
    ['store/store.ts', ''],
    ['store/sqlite/sqlite-store.ts', ''],
    ['sdk/index.ts', ''],
    ['sdk/node/index.ts', ''],
  ]
  const find = (file: string, source: string): string[] =>
    findViolations(new Map([...around, [file, source]]), new Set(['fastify', '@noble/hashes']))

  const planted: readonly (readonly [name: string, file: string, source: string, message: RegExp])[] = [
    [
      'against the direction',
      'domain/a.ts',
      "import { x } from '../store/store.ts'\n",
      /imports store: domain may not/,
    ],
    [
      'of a type only',
      'domain/a.ts',
      "import type { X } from '../store/store.ts'\n",
      /imports store: domain may not/,
    ],
    [
      'over several lines',
      'domain/a.ts',
      "import {\n  x,\n  y,\n} from '../store/store.ts'\n",
      /domain may not/,
    ],
    ['by export from', 'domain/a.ts', "export * from '../store/store.ts'\n", /domain may not/],
    ['by export type from', 'domain/a.ts', "export type { X } from '../store/store.ts'\n", /domain may not/],
    ['for its effect', 'domain/a.ts', "import '../store/store.ts'\n", /domain may not/],
    ['at run time', 'domain/a.ts', "const x = await import('../store/store.ts')\n", /domain may not/],
    ['inside a type', 'domain/a.ts', "type X = import('../store/store.ts').X\n", /domain may not/],
    ['by a worker', 'domain/a.ts', "new URL('../store/store.ts', import.meta.url)\n", /domain may not/],
    ['that follows only indirectly', 'api/a.ts', "import '../store/store.ts'\n", /api may not/],
    ['from main.ts', 'main.ts', "import '../src/store/store.ts'\n", /no such file below src/],
    ['of a store from main.ts', 'main.ts', "import './store/store.ts'\n", /main\.ts may not/],
    [
      'of a private subfolder',
      'jobs/a.ts',
      "import '../store/sqlite/sqlite-store.ts'\n",
      /subfolders are private/,
    ],
    ['of a computed name', 'app/a.ts', 'await import(name)\n', /computed name/],
    ['from an unlisted folder', 'extras/a.ts', '', /no room of the table/],
    ['of a file that is not there', 'domain/a.ts', "import './b.ts'\n", /no such file/],
    ['without the ending', 'domain/a.ts', "import './moves'\n", /no such file/],
    ['by an alias', 'domain/a.ts', "import '#contract/phases.ts'\n", /neither relative/],
    ['of a package that is no dependency', 'api/a.ts', "import 'left-pad'\n", /neither relative/],
    ['of Node in the contract', 'contract/a.ts', "import { x } from 'node:crypto'\n", /without Node/],
    ['of Node in the domain', 'domain/a.ts', "import { x } from 'fs'\n", /without Node/],
    ['of Node in the SDK', 'sdk/a.ts', "import { x } from 'node:fs'\n", /without Node/],
  ]
  for (const [name, file, source, message] of planted) {
    it(`finds an import ${name}`, () => {
      const [violation = '', ...more] = find(file, source)

      assert.match(violation, message)
      assert.deepEqual(more, [])
    })
  }

  it('lets pass what is allowed', () => {
    const allowed = [
      ['domain/a.ts', "import type { Phase } from '../contract/phases.ts'\nimport './moves.ts'\n"],
      ['app/a.ts', "await import('../store/sqlite/sqlite-store.ts')\n"],
      ['cli/a.ts', "import { Session } from '../sdk/node/index.ts'\n"],
      ['sdk/node/a.ts', "import { readFile } from 'node:fs/promises'\nimport '../index.ts'\n"],
      ['api/a.ts', "import fastify from 'fastify'\nimport { hmac } from '@noble/hashes/hmac.js'\n"],
      ['domain/b.ts', "// import '../store/store.ts'\n/*\nimport '../store/store.ts'\n*/\n"],
      ['domain/c.ts', "export const text = 'not from here'\nconst url = 'http://a' // from 'b'\n"],
    ] as const

    for (const [file, source] of allowed) assert.deepEqual(find(file, source), [])
  })
})
