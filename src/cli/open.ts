import { spawn } from 'node:child_process'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Command } from 'commander'
import { type Environment, TrainyardError } from '../sdk/node/index.ts'
import { type Cli, connectionOptions, openSession } from './cli.ts'
import { findJob } from './find-job.ts'

/** A browser that has not failed after this time has taken the address. */
const FAILS_WITHIN_MS = 1_500

/** The program that opens addresses; undefined where there is no screen for a browser. */
const opener = (env: Environment): string | undefined => {
  if (env['BROWSER']) return env['BROWSER'].split(':')[0]
  if (process.platform === 'darwin') return 'open'
  return env['DISPLAY'] || env['WAYLAND_DISPLAY'] ? 'xdg-open' : undefined
}

/** Hands an address to a program; false when that did not work. */
const hand = (program: string, address: string, env: Environment): Promise<boolean> =>
  new Promise((resolve) => {
    const child = spawn(program, [address], { detached: true, stdio: 'ignore', env: { ...env } })
    const timer = setTimeout(() => resolve(true), FAILS_WITHIN_MS)
    const end = (isTaken: boolean) => {
      clearTimeout(timer)
      resolve(isTaken)
    }
    child.once('error', () => end(false))
    child.once('exit', (code) => end(code === 0))
    child.unref()
  })

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)

/**
 * A page that leads on to a link, for our eyes only: whoever has a signed link may read, and arguments of programs can be
 * read by everybody on a machine.
 */
const pageTo = async (link: string, env: Environment): Promise<string> => {
  const cache = env['XDG_CACHE_HOME'] ?? ''
  const folder = join(isAbsolute(cache) ? cache : join(env['HOME'] || homedir(), '.cache'), 'trainyard')
  const file = join(folder, 'open.html')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const head = `<meta charset="utf-8"><meta name="referrer" content="no-referrer">`
  const go = `<meta http-equiv="refresh" content="0;url=${escapeHtml(link)}">`
  await writeFile(file, `<!doctype html>${head}${go}<a href="${escapeHtml(link)}">on to the log</a>\n`, {
    mode: 0o600,
  })
  await chmod(file, 0o600)
  return pathToFileURL(file).href
}

const HELP = `
A job opens as the log of a task: its link is valid for five minutes, for whoever has it.
The browser is $BROWSER, else the one of the desktop. Where there is none, the address is printed.

Examples:
  trainyard open docs
  trainyard open docs --print
  trainyard open resnet50 worker-1 --print`

const addressOf = async (
  cli: Cli,
  command: Command,
  what: string,
  task: string | undefined,
): Promise<{ address: string; isSecret: boolean }> => {
  const session = openSession(cli, command)
  if (what === 'docs') return { address: `${session.endpoint}/docs`, isSecret: false }
  const job = await findJob(session, what, connectionOptions(command).workspace)
  const { tasks } = (await job.info()).status
  const chosen = task ?? tasks[0] ?? ''
  if (!tasks.includes(chosen)) {
    throw new TrainyardError('invalid_argument', `There is no task ${chosen}.`, {
      solution: `The tasks are ${tasks.join(', ')}.`,
    })
  }
  return { address: await job.logUrl(chosen), isSecret: true }
}

/** `trainyard open`. */
export const openCommand = (cli: Cli): Command =>
  new Command('open')
    .description('open the API reference of the server, or the log of a job, in the browser')
    .argument('<what>', '"docs", or a job: name, id, or the begin of an id')
    .argument('[task]', 'task of the job; default: the first')
    .option('--print', 'print the address instead')
    .addHelpText('after', HELP)
    .action(
      async (what: string, task: string | undefined, options: { print?: boolean }, command: Command) => {
        const { address, isSecret } = await addressOf(cli, command, what, task)
        const program = options.print === true ? undefined : opener(cli.env)
        if (program === undefined) return cli.terminal.print(address)
        const shown = isSecret ? await pageTo(address, cli.env) : address
        if (await hand(program, shown, cli.env)) return cli.terminal.note(`opened in ${program}`)
        return cli.terminal.print(address)
      },
    )
