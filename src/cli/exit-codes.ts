import { CommanderError } from 'commander'
import { isTrainyardError } from '../sdk/node/index.ts'

/** What the CLI's exit codes mean. */
export const EXIT = {
  done: 0,
  /** A job waited for did not succeed; Terminated counts. */
  jobNotSuccessful: 1,
  wrongUsage: 2,
  /** The server refused, or could not be reached. */
  refused: 3,
} as const

/** The exit code of an error that ended a command. */
export const exitCodeOf = (error: unknown): number => {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.wrongUsage
  if (isTrainyardError(error)) {
    if (error.code === 'job_not_successful') return EXIT.jobNotSuccessful
    return error.code === 'invalid_argument' ? EXIT.wrongUsage : EXIT.refused
  }
  // A local file that cannot be read or written is the caller's to mend.
  const isSystemError = error instanceof Error && 'syscall' in error
  return isSystemError ? EXIT.wrongUsage : EXIT.refused
}
