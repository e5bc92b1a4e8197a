import { CALLS } from '../../src/contract/calls.ts'
import { CALLS_OF_METHODS } from './calls-of-methods.ts'
import { type Declaration, type Member, readSdkDeclarations, type SdkDeclarations } from './declarations.ts'

const BROWSER = 'sdk/index.ts'
const NODE = 'sdk/node/index.ts'

/** Classes in the order of the page; what else there is follows by its name. */
const CLASSES = ['Session', 'Estimator', 'TrainingJob', 'ObsFiles', 'TrainyardError']

const INTRODUCTION = `# SDK

Made by \`npm run docs\` from the declarations of \`src/sdk/\`; do not edit.

\`import { … } from 'trainyard'\` gives Node, Bun and Deno the whole of this page, and a bundler for browsers all that is
not marked **Node**. Failures are thrown as \`TrainyardError\`, with a [code](errors.md); objects of the wire keep their
\`snake_case\` names and are described in [openapi.json](openapi.json). Reads, searches, deletes, dry runs and uploads are
repeated when the connection or the server fails (\`retry\` of the session); a create, a stop and an update never are.
Every call takes \`signal\` and \`timeoutMs\`.`

/** The text of a comment as Markdown: what it throws as a sentence, examples as code. */
const formatDoc = (doc: string | undefined): string[] => {
  const [text = '', ...tags] = (doc ?? '').split(/(?:^|\s)@(?=throws|example)/)
  return [
    text.trim(),
    ...tags.map((tag) => {
      const [, name = '', rest = ''] = /^(\w+)\s+([\s\S]*)$/.exec(tag) ?? []
      return name === 'example' ? `\`\`\`ts\n${rest.trim()}\n\`\`\`` : `Throws ${rest.trim()}`
    }),
  ].filter((part) => part !== '')
}

const oneLine = (doc: string | undefined): string =>
  formatDoc(doc).join(' ').replace(/\s+/g, ' ').replaceAll('|', '\\|')

const httpOf = (owner: string, method: string): string[] => {
  const calls = CALLS_OF_METHODS[owner]?.[method]
  if (!calls) throw new Error(`tools/sdk-page/calls-of-methods.ts says nothing of ${owner}.${method}.`)
  if (calls.length === 0) return []
  const lines = calls.map((name) => `\`${CALLS[name].method} ${CALLS[name].path}\``)
  return [`HTTP: ${lines.join(', then ')}`]
}

const anchor = (owner: string, { name, isStatic }: Member): string => (isStatic ? `${owner}.${name}` : name)

/** Overloads stand together; each keeps its comment. */
const methodSections = (
  owner: string,
  methods: readonly Member[],
  markOf: (method: Member) => string,
): string[] =>
  [...Map.groupBy(methods, (method) => anchor(owner, method))].flatMap(([title, overloads]) => [
    `#### ${title}${overloads.map(markOf)[0]}`,
    `\`\`\`ts\n${overloads.map(({ code }) => code.replace(/^static /, '')).join('\n')}\n\`\`\``,
    ...overloads.flatMap(({ doc }) => formatDoc(doc)),
    ...httpOf(owner, overloads[0]?.name ?? ''),
  ])

const typeOf = ({ code }: Member): string =>
  code
    .replace(/^.*?\??(?:\(\))?:\s*/, '')
    .replace(/ \| undefined$/, '')
    .replaceAll('|', '\\|')

const fieldTable = (fields: readonly Member[]): string[] => {
  if (fields.length === 0) return []
  const rows = fields.map((field) => `| \`${field.name}\` | \`${typeOf(field)}\` | ${oneLine(field.doc)} |`)
  return [['| field | type | what it is |', '| --- | --- | --- |', ...rows].join('\n')]
}

