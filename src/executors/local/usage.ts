import type { TaskSpec } from '../../domain/task-spec.ts'
import type { TaskUsage } from '../executor.ts'
import { type CardUsage, readCards } from './gpu-usage.ts'
import { listProcesses, membersOf, type ProcessEntry, readMemory } from './processes.ts'

/** A running task to be measured. */
export interface MeasuredTask {
  readonly spec: TaskSpec
  /** Number of the process that leads its session. */
  readonly leader: number
  /** Epoch ms. */
  readonly startedAt: number
}

/** Measures what tasks use, in percent of what they were given. */
export class UsageMeter {
  readonly #clock: () => number
  #before = new Map<string, { cpuMs: number; at: number }>()

  constructor(clock: () => number) {
    this.#clock = clock
  }

  /** Processor use is the mean since the last call, or since the start of the program. */
  async measure(tasks: readonly MeasuredTask[]): Promise<TaskUsage[]> {
    if (tasks.length === 0) return []
    const entries = await listProcesses()
    const cards = tasks.some(({ spec }) => spec.flavorType === 'GPU') ? await readCards() : new Map()
    const after = new Map<string, { cpuMs: number; at: number }>()
    const usages: TaskUsage[] = []
    for (const task of tasks) {
      const members = membersOf(entries, task.leader)
      const key = `${task.spec.jobId}/${task.spec.attempt}/${task.spec.task}`
      const cpuMs = members.reduce((sum, member) => sum + member.cpuMs, 0)
      const now = { cpuMs, at: this.#clock() }
      after.set(key, now)
      const before = this.#before.get(key) ?? { cpuMs: 0, at: task.startedAt }
      usages.push(await this.#usageOf(task, members, before, now, cards))
    }
    this.#before = after
    return usages
  }

  async #usageOf(
    { spec }: MeasuredTask,
    members: readonly ProcessEntry[],
    before: { cpuMs: number; at: number },
    now: { cpuMs: number; at: number },
    cards: ReadonlyMap<number, CardUsage>,
  ): Promise<TaskUsage> {
    const memory = await Promise.all(members.map(({ pid }) => readMemory(pid)))
    const bytes = memory.reduce((sum, value) => sum + value, 0)
    const ofTask = spec.devices.map((device) => cards.get(device)).filter((card) => card !== undefined)
    const elapsedMs = now.at - before.at
    return {
      jobId: spec.jobId,
      task: spec.task,
      cpu: elapsedMs <= 0 ? -1 : percent(now.cpuMs - before.cpuMs, elapsedMs * spec.cores),
      memory: percent(bytes, spec.memoryBytes),
      gpu: mean(ofTask.map(({ busy }) => busy)),
      gpuMemory: mean(ofTask.map(({ memory: used }) => used)),
      npu: -1,
      npuMemory: -1,
    }
  }
}

const percent = (part: number, whole: number): number =>
  whole <= 0 ? -1 : Math.min(100, Math.max(0, (part / whole) * 100))

const mean = (values: readonly number[]): number =>
  values.length === 0 ? -1 : values.reduce((sum, value) => sum + value, 0) / values.length
