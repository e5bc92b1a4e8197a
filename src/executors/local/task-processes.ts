import { setTimeout as sleep } from 'node:timers/promises'
import type { TaskSpec } from '../../domain/task-spec.ts'
import {
  hasVariables,
  listProcesses,
  membersOf,
  type ProcessEntry,
  type ProcessId,
  readBootId,
  sendSignal,
} from './processes.ts'

/** How long processes a program left behind may take to end by themselves. */
const LEFTOVER_GRACE_MS = 2_000
/** After this, what still lives is beyond signals. */
const LEFTOVER_LIMIT_MS = 10_000

/**
 * Living processes of a task: its session with all descendants, and whoever carries its variables, since a program may
 * make sessions of its own. The leader is among them while it lives.
 *
 * With the leader gone, its number may stand for a session of somebody else. Then only the variables count, unless
 * `sessionKnown` says that the leader was seen alive and the number cannot have been used again.
 */
export const findTaskProcesses = async (
  spec: TaskSpec,
  leader: ProcessId,
  sessionKnown: boolean,
): Promise<ProcessEntry[]> => {
  if ((await readBootId()) !== leader.bootId) return []
  const entries = (await listProcesses()).filter(({ startTime }) => startTime >= leader.startTime)
  const present = entries.find(({ pid }) => pid === leader.pid)
  const isLeader = present?.startTime === leader.startTime
  const trusted = isLeader || (present === undefined && sessionKnown)
  const found = new Map((trusted ? membersOf(entries, leader.pid) : []).map((entry) => [entry.pid, entry]))
  const marks = [
    `TRAINYARD_JOB_ID=${spec.jobId}`,
    `TRAINYARD_TASK_ID=${spec.task}`,
    `MA_SCHEDULE_CNT=${spec.attempt}`,
  ]
  for (const entry of entries)
    if (!found.has(entry.pid) && entry.pid !== process.pid && (await hasVariables(entry.pid, marks)))
      found.set(entry.pid, entry)
  return [...found.values()]
}

/** Kills every process of a task at once; its leader, who records the exit code, only when asked to. */
export const killTask = async (
  spec: TaskSpec,
  leader: ProcessId,
  sessionKnown: boolean,
  withLeader: boolean,
): Promise<void> => {
  for (const { pid } of await findTaskProcesses(spec, leader, sessionKnown))
    if (withLeader || pid !== leader.pid) sendSignal(pid, 'SIGKILL')
}

/** Ends what a program left behind: SIGTERM, and SIGKILL soon after. */
export const endLeftovers = async (
  spec: TaskSpec,
  leader: ProcessId,
  sessionKnown: boolean,
): Promise<void> => {
  const begun = performance.now()
  for (let round = 0; ; round += 1) {
    const members = await findTaskProcesses(spec, leader, sessionKnown)
    const left = members.filter(({ pid }) => pid !== leader.pid)
    const elapsedMs = performance.now() - begun
    if (left.length === 0 || elapsedMs > LEFTOVER_LIMIT_MS) return
    if (round === 0) for (const { pid } of left) sendSignal(pid, 'SIGTERM')
    if (elapsedMs > LEFTOVER_GRACE_MS) for (const { pid } of left) sendSignal(pid, 'SIGKILL')
    await sleep(Math.min(500, 20 * 2 ** round))
  }
}
