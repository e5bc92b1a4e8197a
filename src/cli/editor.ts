import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Environment, TrainyardError } from '../sdk/node/index.ts'

/** A text that a person edits, in a file of its own (0600) until it is used. */
export class EditedText {
  readonly #folder: string
  /** Path of the file. */
  readonly file: string

  private constructor(folder: string, name: string) {
    this.#folder = folder
    this.file = join(folder, name)
  }

  static async create(name: string, text: string): Promise<EditedText> {
    const edited = new EditedText(await mkdtemp(join(tmpdir(), 'trainyard-')), name)
    await writeFile(edited.file, text, { mode: 0o600 })
    return edited
  }

  /**
   * Opens the editor of `VISUAL` or `EDITOR`, else vi, and gives the text as it was left.
   * @throws TrainyardError `invalid_argument` when the editor cannot be started or ends with an error.
   */
  async edit(env: Environment): Promise<string> {
    const editor = env['VISUAL'] || env['EDITOR'] || 'vi'
    // The variable may hold arguments, as in `code --wait`: a shell reads it, and gets the file by itself.
    const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', this.file], {
      stdio: 'inherit',
      env: { ...env },
    })
    const [code] = (await once(child, 'exit')) as [number | null]
    if (code === 0) return readFile(this.file, 'utf8')
    throw new TrainyardError('invalid_argument', `The editor ended with ${code ?? 'a signal'}: ${editor}`, {
      solution: 'Set EDITOR to the editor you like.',
    })
  }

  /** Removes the file. */
  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }
}
