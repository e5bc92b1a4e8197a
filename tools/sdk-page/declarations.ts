import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'

// The compiler offers no programming interface to look into a program, so its declaration files are read as text. They
// are regular: one statement after another, each ending with `;` or a block, comments kept.

/** A member of a class or an interface. */
export interface Member {
  readonly name: string
  readonly kind: 'constructor' | 'method' | 'getter' | 'property'
  readonly isStatic: boolean
  /** Private and protected members are not for users. */
  readonly isPublic: boolean
  readonly doc: string | undefined
  readonly code: string
}

/** Something that a file declares. */
export interface Declaration {
  readonly name: string
  readonly kind: 'class' | 'interface' | 'type' | 'const'
  readonly doc: string | undefined
  readonly code: string
  /** Names of what it extends, without type arguments. */
  readonly bases: readonly string[]
  /** Names of the interfaces that a class implements: their comments count for it. */
  readonly implemented: readonly string[]
  readonly members: readonly Member[]
  readonly file: string
  readonly isExported: boolean
}

interface Statement {
  readonly doc: string | undefined
  readonly code: string
}

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

/** Where a text or a comment that begins at a place ends; the place itself when none begins there. */
const skipOpaque = (text: string, at: number): number => {
  if (text.startsWith('//', at)) return text.indexOf('\n', at)
  if (text.startsWith('/*', at)) return text.indexOf('*/', at) + 2
  const quote = text[at] ?? ''
  if (!`'"\``.includes(quote)) return at
  let end = at + 1
  while (text[end] !== quote) end += text[end] === '\\' ? 2 : 1
  return end + 1
}

const endsWithBlock = (code: string): boolean =>
  /^(?:export\s+)?(?:declare\s+)?(?:abstract\s+)?(?:class|interface)\b/.test(code)

const endOfStatement = (text: string, begin: number): number => {
  const open: string[] = []
  const isBlock = endsWithBlock(text.slice(begin, begin + 60))
  for (let at = begin; at < text.length; at += 1) {
    const after = skipOpaque(text, at)
    if (after > at) {
      at = after - 1
      continue
    }
    const char = text[at] ?? ''
    if (char in CLOSING) open.push(CLOSING[char] ?? '')
    else if (char === open.at(-1)) {
      open.pop()
      if (isBlock && char === '}' && open.length === 0) return at + 1
    } else if (char === ';' && open.length === 0) return at + 1
  }
  return text.length
}

const cleanDoc = (comment: string): string =>
  comment
    .slice(3, -2)
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
    .join('\n')
    .trim()

/** The statements of a text, each with the comment that stands before it. */
const readStatements = (text: string): Statement[] => {
  const statements: Statement[] = []
  let doc: string | undefined
  for (let at = 0; at < text.length; ) {
    if (/\s/.test(text[at] ?? '')) {
      at += 1
      continue
    }
    if (text.startsWith('//', at) || text.startsWith('/*', at)) {
      const after = skipOpaque(text, at)
      if (text.startsWith('/**', at)) doc = cleanDoc(text.slice(at, after))
      at = after
      continue
    }
    const end = endOfStatement(text, at)
    statements.push({ doc, code: text.slice(at, end) })
    doc = undefined
    at = end
  }
  return statements
}

