import { createHmac, timingSafeEqual } from 'node:crypto'
import { LOG_LINK_SECONDS } from '../contract/logs.ts'

/** Whether the browser shows the log or saves it. */
export type Disposition = 'inline' | 'attachment'

/** The log of one task. */
export interface LinkedLog {
  readonly projectId: string
  readonly jobId: string
  readonly taskId: string
}

/** Path of the links, as the router writes it. */
export const LOG_LINK_PATH = '/files/logs/:project_id/:training_job_id/:task_id/:name'

/** File name of a log, the vendor's pattern. */
export const logFileName = (log: LinkedLog): string => `modelarts-job-${log.jobId}-${log.taskId}.log`

/**
 * Makes and checks links to logs. A link opens one log for 300 s without sign-in; it is signed with a key of the
 * server, so nothing about it is kept.
 */
export class LogLinks {
  readonly #key: Buffer
  readonly #clock: () => number

  constructor(key: Buffer, clock: () => number) {
    this.#key = key
    this.#clock = clock
  }

  /** Path and query of a link, percent-encoded. */
  sign(log: LinkedLog, disposition: Disposition): string {
    const expires = String(Math.floor(this.#clock() / 1000) + LOG_LINK_SECONDS)
    const path = [log.projectId, log.jobId, log.taskId, logFileName(log)].map(encodeURIComponent).join('/')
    const query = new URLSearchParams({
      expires,
      disposition,
      signature: this.#signature(log, expires, disposition),
    })
    return `/files/logs/${path}?${query}`
  }

  /** What a link asks for; undefined when it was not made here or has expired. `name` is the last part of its path. */
  check(log: LinkedLog, name: string, query: URLSearchParams): Disposition | undefined {
    const expires = query.get('expires') ?? ''
    const disposition = query.get('disposition') === 'attachment' ? 'attachment' : 'inline'
    // As text: reading hex would overlook what follows it.
    const sent = Buffer.from(query.get('signature') ?? '')
    const right = Buffer.from(this.#signature(log, expires, query.get('disposition') ?? ''))
    if (sent.length !== right.length || !timingSafeEqual(sent, right)) return undefined
    if (name !== logFileName(log) || Number(expires) * 1000 < this.#clock()) return undefined
    return disposition
  }

  #signature(log: LinkedLog, expires: string, disposition: string): string {
    // JSON keeps the parts apart: no shift of a character from one into the next gives the same text.
    const text = JSON.stringify(['log', log.projectId, log.jobId, log.taskId, expires, disposition])
    return createHmac('sha256', this.#key).update(text).digest('hex')
  }
}