const classSection = (sdk: SdkDeclarations, name: string, declaration: Declaration): string[] => {
  const members = sdk.membersOf(declaration).filter(({ isPublic }) => isPublic)
  const maker = members.find(({ kind }) => kind === 'constructor')
  const own = new Set(declaration.members.map((member) => member.name))
  const methods = members.filter(({ kind }) => kind === 'method')
  const isLikeAJob = name === 'Estimator'
  return [
    `### ${name === 'ObsFiles' ? 'Obs, ObsFiles' : name}`,
    ...formatDoc(declaration.doc),
    ...(maker ? [`\`\`\`ts\n${maker.code.replace('constructor', `new ${name}`)}\n\`\`\``] : []),
    ...fieldTable(members.filter(({ kind }) => kind === 'property' || kind === 'getter')),
    ...(isLikeAJob ? ['About its job it can all that a [TrainingJob](#trainingjob) can.'] : []),
    ...methodSections(
      name,
      isLikeAJob ? methods.filter((method) => own.has(method.name)) : methods,
      // The object store of a browser has what is not its own.
      (method) => (name === 'ObsFiles' && own.has(method.name) ? ' (Node)' : ''),
    ),
  ]
}

const interfaceSection = (
  sdk: SdkDeclarations,
  name: string,
  declaration: Declaration,
  mark: string,
): string[] => [
  `### ${name}${mark}`,
  ...formatDoc(declaration.doc),
  ...fieldTable(sdk.membersOf(declaration).filter(({ isPublic }) => isPublic)),
]

const codeSection = (name: string, { code, doc }: Declaration, mark: string): string[] => {
  const plain = code
    .replace(/^export (?:declare )?/, '')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\n\s*\n/g, '\n')
    .replace(/;$/, '')
  return [`### ${name}${mark}`, ...formatDoc(doc), `\`\`\`ts\n${plain}\n\`\`\``]
}

/** The page about the SDK, made from what its entries export. */
export const sdkPage = (root: string): string => {
  const sdk = readSdkDeclarations(root)
  const browser = sdk.exportsOf(BROWSER)
  // The session of Node stands for both: it adds to the other. So does its object store.
  const all = [...sdk.exportsOf(NODE)].filter(([name]) => name !== 'Obs')
  const mark = (name: string): string => (browser.has(name) ? '' : ' (Node)')
  const pick = (
    wanted: (declaration: Declaration) => boolean,
    write: (name: string, declaration: Declaration) => string[],
  ): string[] =>
    all
      .flatMap(([name, declarations]) => declarations.filter(wanted).map((one) => ({ name, one })))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap(({ name, one }) => write(name, one))
  const isWire = ({ file }: Declaration): boolean => file.startsWith('contract/')
  const isMainClass = ({ kind, name }: Declaration): boolean => kind === 'class' && CLASSES.includes(name)
  const mainClasses = CLASSES.flatMap((name) => {
    const declaration = all.find(([exported]) => exported === name)?.[1].find(isMainClass)
    return declaration ? classSection(sdk, name, declaration) : []
  })
  return `${[
    INTRODUCTION,
    '## Classes',
    ...mainClasses,
    '## Functions and constants',
    ...pick(
      (one) => one.kind === 'const' && !isWire(one),
      (name, one) => codeSection(name, one, mark(name)),
    ),
    '## Options and results',
    ...pick(
      (one) => one.kind === 'interface' || (one.kind === 'class' && !isMainClass(one)),
      (name, one) => interfaceSection(sdk, name, one, mark(name)),
    ),
    '## Types',
    ...pick(
      (one) => one.kind === 'type' && !isWire(one),
      (name, one) => codeSection(name, one, mark(name)),
    ),
    '## From the contract',
    'Objects of the wire, and the rules that come with them.',
    contractTable(all),
  ].join('\n\n')}\n`
}

const contractTable = (all: readonly (readonly [string, readonly Declaration[]])[]): string => {
  const rows = all
    .filter(([, declarations]) =>
      declarations.some(({ file, kind }) => file.startsWith('contract/') && kind !== 'class'),
    )
    .map(([name, declarations]) => `| \`${name}\` | ${oneLine(declarations.find(({ doc }) => doc)?.doc)} |`)
    .sort()
  return ['| name | what it is |', '| --- | --- |', ...rows].join('\n')
}
