import { setImmediate as nextTurn } from 'node:timers/promises'
import { isFinal } from '../contract/phases.ts'
import type { JobRecord, Run } from '../domain/job-record.ts'
import { admit, type Decision, decide, giveUp, place } from '../domain/lifecycle.ts'
import type { TaskObservation } from '../domain/observation.ts'
import { type InterpreterOf, planRun } from '../domain/plan-run.ts'
import type { Executor } from '../executors/executor.ts'
import type { Store } from '../store/store.ts'
import { findFreePort } from './free-port.ts'
import { assignDevices, placeable, usedBy } from './queue.ts'
import { toRunRef } from './run-ref.ts'
import { SAMPLE_PERIOD_MS, UsageSampler } from './usage-sampler.ts'

/** What the scheduler tells the operator. */
export interface SchedulerLog {
  error(details: object, message: string): void
  info(details: object, message: string): void
}

export interface SchedulerOptions {
  readonly store: Store
  readonly executor: Executor
  /** Interpreter of an engine, by engine id; undefined when this machine has it no longer. */
  readonly interpreterOf: InterpreterOf
  readonly log: SchedulerLog
  /** Epoch ms. */
  readonly clock?: () => number
  /** Time the executor gives programs between SIGTERM and SIGKILL. Default 30,000. */
  readonly graceMs?: number
  /** Ms on a clock that is never set. */
  readonly steadyClock?: () => number
  /** Whether waiting jobs may start now. Default: they may. */
  readonly mayPlace?: () => boolean
  /** Told of each look. */
  readonly onLook?: (durationMs: number, failed: boolean) => void
  /** Time between two looks when nothing wakes the scheduler. Default 1,000 ms. */
  readonly periodMs?: number
}

const DEFAULT_PERIOD_MS = 1_000
const DEFAULT_GRACE_MS = 30_000

/** How long ending a run may take beyond the grace time before the platform is to blame: far beyond a last upload. */
export const STOP_LIMIT_MS = 10 * 60 * 1000

