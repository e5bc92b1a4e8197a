import { execFile } from 'node:child_process'
import { join } from 'node:path'

const MAIN = join(import.meta.dirname, '../../src/main.ts')

/** How a process ended. */
export interface MainRun {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs `trainyard` as a process of its own. */
export const runMain = (
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<MainRun> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      [MAIN, ...args],
      { timeout: 60_000, env: { ...process.env, ...env } },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
        resolve({ code, stdout, stderr })
      },
    )
  })
