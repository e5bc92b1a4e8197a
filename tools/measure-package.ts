import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { type InstalledPackage, installPackage } from './install-package.ts'

const PAGE = join(import.meta.dirname, '../docs/install.md')
const HEAVIEST = 6

interface Weight {
  readonly bytes: number
  readonly files: number
}

const weigh = async (directory: string): Promise<Weight> => {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(join(file.parentPath, file.name))).size),
  )
  return { bytes: sizes.reduce((sum, size) => sum + size, 0), files: files.length }
}

/** Folders of `node_modules` that are a package, those in scopes and those nested included. */
const packageFolders = async (folder: string): Promise<string[]> => {
  const entries = await readdir(join(folder, 'node_modules'), { recursive: true, encoding: 'utf8' })
  const path = /(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/@.][^/]*$/
  return entries
    .filter((entry) => entry.endsWith(`${sep}package.json`))
    .map((entry) => `node_modules/${entry.slice(0, -'/package.json'.length)}`)
    .filter((entry) => path.test(entry))
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

const figures = async (installed: InstalledPackage): Promise<string> => {
  const folders = await packageFolders(installed.folder)
  const weighed = await Promise.all(
    folders.map(async (folder) => ({ folder, ...(await weigh(join(installed.folder, folder))) })),
  )
  const all = await weigh(join(installed.folder, 'node_modules'))
  const own = weighed.find(({ folder }) => folder === 'node_modules/trainyard')
  if (own === undefined) throw new Error('the package is not where it should be')
  const others = weighed
    .filter((one) => one !== own)
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, HEAVIEST)
    .map(({ folder, bytes }) => `${folder.replace(/^.*node_modules\//, '')} ${megabytes(bytes)}`)
  const { version } = JSON.parse(await readFile(join(installed.directory, 'package.json'), 'utf8')) as {
    version: string
  }
  return [
    '| measure | figure |',
    '| --- | --- |',
    `| version, date | ${version}, ${new Date().toISOString().slice(0, 10)} |`,
    `| package, packed | ${megabytes(installed.packedBytes)} |`,
    `| package, unpacked | ${megabytes(own.bytes)} in ${own.files} files |`,
    `| packages it needs | ${folders.length - 1} |`,
    `| all installed | ${megabytes(all.bytes)} in ${all.files} files |`,
    `| heaviest of them | ${others.join(', ')} |`,
  ].join('\n')
}

const installed = await installPackage()
try {
  const table = await figures(installed)
  const page = await readFile(PAGE, 'utf8')
  const replaced = page.replace(
    /(<!-- figures -->\n)[\s\S]*?(\n<!-- end of figures -->)/,
    (_all, begin: string, end: string) => `${begin}\n${table}\n${end}`,
  )
  if (!replaced.includes(table)) throw new Error(`no place for the figures in ${PAGE}`)
  await writeFile(PAGE, replaced)
  process.stdout.write(`${table}\n`)
} finally {
  await installed.remove()
}
