import { toStorageUrl } from '../contract/storage-url.ts'
import {
  HOME_DIRECTORY,
  hostStem,
  instanceName,
  JOB_DIRECTORY,
  LOG_DIRECTORY,
  MOUNT_DIRECTORY,
} from './task-names.ts'
import type { ChannelSpec, PathMap, TaskSpec } from './task-spec.ts'

/** What a task's environment depends on beside the task itself. */
export interface TaskSite {
  /** Address other tasks can reach. */
  readonly ip: string
  /** Address of the node. */
  readonly hostIp: string
  /** Name or address other tasks reach a task by. */
  readonly hostOf: (role: string, index: number) => string
  /** Real directory for temporary files. Short: sockets are made there, and their paths may have 107 bytes at most. */
  readonly temporaryDirectory: string
  /** Base URL of the API, when there is one to tell. */
  readonly apiEndpoint?: string | undefined
}

/** Whether a text can name a variable in every shell. */
export const isVariableName = (name: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)

// The last two are no names of the contract: an executor tells by them whose a process is.
const RESERVED =
  /^(VC_.*|MA_VJ_NAME|MA_TASK_NAME|MA_NUM_.*|MA_CURRENT_.*|MA_.*_CNT|RANK_.*|TRAINYARD_JOB_ID|TRAINYARD_TASK_ID)$/

/** Names among a user's variables that the platform keeps for itself, in alphabetic order. */
export const reservedVariables = (environments: Readonly<Record<string, string>>): string[] =>
  Object.keys(environments)
    .filter((name) => RESERVED.test(name))
    .sort()

/**
 * Environment of a task, built from nothing: the server's own variables never reach a program. A user's values win
 * except for reserved names.
 */
export const taskEnvironment = (spec: TaskSpec, place: PathMap, site: TaskSite): Record<string, string> => {
  const channels = [...spec.inputs, ...spec.outputs]
    .filter(({ access }) => access === 'env')
    .map(({ name, directory }): [string, string] => [name, place(directory)])
  const wanted = [...channels, ...Object.entries(spec.environments)].filter(
    ([name]) => isVariableName(name) && !RESERVED.test(name),
  )
  const variables = {
    ...basics(spec, place, site),
    ...platform(spec, place, site),
    ...roles(spec, site),
    ...accelerators(spec),
  }
  return { ...variables, ...Object.fromEntries(wanted) }
}

const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

const basics = (spec: TaskSpec, place: PathMap, site: TaskSite): Record<string, string> => {
  const { program } = spec
  const slash = program.kind === 'boot_file' ? program.interpreter.lastIndexOf('/') : -1
  // With its directory in front, `python` and `pip` in a script are those of the engine.
  const engine = program.kind === 'boot_file' && slash > 0 ? `${program.interpreter.slice(0, slash)}:` : ''
  return {
    HOME: place(HOME_DIRECTORY),
    LANG: 'C.UTF-8',
    PATH: `${engine}${SYSTEM_PATH}`,
    PYTHONPATH: place(JOB_DIRECTORY),
    PYTHONUNBUFFERED: '1',
    TMPDIR: site.temporaryDirectory,
  }
}

const platform = (spec: TaskSpec, place: PathMap, site: TaskSite): Record<string, string> => ({
  MA_HOME: place(HOME_DIRECTORY),
  MA_MOUNT_PATH: place(MOUNT_DIRECTORY),
  MA_JOB_DIR: place(JOB_DIRECTORY),
  MA_LOG_DIR: place(LOG_DIRECTORY),
  WORKSPACE: place(spec.code?.directory ?? spec.workingDirectory),
  MA_SCRIPT_INTERPRETER: '',
  MA_TASK_NAME: spec.role,
  MA_NUM_HOSTS: String(Object.values(spec.roles).flat().length),
  MA_NUM_GPUS: String(spec.devices.length),
  MA_CURRENT_IP: site.ip,
  MA_CURRENT_HOST_IP: site.hostIp,
  MA_CURRENT_INSTANCE_NAME: instanceName(spec.jobId, spec.role, spec.index),
  MA_VJ_NAME: hostStem(spec.jobId),
  MA_JOB_KIND: spec.kind,
  MA_DETECT_TRAIN_INJECT_CODE: '0',
  MA_PROC_START_CNT: '1',
  MA_SCHEDULE_CNT: String(spec.attempt),
  MA_INPUTS: JSON.stringify({ inputs: spec.inputs.map((channel) => describeChannel(channel, place)) }),
  MA_OUTPUTS: JSON.stringify({ outputs: spec.outputs.map((channel) => describeChannel(channel, place)) }),
  TRAINYARD_JOB_ID: spec.jobId,
  TRAINYARD_TASK_ID: spec.task,
  TRAINYARD_MASTER_PORT: String(spec.masterPort),
  ...(spec.engineVersion === '' ? {} : { MA_ENGINE_VERSION: spec.engineVersion }),
  ...(site.apiEndpoint === undefined ? {} : { MA_APIGW_ENDPOINT: site.apiEndpoint }),
})

const describeChannel = (
  channel: ChannelSpec,
  place: PathMap,
): { name: string; local_dir: string; remote: { obs: { obs_url: string } } } => ({
  name: channel.name,
  local_dir: place(channel.directory),
  remote: { obs: { obs_url: toStorageUrl(channel.place) } },
})

const roles = (spec: TaskSpec, site: TaskSite): Record<string, string> => {
  const variables: Record<string, string> = {
    VC_TASK_INDEX: String(spec.index),
    VK_TASK_INDEX: String(spec.index),
  }
  for (const [role, tasks] of Object.entries(spec.roles)) {
    const name = role.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')
    variables[`VC_${name}_NUM`] = String(tasks.length)
    variables[`VC_${name}_HOSTS`] = tasks.map((_, index) => site.hostOf(role, index)).join(',')
  }
  return variables
}

/** An empty list hides every card from a task that asked for none. */
const accelerators = (spec: TaskSpec): Record<string, string> => {
  const devices = spec.devices.join(',')
  return {
    CUDA_VISIBLE_DEVICES: spec.flavorType === 'GPU' ? devices : '',
    ...(spec.flavorType === 'Ascend' ? { ASCEND_RT_VISIBLE_DEVICES: devices } : {}),
  }
}
