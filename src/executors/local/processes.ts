import { readdir, readFile } from 'node:fs/promises'
import { readIfThere, systemCode } from './durable-file.ts'

/** Names a process for good: numbers are used again, but not with the same start time in the same boot. */
export interface ProcessId {
  readonly pid: number
  /** Clock ticks after boot. */
  readonly startTime: number
  readonly bootId: string
}

/** What `/proc/<pid>/stat` tells of a process. */
export interface ProcessEntry {
  readonly pid: number
  readonly parent: number
  readonly session: number
  /** Clock ticks after boot. */
  readonly startTime: number
  /** Processor time of the process and of the children it has waited for. */
  readonly cpuMs: number
}

// The kernel counts processor time for user space in hundredths of a second on every common machine.
const MS_PER_TICK = 10
const READS_AT_A_TIME = 32

/** Reads `<pid> <start time> <boot id>` as the start script writes it; undefined while it is not whole. */
export const parseProcessId = (text: string): ProcessId | undefined => {
  const match = /^(\d+) (\d+) ([0-9a-f-]{36})\n$/.exec(text)
  return match ? { pid: Number(match[1]), startTime: Number(match[2]), bootId: match[3] ?? '' } : undefined
}

let bootId: Promise<string> | undefined

/** Names this boot of the machine. */
export const readBootId = (): Promise<string> => {
  bootId ??= readFile('/proc/sys/kernel/random/boot_id', 'utf8').then((text) => text.trim())
  return bootId
}

/** A living process; undefined when there is none of this number, or only its remains. */
export const readProcess = async (pid: number): Promise<ProcessEntry | undefined> => {
  const stat = await readProcFile(`/proc/${pid}/stat`)
  // The name of the command, in brackets, may hold anything: count from behind it.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? []
  const [state = 'X', parent, , session] = fields
  if (state === 'Z' || state === 'X') return undefined
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return {
    pid,
    parent: Number(parent),
    session: Number(session),
    startTime: Number(fields[19]),
    cpuMs: ticks * MS_PER_TICK,
  }
}

/** Whether exactly this process lives. */
export const isAlive = async (id: ProcessId): Promise<boolean> => {
  if ((await readBootId()) !== id.bootId) return false
  return (await readProcess(id.pid))?.startTime === id.startTime
}

/** All living processes. */
export const listProcesses = async (): Promise<ProcessEntry[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const entries: ProcessEntry[] = []
  for (let start = 0; start < pids.length; start += READS_AT_A_TIME) {
    const chunk = await Promise.all(pids.slice(start, start + READS_AT_A_TIME).map(readProcess))
    entries.push(...chunk.filter((entry) => entry !== undefined))
  }
  return entries
}

/** The processes of a session with the leader of this number, and all their descendants. */
export const membersOf = (entries: readonly ProcessEntry[], session: number): ProcessEntry[] => {
  const members = new Map<number, ProcessEntry>()
  for (const entry of entries) if (entry.session === session) members.set(entry.pid, entry)
  // Listed parents come first as a rule, so one round is the usual case.
  for (let before = -1; before !== members.size; ) {
    before = members.size
    for (const entry of entries) if (members.has(entry.parent)) members.set(entry.pid, entry)
  }
  return [...members.values()]
}

/** Resident memory of a process in bytes; 0 when it is gone. */
export const readMemory = async (pid: number): Promise<number> => {
  const status = await readProcFile(`/proc/${pid}/status`)
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status ?? '')?.[1] ?? 0) * 1024
}

/** Whether a process was given all these variables when it began. False when that may not be read. */
export const hasVariables = async (pid: number, variables: readonly string[]): Promise<boolean> => {
  const environment = new Set((await readProcFile(`/proc/${pid}/environ`))?.split('\0'))
  return variables.every((variable) => environment.has(variable))
}

/**
 * Sends a signal; that nobody is there is fine, and one that runs as somebody else is beyond us. A negative number means
 * a process group.
 */
export const sendSignal = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!['ESRCH', 'EPERM'].includes(systemCode(error))) throw error
  }
}

/** A file of `/proc`; undefined when its process is gone, also while it is read, or belongs to somebody else. */
const readProcFile = async (file: string): Promise<string | undefined> => {
  try {
    return await readIfThere(file)
  } catch (error) {
    if (['ESRCH', 'EACCES', 'EPERM'].includes(systemCode(error))) return undefined
    throw error
  }
}