/** Looks at every job that is not final and moves it along. Each step can be repeated after a crash at any line. */
export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #sampler: UsageSampler
  /** Since when this server asks a run to end, by job, on the steady clock: time without a server does not count. */
  readonly #endingSince = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #again = false
  #closed = false
  #sampledAt = 0
  #nextPort = 0

  constructor(options: SchedulerOptions) {
    this.#options = options
    this.#sampler = new UsageSampler(options.executor, options.store.metrics)
  }

  /** Takes up what an earlier server left, then keeps looking. */
  async start(): Promise<void> {
    const { executor, store, log } = this.#options
    executor.onWake(() => this.wake())
    executor.onEvent((event) => {
      store.events
        .add([event])
        .catch((error: unknown) => log.error({ err: error, job: event.jobId }, 'event not kept'))
    })
    const active = await store.jobs.listActive()
    this.#nextPort = this.#now() % 10_000
    await executor.sweep(new Set(active.map(({ id }) => id)))
    await this.tick()
    this.#timer = setInterval(() => this.wake(), this.#options.periodMs ?? DEFAULT_PERIOD_MS)
  }

  /** Asks for a look now: something may have changed. */
  wake(): void {
    // Before the sweep of a start nothing may be placed: it would be swept away.
    if (this.#timer) void this.tick()
  }

  /** One look at everything. Calls while it looks lead to one more look afterwards. */
  tick(): Promise<void> {
    if (this.#closed) return Promise.resolve()
    if (this.#running) {
      this.#again = true
      return this.#running
    }
    this.#running = this.#lookUntilQuiet().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Stops looking. Jobs go on; the next server takes them up. */
  async stop(): Promise<void> {
    this.#closed = true
    clearInterval(this.#timer)
    await this.#running
  }

  #now(): number {
    return (this.#options.clock ?? Date.now)()
  }

  async #lookUntilQuiet(): Promise<void> {
    do {
      this.#again = false
      const begun = performance.now()
      const failure = await this.#look().catch((error: unknown) => ({ err: error }))
      if (failure) this.#options.log.error(failure, 'the scheduler could not look; it tries again')
      this.#options.onLook?.(performance.now() - begun, failure !== undefined)
    } while (this.#again && !this.#closed)
  }

  async #look(): Promise<void> {
    // Read once: with thousands of jobs that is what a look costs. Whatever changes meanwhile leads to another look, and
    // no record that is out of date can be written.
    const active = await this.#options.store.jobs.listActive()
    await this.#eachOf(active, isCreating, async (record) => {
      await this.#apply(admit(record, this.#now()))
      this.#again = true
    })
    await this.#observe(active)
    await this.#eachOf(active, isDeletedAndOver, (record) => this.#purge(record))
    await this.#placeWaiting(active)
    await this.#sample(active)
  }

  /** Brings placed and stopping jobs up to date. */
  async #observe(active: readonly JobRecord[]): Promise<void> {
    const live = active.filter(isLive)
    if (live.length === 0) return
    const seen = await this.#observeRuns(live.filter(({ run }) => run !== null))
    await this.#eachOf(
      live,
      () => true,
      async (record) => {
        const observations = seen.get(record.id)
        const overdue = this.#isOverdue(record)
        if (record.run !== null && observations === undefined && !overdue) return
        await this.#apply(decide(record, observations ?? [], this.#now(), overdue))
      },
    )
  }

  /** What cannot be observed stays as it is; jobs that wait for a place or a stop need no observation. */
  async #observeRuns(placed: readonly JobRecord[]): Promise<Map<string, TaskObservation[]>> {
    try {
      return await this.#options.executor.observe(placed.map(toRunRef))
    } catch (error) {
      this.#options.log.error({ err: error }, 'the executor could not look; it is asked again')
      return new Map()
    }
  }

  /** Whether this server has asked a run to end for longer than that may take. */
  #isOverdue({ id, run }: JobRecord): boolean {
    if (!run?.ending) return false
    const { graceMs = DEFAULT_GRACE_MS, steadyClock = () => performance.now() } = this.#options
    const now = steadyClock()
    const since = this.#endingSince.get(id) ?? now
    this.#endingSince.set(id, since)
    return now - since > graceMs + STOP_LIMIT_MS
  }

  async #placeWaiting(active: readonly JobRecord[]): Promise<void> {
    const { executor } = this.#options
    const waiting = active.filter(({ job }) => job.status.phase === 'Pending')
    if (waiting.length === 0 || this.#options.mayPlace?.() === false) return
    const placed = active.filter((record) => isLive(record) && record.run !== null)
    const capacity = executor.capacity()
    await this.#eachOf(
      placeable(waiting, capacity, usedBy(placed)),
      () => true,
      async (record) => {
        const run = await this.#newRun(record, placed)
        const planned = planRun({ ...record, run }, this.#options.interpreterOf)
        if (typeof planned === 'string') {
          await this.#apply(giveUp(record, 'create_failed', `Could not be queued: ${planned}`, this.#now()))
          return
        }
        const decision = place(record, run, this.#now())
        placed.push(decision.record)
        await this.#apply(decision)
      },
    )
  }

  async #newRun(record: JobRecord, placed: readonly JobRecord[]): Promise<Run> {
    const { executor } = this.#options
    const ports = new Set(placed.map(({ run }) => run?.masterPort ?? 0))
    const masterPort = await findFreePort(ports, this.#nextPort)
    this.#nextPort = (masterPort + 1) % 10_000
    const devices = assignDevices(record, placed, executor.capacity())
    return {
      attempt: (record.run?.attempt ?? 0) + 1,
      executor: executor.name,
      placedAt: this.#now(),
      masterPort,
      tasks: record.job.status.tasks.map((task, index) => ({
        task,
        state: 'preparing',
        devices: devices[index] ?? [],
        ip: '127.0.0.1',
        hostIp: '127.0.0.1',
      })),
    }
  }

  /** Writes a decision, then acts on it. A job somebody else changed meanwhile is left for the next look. */
  async #apply(decision: Decision): Promise<void> {
    const { store, executor } = this.#options
    const { record, move, events, action, changed } = decision
    if (changed) {
      const placements = action === 'start' && record.run ? placementsOf(record.run) : undefined
      const written = await store.jobs.change(record, {
        ...(move ? { move } : {}),
        events,
        ...(placements ? { placements } : {}),
      })
      if (!written) {
        this.#again = true
        return
      }
    }
    if (action === 'start') {
      const planned = planRun(record, this.#options.interpreterOf)
      if (typeof planned === 'string') return this.#giveUpStart(decision, planned)
      await executor.start(planned)
    }
    if (action === 'stop') await executor.stop(toRunRef(record))
    if (move && isFinal(move.to, move.secondaryPhase)) {
      this.#endingSince.delete(record.id)
      if (record.run) await executor.release(toRunRef(record))
      this.#again = true
    }
  }

  /** Ends a placed job that can be started no longer: its engine went while there was no server. */
  #giveUpStart({ record, changed }: Decision, why: string): Promise<void> {
    const written = changed ? { ...record, version: record.version + 1 } : record
    return this.#apply(giveUp(written, 'create_failed', `Could not be started: ${why}`, this.#now()))
  }

  /** Removes what is left of a deleted job: first what is outside, then the job itself. */
  async #purge(record: JobRecord): Promise<void> {
    await this.#options.executor.remove(record.id)
    await this.#options.store.jobs.purge(record.id)
  }

  async #sample(active: readonly JobRecord[]): Promise<void> {
    const now = this.#now()
    if (now - this.#sampledAt < SAMPLE_PERIOD_MS && now >= this.#sampledAt) return
    this.#sampledAt = now
    await this.#sampler.sample(
      active.filter((record) => isLive(record) && record.run !== null),
      now,
    )
  }

  /** Trouble with one job must not keep the others waiting, nor many jobs the requests that come in meanwhile. */
  async #eachOf(
    records: readonly JobRecord[],
    chosen: (record: JobRecord) => boolean,
    step: (record: JobRecord) => Promise<void>,
  ): Promise<void> {
    for (const record of records.filter(chosen)) {
      try {
        await step(record)
      } catch (error) {
        this.#options.log.error(
          { err: error, job: record.id },
          'a job could not be moved along; it is tried again',
        )
      }
      await nextTurn()
    }
  }
}

const isCreating = ({ job }: JobRecord): boolean => job.status.phase === 'Creating'

const isOver = ({ job }: JobRecord): boolean => isFinal(job.status.phase, job.status.secondary_phase)

const isDeletedAndOver = (record: JobRecord): boolean => record.deletedAt !== null && isOver(record)

const isLive = (record: JobRecord): boolean =>
  !isOver(record) && record.job.status.phase !== 'Creating' && record.job.status.phase !== 'Pending'

const placementsOf = (run: Run) =>
  run.tasks.map(({ task, ip, hostIp }) => ({ task, ip, host_ip: hostIp, schedule_count: run.attempt }))
