import type { TaskObservation } from '../../domain/observation.ts'
import { PREPARATION_EXIT_CODE } from '../../domain/task-script.ts'
import type { ControlState } from './control-state.ts'

/** What others are told of a task in this state. */
export const toObservation = (
  task: string,
  state: ControlState,
  seen: TaskObservation['state'],
): TaskObservation => {
  const { exit, startedAt, finishedAt } = state
  // The script gives this code when it could not even write down what failed.
  const isUnprepared = exit?.code === PREPARATION_EXIT_CODE && startedAt === undefined
  const preparation = state.trouble ?? (isUnprepared ? 'The program could not be started.' : undefined)
  const message = preparation ?? state.uploadTrouble
  const reason = preparation === undefined ? ('upload_failed' as const) : ('preparation_failed' as const)
  return {
    task,
    state: seen,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(exit ? { exitCode: exit.code, endedAt: exit.at } : {}),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...(message === undefined ? {} : { trouble: { reason, message } }),
  }
}
