import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Command } from 'commander'
import { type Session, TrainyardError, type TransferOptions, type TransferResult } from '../sdk/node/index.ts'
import { type Cli, openSession } from './cli.ts'
import { toSize, withTransfer } from './progress.ts'

const isRemote = (path: string): boolean => path.startsWith('obs:/')

const wrong = (message: string, solution?: string): TrainyardError =>
  new TrainyardError('invalid_argument', message, solution === undefined ? {} : { solution })

const isLocalDirectory = async (path: string): Promise<boolean> => {
  try {
    return (await stat(path)).isDirectory()
  } catch {
    return false
  }
}

const asDirectory = (url: string): string => (url.endsWith('/') ? url : `${url}/`)

type OnProgress = NonNullable<TransferOptions['onProgress']>

class Copier {
  readonly #cli: Cli
  readonly #session: Session

  constructor(cli: Cli, session: Session) {
    this.#cli = cli
    this.#session = session
  }

  async upload(from: string, to: string, isRecursive: boolean): Promise<void> {
    const { obs } = this.#session
    const isDirectory = await isLocalDirectory(from)
    if (isDirectory && !isRecursive) throw wrong(`${from} is a directory: use -r.`)
    if (isDirectory) {
      const upload = (onProgress: OnProgress) => obs.uploadDir(from, asDirectory(to), { onProgress })
      this.#summary(await withTransfer(this.#cli.terminal, 'uploading', upload))
      return
    }
    const isBucket = /^obs:\/{1,2}[^/]+$/.test(to)
    const stored = await withTransfer(this.#cli.terminal, `uploading ${basename(from)}`, () =>
      to.endsWith('/') || isBucket ? obs.uploadFile(from, asDirectory(to)) : obs.putFile(from, to),
    )
    this.#summary({ files: 1, bytes: stored.size, skipped: [] })
  }

  async download(from: string, to: string, isRecursive: boolean): Promise<void> {
    const { obs } = this.#session
    if (isRecursive) {
      const download = (onProgress: OnProgress) => obs.downloadDir(asDirectory(from), to, { onProgress })
      const result = await withTransfer(this.#cli.terminal, 'downloading', download)
      if (result.files === 0)
        throw new TrainyardError('ModelArts.4404', `There is nothing below ${asDirectory(from)}.`)
      this.#summary(result)
      return
    }
    if (from.endsWith('/')) throw wrong(`${from} is a directory: use -r.`)
    if (to === '-') return this.#print(from)
    const file = to.endsWith('/') || (await isLocalDirectory(to)) ? join(to, basename(from)) : to
    const bytes = await withTransfer(this.#cli.terminal, `downloading ${basename(from)}`, () =>
      obs.getFile(from, file),
    )
    this.#summary({ files: 1, bytes, skipped: [] })
  }

  async #print(from: string): Promise<void> {
    const content = await this.#session.obs.get(from)
    for await (const chunk of content.chunks) await this.#cli.terminal.write(chunk)
  }

  #summary({ files, bytes, skipped }: TransferResult): void {
    const { terminal } = this.#cli
    terminal.note(`copied ${files} ${files === 1 ? 'file' : 'files'}, ${toSize(bytes)}`)
    for (const path of skipped)
      terminal.note(`warning: left out ${path}: a link that leads elsewhere, or no file`)
  }
}

/** `trainyard cp`. */
export const cpCommand = (cli: Cli): Command =>
  new Command('cp')
    .description('copy files between this machine and the object store')
    .argument('<from>', 'local path, or obs://bucket/path')
    .argument('<to>', 'obs://bucket/path, or local path ("-" is stdout)')
    .option('-r, --recursive', 'copy what is below a directory')
    .addHelpText(
      'after',
      `
A path that ends with "/" is a directory: the file goes into it under its own name.
With -r, what is below the first directory goes below the second.

Examples:
  trainyard cp iris.csv obs://lab/data/
  trainyard cp -r ./code obs://lab/code/
  trainyard cp -r obs://lab/out/ ./out
  trainyard cp obs://lab/out/model.json -`,
    )
    .action(async (from: string, to: string, options: { recursive?: boolean }, command: Command) => {
      if (isRemote(from) === isRemote(to)) {
        throw wrong('One side is a local path, the other begins with obs://.', 'See: trainyard cp --help')
      }
      const copier = new Copier(cli, openSession(cli, command))
      const isRecursive = options.recursive === true
      await (isRemote(to) ? copier.upload(from, to, isRecursive) : copier.download(from, to, isRecursive))
    })
