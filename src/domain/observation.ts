/**
 * What an executor sees of one task right now.
 *
 * `absent`: never started here, so it may be started; `lost`: it was started, and neither a process nor an exit code
 * is left; the other states are those of `RunTask`.
 */
export interface TaskObservation {
  readonly task: string
  readonly state: 'absent' | 'preparing' | 'running' | 'finishing' | 'ended' | 'lost'
  /** When the program started, epoch ms. */
  readonly startedAt?: number
  /** When the program ended, epoch ms. */
  readonly endedAt?: number
  /** When nothing more was left to do for the task, its last upload included, epoch ms. */
  readonly finishedAt?: number
  /** Exit code of the program, once it ended. 128 + n when killed by signal n. */
  readonly exitCode?: number
  /** Set when something beside the program failed. */
  readonly trouble?: {
    readonly reason: 'preparation_failed' | 'upload_failed'
    readonly message: string
  }
}
