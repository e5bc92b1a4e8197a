import type { FlavorType } from '../contract/flavor.ts'
import type { StoragePlace } from '../contract/storage-url.ts'

/** An input or output channel of a task. */
export interface ChannelSpec {
  readonly name: string
  readonly place: StoragePlace
  /** Canonical directory, as the API reports it (`local_dir`). */
  readonly directory: string
  /** `parameter`: `--name=directory` is added to the arguments; `env`: the variable `name` is set. */
  readonly access: 'parameter' | 'env'
}

/** How the program of a task is started. */
export type ProgramSpec =
  | {
      readonly kind: 'boot_file'
      /** Absolute path of the interpreter on the node. */
      readonly interpreter: string
      /** Path of the start file relative to the code directory. */
      readonly bootFile: string
    }
  | {
      readonly kind: 'command'
      /** One line for `/bin/sh`. */
      readonly command: string
    }

/**
 * Everything an executor needs to run one task. Directories are canonical (`/home/ma-user/…`, `/cache`): an executor
 * that cannot show them at that place maps them with `PathMap`.
 */
export interface TaskSpec {
  readonly jobId: string
  readonly projectId: string
  readonly kind: string
  /** Run attempt, from 1. */
  readonly attempt: number
  /** Task id, `worker-0`. */
  readonly task: string
  readonly role: string
  readonly index: number
  /** All tasks of the job, by role, in index order. */
  readonly roles: Readonly<Record<string, readonly string[]>>
  readonly program: ProgramSpec
  /** Where the code is kept and the directory it is staged to; null when there is none to stage. */
  readonly code: { readonly place: StoragePlace; readonly directory: string } | null
  readonly workingDirectory: string
  readonly inputs: readonly ChannelSpec[]
  readonly outputs: readonly ChannelSpec[]
  readonly parameters: readonly { readonly name: string; readonly value: string }[]
  /** Variables the user set. */
  readonly environments: Readonly<Record<string, string>>
  readonly engineVersion: string
  readonly engineName: string
  readonly flavorType: FlavorType
  /** Cores of the flavor: what 100 percent CPU means. */
  readonly cores: number
  /** Memory of the flavor in bytes: what 100 percent memory means. */
  readonly memoryBytes: number
  /** Accelerators of the node the task may use, by index. */
  readonly devices: readonly number[]
  readonly masterPort: number
  readonly logExport: StoragePlace | null
}

/** The tasks of one run, all to be prepared before any program starts. */
export interface RunSpec {
  readonly jobId: string
  readonly projectId: string
  readonly jobName: string
  readonly attempt: number
  readonly tasks: readonly TaskSpec[]
}

/** Turns a canonical path into the real one of a sandbox. */
export type PathMap = (canonical: string) => string
