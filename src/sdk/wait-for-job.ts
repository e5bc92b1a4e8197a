import { isFinal } from '../contract/phases.ts'
import type { TrainingJob as JobResponse } from '../contract/training-job.ts'
import { TrainyardError } from '../contract/trainyard-error.ts'
import { Patience } from './patience.ts'
import { pause } from './retry.ts'

/** How a job is waited for. */
export interface WaitOptions {
  /** Longest wait; afterwards `request_timeout`. Default: no limit. */
  readonly timeoutMs?: number | undefined
  /** Ends the wait with `request_aborted`; the job goes on. */
  readonly signal?: AbortSignal | undefined
  /** Called with the first answer and whenever the phase or secondary phase has changed. */
  readonly onChange?: ((job: JobResponse) => void) | undefined
  /** Pause between two looks. Default: 5 s rising to 30 s; 250 ms rising to 5 s for a server on this machine. */
  readonly intervalMs?: number | undefined
}

/** What the wait needs of a job. */
export interface Watched {
  readonly isLocal: boolean
  info(options: { signal?: AbortSignal | undefined }): Promise<JobResponse>
}

/** Pauses that grow by half each time. */
export const growingPauses = (isLocal: boolean): { firstMs: number; longestMs: number } =>
  isLocal ? { firstMs: 250, longestMs: 5_000 } : { firstMs: 5_000, longestMs: 30_000 }

/**
 * Looks at a job until it is final. A server that does not answer for up to five minutes is waited for.
 * @throws TrainyardError `job_not_successful` on Failed or Abnormal (the job is its `cause`), `request_timeout` when
 * the time is over, `request_aborted`, or a refusal, such as `ModelArts.2775` when the job was deleted.
 */
export const waitForJob = async (job: Watched, options: WaitOptions): Promise<JobResponse> => {
  const { signal, onChange, intervalMs } = options
  const deadlineMs =
    options.timeoutMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + options.timeoutMs
  const { firstMs, longestMs } = growingPauses(job.isLocal)
  const patience = new Patience()
  let lastState = ''
  let pauseMs = intervalMs ?? firstMs
  for (;;) {
    const info = await patience.attempt(() => job.info({ signal }))
    if (info) {
      const { phase, secondary_phase: secondaryPhase } = info.status
      const state = `${phase}/${secondaryPhase}`
      if (state !== lastState) onChange?.(info)
      lastState = state
      if (isFinal(phase, secondaryPhase)) return successOf(info)
    }
    const leftMs = deadlineMs - Date.now()
    if (leftMs <= 0) throw tooLate(options.timeoutMs ?? 0, lastState)
    await pause(Math.min(pauseMs, leftMs), signal)
    pauseMs = intervalMs ?? Math.min(longestMs, pauseMs * 1.5)
  }
}

const tooLate = (timeoutMs: number, state: string): TrainyardError => {
  const seen = state === '' ? 'has not been seen' : `is still ${state.split('/')[0]}`
  return new TrainyardError('request_timeout', `The job ${seen} after ${timeoutMs} ms.`, {
    solution: 'Wait again: the job goes on.',
  })
}

const successOf = (job: JobResponse): JobResponse => {
  const { phase } = job.status
  if (phase !== 'Failed' && phase !== 'Abnormal') return job
  const [failed] = job.status.task_statuses ?? []
  const reason = job.trainyard?.reason
  const details = [
    reason === undefined ? '' : ` Reason: ${reason}.`,
    failed?.exit_code === undefined
      ? ''
      : ` ${failed.task ?? 'A task'} ended with exit code ${failed.exit_code}.`,
  ]
  throw new TrainyardError('job_not_successful', `Job ${job.metadata.name} is ${phase}.${details.join('')}`, {
    solution: 'Read its log and events.',
    cause: job,
  })
}
