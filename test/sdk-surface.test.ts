import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { CALLS, type Call } from '../src/contract/calls.ts'
import { Session } from '../src/sdk/node/index.ts'
import { CALLS_OF_METHODS } from '../tools/sdk-page/calls-of-methods.ts'
import { readSdkDeclarations, SdkDeclarations } from '../tools/sdk-page/declarations.ts'
import { sdkCalls } from './support/sdk-calls.ts'
import { aWireJob, startWireServer, type WireServer } from './support/wire-server.ts'

const root = join(import.meta.dirname, '..')
const BROWSER = 'src/sdk/index.ts'
const NODE = 'src/sdk/node/index.ts'

/** What a file loads: imports and re-exports, without those of types alone, which are gone at run time. */
const loads = (source: string): string[] =>
  [...source.matchAll(/^(?:import|export)\s+(?!type\s)(?:[^'"]*?\sfrom\s+)?['"](?<name>[^'"]+)['"]/gm)].map(
    (match) => match.groups?.['name'] ?? '',
  )

/** Everything that a program loads with a file of ours, and where it comes from. */
const walk = (entry: string): { files: Set<string>; packages: Map<string, string> } => {
  const files = new Set<string>()
  const packages = new Map<string, string>()
  const visit = (file: string): void => {
    if (files.has(file)) return
    files.add(file)
    for (const name of loads(readFileSync(join(root, file), 'utf8'))) {
      if (name.startsWith('.')) visit(posix.join(posix.dirname(file), name))
      else packages.set(name, file)
    }
  }
  visit(entry)
  return { files, packages }
}

describe('what a user of the SDK loads', () => {
  it('is the SDK, the contract without its schemas, and one small package', () => {
    for (const entry of [BROWSER, NODE]) {
      const { files, packages } = walk(entry)
      const isAllowed = (name: string, from: string): boolean =>
        name.startsWith('@noble/hashes/') || (isBuiltin(name) && from.startsWith('src/sdk/node/'))

      assert.ok(files.size > 20, 'the walk lost its way')
      assert.deepEqual(
        [...files].filter((file) => !/^src\/(sdk|contract)\//.test(file) || !existsSync(join(root, file))),
        [],
      )
      assert.deepEqual(
        [...packages].filter(([name, from]) => !isAllowed(name, from)),
        [],
      )
    }
  })

  it('has nothing of the entry for Node in the other', () => {
    assert.deepEqual(
      [...walk(BROWSER).files].filter((file) => file.startsWith('src/sdk/node/')),
      [],
    )
  })

  it('is found in each form of import', () => {
    const source = [
      "import a, { b } from 'one'",
      "import type { c } from 'none'",
      "import { type d, e } from './two.ts'",
      "import {\n  f,\n} from 'three'",
      "export type { g } from 'none'",
      "export * from 'four'",
      "import 'five'",
    ].join('\n')

    assert.deepEqual(loads(source), ['one', './two.ts', 'three', 'four', 'five'])
  })
})

/** Exports and public members without a comment. A class speaks for its constructor. */
const undocumented = (sdk: SdkDeclarations, entry: string): string[] =>
  [...sdk.exportsOf(entry)].flatMap(([name, declarations]) => [
    ...(declarations.some(({ doc }) => doc) ? [] : [name]),
    ...declarations.flatMap((declaration) =>
      sdk
        .membersOf(declaration)
        .filter(({ isPublic, kind, doc }) => isPublic && kind !== 'constructor' && !doc)
        .map((member) => `${name}.${member.name}`),
    ),
  ])

describe('the documentation of the SDK', () => {
  const sdk = readSdkDeclarations(root)

  it('says of everything that is exported, and of every public member, what it is', () => {
    for (const entry of ['sdk/index.ts', 'sdk/node/index.ts']) {
      assert.ok(sdk.exportsOf(entry).size > 50, 'the exports were not found')
      assert.deepEqual(undocumented(sdk, entry), [])
    }
  })

  it('notices what has no comment, wherever it is declared', () => {
    const text = (...lines: string[]) => lines.join('\n')
    const files = new Map([
      ['index.ts', text("export * from './a.ts';", "export { type B as Renamed, c } from './b.ts';")],
      [
        'a.ts',
        text(
          "import { Base as Parent } from './b.ts';",
          '/** Documented. */',
          "export declare class A<T extends string = 'a;b'> extends Parent<T> implements Shape {",
          '    #private;',
          '    /** Known. */',
          '    get known(): () => void;',
          '    overridden(): void;',
          '    shaped: string;',
          '    bare<M extends string>(options: {',
          '        /** Of the option, not of the method. */',
          '        inner: M;',
          '    }): void;',
          '    static [Symbol.iterator](): void;',
          '    protected hidden: string;',
          '    private also;',
          '    constructor(x: string);',
          '}',
          'interface Shape {',
          '    /** By the interface. */',
          '    shaped: string;',
          '}',
        ),
      ],
      [
        'b.ts',
        text(
          'export declare abstract class Base<T> {',
          '    /** From the base. */',
          '    overridden(): void;',
          '    inherited: T | "a;b";',
          '}',
          '/** Not of B, which stands behind the next one. */',
          'export type Between = { a: string; b: string };',
          'export interface B {',
          '    field?: (a: string) => void;',
          '}',
          'export declare const c: { d: string; };',
        ),
      ],
    ])

    assert.deepEqual(undocumented(new SdkDeclarations(files), 'index.ts').sort(), [
      'A.[Symbol.iterator]',
      'A.bare',
      'A.inherited',
      'Renamed',
      'Renamed.field',
      'c',
    ])
  })

  it('names the calls of every method, and of none that is gone', () => {
    const exports = sdk.exportsOf('sdk/node/index.ts')
    for (const [name, calls] of Object.entries(CALLS_OF_METHODS)) {
      const declaration = exports.get(name)?.find(({ kind }) => kind === 'class')
      assert.ok(declaration, name)
      const methods = sdk
        .membersOf(declaration)
        .filter(({ isPublic, kind }) => isPublic && kind === 'method')
        .map((method) => method.name)

      assert.deepEqual(Object.keys(calls).sort(), [...new Set(methods)].sort(), name)
    }
  })
})

describe('the calls that the documentation names', () => {
  let server: WireServer
  let session: Session
  let directory: string

  before(async () => {
    server = await startWireServer()
    const { endpoint, projectId, accessKey, secretKey } = server
    session = new Session({ endpoint, projectId, accessKey, secretKey })
    directory = await mkdtemp(join(tmpdir(), 'trainyard-surface-'))
    await writeFile(join(directory, 'a.txt'), 'a')
  })
  after(async () => {
    await server.close()
    await rm(directory, { recursive: true })
  })

  const callOf = (method: string, path: string): string | undefined =>
    Object.entries<Call>(CALLS).find(
      ([, call]) =>
        call.method === method &&
        new RegExp(`^${call.path.replace(/\{\w+\*\}/, '.+').replace(/\{\w+\}/g, '[^/]+')}$`).test(path),
    )?.[0]

  /** What stands for a method in the table of calls to try. */
  const nameOf = (owner: string, method: string, tried: object): string =>
    [
      `${owner}.${method}`,
      `${{ ObsFiles: 'obs' }[owner] ?? owner.toLowerCase()}.${method}`,
      `job.${method}`,
    ].find((name) => name in tried) ?? ''

  it('are those that the methods send', async () => {
    const tried = sdkCalls({ server, session, directory })
    for (const [owner, methods] of Object.entries(CALLS_OF_METHODS)) {
      for (const [method, calls] of Object.entries(methods)) {
        if (calls.length === 0) continue
        const name = nameOf(owner, method, tried)
        assert.ok(name, `test/support/sdk-calls.ts does not try ${owner}.${method}`)
        server.jobs.splice(0, server.jobs.length, aWireJob({ id: 'job-1', status: { phase: 'Completed' } }))
        server.logs.set('job-1/worker-0', Buffer.from('a\n'))
        for (const key of ['lab/a', 'lab/b/c.txt']) server.objects.set(key, Buffer.from('a'))
        server.requests.length = 0

        await tried[name]?.({}).catch(() => undefined)

        const sent = server.requests.flatMap((request) => callOf(request.method, request.path) ?? [])
        assert.deepEqual([...new Set(sent)].sort(), [...calls].sort(), `${owner}.${method}`)
      }
    }
  })
})