const MEMBER =
  /^(?<modifiers>(?:(?:public|protected|private|static|readonly|abstract|override|get|set)\s+)*)(?<name>#?[\w$]+|\[[^\]]+\])\??(?<next>[(<]?)/

const toMember = ({ doc, code }: Statement): Member | undefined => {
  const { modifiers = '', name = '', next = '' } = MEMBER.exec(code)?.groups ?? {}
  if (name === '' || /\bset\s/.test(modifiers)) return undefined
  return {
    name,
    kind: /\bget\s/.test(modifiers)
      ? 'getter'
      : name === 'constructor'
        ? 'constructor'
        : next === ''
          ? 'property'
          : 'method',
    isStatic: /\bstatic\s/.test(modifiers),
    isPublic: !/\b(?:private|protected)\s/.test(modifiers) && !name.startsWith('#'),
    doc,
    code: code
      .replace(/;$/, '')
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .replace(/\s+/g, ' '),
  }
}

const HEAD =
  /^(?<exported>export\s+)?(?:declare\s+)?(?:abstract\s+)?(?<kind>class|interface|type|const|function)\s+(?<name>[\w$]+)/

/** Type parameters have bounds of their own, which also begin with `extends`. */
const withoutTypeParameters = (head: string): string => {
  const plain = head.replace(/<[^<>]*>/g, '')
  return plain === head ? plain : withoutTypeParameters(plain)
}

/** The names after a word of the head of a class or an interface. */
const namesAfter = (word: 'extends' | 'implements', head: string): string[] => {
  const plain = withoutTypeParameters(head.replace(/=>/g, ''))
  const list =
    new RegExp(`\\b${word}\\s+(?<list>.*?)(?:\\simplements\\b|$)`, 's').exec(plain)?.groups?.['list'] ?? ''
  return list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

const toDeclaration = ({ doc, code }: Statement, file: string): Declaration | undefined => {
  const { kind = '', name = '', exported } = HEAD.exec(code)?.groups ?? {}
  const isExported = exported !== undefined
  if (name === '') return undefined
  if (kind !== 'class' && kind !== 'interface') {
    const rest = { bases: [], implemented: [], members: [] }
    return { name, kind: kind === 'type' ? 'type' : 'const', doc, code, ...rest, file, isExported }
  }
  const block = code.indexOf('{')
  const head = code.slice(0, block)
  return {
    name,
    kind,
    doc,
    code,
    bases: namesAfter('extends', head),
    implemented: namesAfter('implements', head),
    isExported,
    members: readStatements(code.slice(block + 1, -1)).flatMap((member) => toMember(member) ?? []),
    file,
  }
}

/** Names that a file takes from another: local name → file and name there. */
type Names = Map<string, { readonly file: string; readonly name: string }>

interface DeclarationFile {
  readonly declarations: readonly Declaration[]
  readonly imports: Names
  readonly exports: Names
  /** Files of `export *`. */
  readonly all: readonly string[]
}

const LINK =
  /^(?<what>import|export)\s+(?:type\s+)?(?:\{(?<names>[\s\S]*?)\}|\*)\s+from\s+['"](?<from>[^'"]+)['"]/

const readFile = (file: string, text: string): DeclarationFile => {
  const statements = readStatements(text)
  const imports: Names = new Map()
  const exports: Names = new Map()
  const all: string[] = []
  for (const { code } of statements) {
    const { what, names, from = '' } = LINK.exec(code)?.groups ?? {}
    const source = posix.join(posix.dirname(file), from)
    if (what === 'export' && names === undefined) all.push(source)
    for (const entry of names?.split(',') ?? []) {
      const [name = '', local = name] = entry
        .trim()
        .replace(/^type\s+/, '')
        .split(/\s+as\s+/)
      if (name !== '') (what === 'import' ? imports : exports).set(local, { file: source, name })
    }
  }
  return { declarations: statements.flatMap((one) => toDeclaration(one, file) ?? []), imports, exports, all }
}

/** What the entries of the SDK export: a program's view of it. */
export class SdkDeclarations {
  readonly #files: ReadonlyMap<string, DeclarationFile>

  constructor(texts: ReadonlyMap<string, string>) {
    this.#files = new Map([...texts].map(([file, text]) => [file, readFile(file, text)]))
  }

  /** The exports of a file: name → its declarations; a schema has a constant and a type of one name. */
  exportsOf(file: string): Map<string, readonly Declaration[]> {
    const { exports, all, declarations } = this.#file(file)
    const found = new Map(all.flatMap((source) => [...this.exportsOf(source)]))
    for (const { name } of declarations.filter(({ isExported }) => isExported)) {
      found.set(name, this.#declared(file, name))
    }
    for (const [local, { file: source, name }] of exports) found.set(local, this.#find(source, name))
    return found
  }

  /** The members of a class or an interface with those it inherits, its own first. Comments are inherited too. */
  membersOf(declaration: Declaration): readonly Member[] {
    const inherited = this.#membersOfAll(declaration, declaration.bases)
    const described = [...inherited, ...this.#membersOfAll(declaration, declaration.implemented)]
    const docOf = (name: string) => described.find((one) => one.name === name && one.doc !== undefined)?.doc
    const own = new Set(declaration.members.map(({ name }) => name))
    return [
      ...declaration.members.map((member) => ({ ...member, doc: member.doc ?? docOf(member.name) })),
      ...inherited.filter(({ name }) => !own.has(name)),
    ]
  }

  #membersOfAll({ file, name: own }: Declaration, names: readonly string[]): readonly Member[] {
    return names.flatMap((name) => {
      const imported = this.#file(file).imports.get(name)
      // What is neither imported nor declared beside it belongs to the language, such as Error.
      const found = imported ? this.#find(imported.file, imported.name) : this.#declared(file, name)
      return found
        .filter((one) => one.file !== file || one.name !== own)
        .flatMap((one) => this.membersOf(one))
    })
  }

  #file(file: string): DeclarationFile {
    const found = this.#files.get(file)
    if (!found) throw new Error(`There is no declaration of ${file}.`)
    return found
  }

  #declared(file: string, name: string): readonly Declaration[] {
    return this.#file(file).declarations.filter((one) => one.name === name)
  }

  #find(file: string, name: string): readonly Declaration[] {
    const found = this.exportsOf(file).get(name)
    if (!found || found.length === 0) throw new Error(`${file} does not export ${name}.`)
    return found
  }
}

/** Has the compiler write the declarations of the SDK and reads them; files are relative to `src/`. */
export const readSdkDeclarations = (root: string): SdkDeclarations => {
  const folder = mkdtempSync(join(tmpdir(), 'trainyard-declarations-'))
  try {
    const config = {
      extends: join(root, 'tsconfig.base.json'),
      compilerOptions: {
        types: ['node'],
        typeRoots: [join(root, 'node_modules/@types')],
        noEmit: false,
        declaration: true,
        emitDeclarationOnly: true,
        // Comments and names are all that is wanted: whether it compiles is for `npm run types` to say.
        noCheck: true,
        rootDir: join(root, 'src'),
        outDir: join(folder, 'out'),
      },
      files: [join(root, 'src/sdk/index.ts'), join(root, 'src/sdk/node/index.ts')],
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' })
    const out = join(folder, 'out')
    const files = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.d.ts'),
    )
    if (files.length === 0) throw new Error(`The compiler wrote no declarations (${status}): ${stdout}`)
    return new SdkDeclarations(
      new Map(files.map((file) => [file.replace(/\.d\.ts$/, '.ts'), readFileSync(join(out, file), 'utf8')])),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}
