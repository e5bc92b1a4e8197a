import { connect } from 'node:net'
import { setTimeout as later } from 'node:timers'
import { dataPaths, readCredentials } from '../data-directory.ts'
import { type Finding, ok, problem, warning } from './finding.ts'

const ANSWER_MS = 3_000

/** Whether something listens at a port of this machine. */
const isTaken = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    const end = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    later(() => end(false), ANSWER_MS).unref()
    socket.once('connect', () => end(true)).once('error', () => end(false))
  })

const checkPort = async (port: number): Promise<Finding> =>
  (await isTaken(port))
    ? problem('port', `${port} is in use by another program`, 'Choose another: trainyard serve --port 8123.')
    : ok('port', `${port} is free`)

interface Readiness {
  readonly status?: string
  readonly checks?: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[]
}

const checkRunning = async (endpoint: string): Promise<Finding> => {
  try {
    const answer = await fetch(`${endpoint}/readyz`, { signal: AbortSignal.timeout(ANSWER_MS) })
    const { status, checks = [] } = (await answer.json()) as Readiness
    if (status === 'ready') return ok('server', `ready at ${endpoint}`)
    const failed = checks.filter((check) => !check.ok).map(({ name, detail }) => `${name}: ${detail}`)
    return problem('server', `at ${endpoint}: ${failed.join('; ')}`, 'See the log of the server.')
  } catch {
    return problem(
      'server',
      `does not answer at ${endpoint}`,
      'See its log; if it hangs, end it and start it again: jobs go on.',
    )
  }
}

/** Looks at the server that runs, or at what would be in the way of one. */
export const checkServer = async (directory: string, port: number, isServed: boolean): Promise<Finding[]> => {
  if (!isServed) return [ok('server', 'does not run'), await checkPort(port)]
  const credentials = await readCredentials(dataPaths(directory).credentials).catch(() => undefined)
  if (credentials) return [await checkRunning(credentials.endpoint)]
  return [warning('server', 'runs, but credentials.json cannot be read', 'Run as the user of the server.')]
}
