import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Scheduler } from '../scheduler/scheduler.ts'

/** What a start leaves for when requests are answered already. */
export interface Work {
  /** Resolves once the catalogue has all engines. */
  readonly enginesKnown: Promise<void>
  /** Begins: finds the engines, then takes up the jobs. Rejects when they cannot be taken up. */
  begin(scheduler: Pick<Scheduler, 'start'>): Promise<void>
  /** Ends what was begun. */
  stop(): Promise<void>
}

/**
 * Finds the engines and starts the scheduler, in this order: without its engine a job would be given up. Asking every
 * interpreter starts processes, which takes longer than all else of a start.
 */
export const prepareWork = (findEngines: () => Promise<void>): Work => {
  const engines = Promise.withResolvers<void>()
  // Whoever waits for it is told; nobody has to.
  engines.promise.catch(() => undefined)
  let isStopped = false
  let starting: Promise<void> | undefined
  return {
    enginesKnown: engines.promise,
    begin: async (scheduler) => {
      await nextTurn()
      await findEngines().then(engines.resolve, engines.reject)
      await engines.promise
      if (isStopped) return
      starting = scheduler.start()
      await starting
    },
    stop: async () => {
      isStopped = true
      await starting?.catch(() => undefined)
    },
  }
}
