import { PassThrough } from 'node:stream'
import { createProgram, runProgram } from '../../src/cli/program.ts'
import type { Output } from '../../src/cli/terminal.ts'

/** How a command line ended. */
export interface CliRun {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface CliScreen {
  /** Columns of a terminal; without, the output is a pipe. */
  readonly columns?: number
  readonly env?: Readonly<Record<string, string>>
  /** What a person types, line by line; or, where the output is a pipe, what stdin holds. */
  readonly answers?: readonly string[]
}

/** Stdin with everything in it from the start; a terminal where the screen is one. */
const stdinOf = ({ answers = [], columns }: CliScreen) => {
  const stdin = Object.assign(new PassThrough(), {
    isTTY: columns !== undefined,
    setRawMode: () => undefined,
  })
  stdin.end(answers.map((answer) => `${answer}\n`).join(''))
  return stdin
}

class Collected implements Output {
  text = ''
  readonly isTTY: boolean
  readonly columns?: number

  constructor(columns: number | undefined) {
    this.isTTY = columns !== undefined
    if (columns !== undefined) this.columns = columns
  }

  write(text: string | Uint8Array, done?: (error?: Error | null) => void): boolean {
    this.text += typeof text === 'string' ? text : Buffer.from(text).toString()
    done?.()
    return true
  }
}

/** Runs a command line in this process against a server, signed in with its key. */
export const runCli = async (
  server: Record<'endpoint' | 'projectId' | 'accessKey' | 'secretKey', string>,
  args: readonly string[],
  screen: CliScreen = {},
): Promise<CliRun> => {
  const stdout = new Collected(screen.columns)
  const stderr = new Collected(screen.columns)
  const env = {
    TRAINYARD_ENDPOINT: server.endpoint,
    TRAINYARD_PROJECT_ID: server.projectId,
    TRAINYARD_ACCESS_KEY: server.accessKey,
    TRAINYARD_SECRET_KEY: server.secretKey,
    TRAINYARD_DATA: '/nonexistent',
    XDG_CONFIG_HOME: '/nonexistent',
    ...screen.env,
  }
  const program = createProgram({ version: '1.2.3', stdin: stdinOf(screen), stdout, stderr, env })
  const exitCode = await runProgram(program, args, stderr)
  return { exitCode, stdout: stdout.text, stderr: stderr.text }
}
