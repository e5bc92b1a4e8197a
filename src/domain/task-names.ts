/** Names a task and its surroundings go by. Directories are canonical: an executor may show them elsewhere. */

/** Home of the account tasks run as, `MA_HOME`. */
export const HOME_DIRECTORY = '/home/ma-user'
/** Platform mount, `MA_MOUNT_PATH`. */
export const MOUNT_DIRECTORY = `${HOME_DIRECTORY}/modelarts`
/** Where code directories are put, `MA_JOB_DIR`. */
export const JOB_DIRECTORY = `${MOUNT_DIRECTORY}/user-job-dir`
/** `MA_LOG_DIR`. */
export const LOG_DIRECTORY = `${MOUNT_DIRECTORY}/log`
/** Fast scratch disk, emptied after the job. */
export const CACHE_DIRECTORY = '/cache'
/** Where packages of `pip-requirements.txt` are put. */
export const PACKAGE_DIRECTORY = `${HOME_DIRECTORY}/site-packages`

/** Id of a task, such as `worker-0`. Indexes count from 0 within a role. */
export const taskId = (role: string, index: number): string => `${role}-${index}`

/** Stem of the host names of a job, `MA_VJ_NAME`. */
export const hostStem = (jobId: string): string => `modelarts-job-${jobId}`

/** Host name of a task, `MA_CURRENT_INSTANCE_NAME`. */
export const instanceName = (jobId: string, role: string, index: number): string =>
  `${hostStem(jobId)}-${taskId(role, index)}`

/** Full name other tasks reach a task by, where names resolve. */
export const hostName = (jobId: string, role: string, index: number): string =>
  `${instanceName(jobId, role, index)}.${hostStem(jobId)}`

/** Directory of an input channel that names none. `index` counts channels of the same name from 0. */
export const defaultInputDirectory = (name: string, index: number): string =>
  `${MOUNT_DIRECTORY}/inputs/${name}_${index}`

/** Directory of an output channel that names none. `index` counts channels of the same name from 0. */
export const defaultOutputDirectory = (name: string, index: number): string =>
  `${MOUNT_DIRECTORY}/outputs/${name}_${index}`

/** Directory the code of `code_dir` (`/bucket/a/code/`) is put in: named after its last segment. */
export const codeDirectory = (codeDir: string): string => {
  const name = codeDir
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.' && segment !== '..')
    .at(-1)
  return name === undefined ? JOB_DIRECTORY : `${JOB_DIRECTORY}/${name}`
}

/** File name of the log of a task. */
export const logFileName = (jobId: string, task: string): string => `${hostStem(jobId)}-${task}.log`
