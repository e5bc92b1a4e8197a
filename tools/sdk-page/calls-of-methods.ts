import type { CALLS } from '../../src/contract/calls.ts'

type CallName = keyof typeof CALLS

const SHOW = ['showTrainingJob'] as const satisfies CallName[]
const STOP = ['stopTrainingJob'] as const satisfies CallName[]
const FOLLOW = ['showTrainingJob', 'linkLog'] as const satisfies CallName[]
const FIND = ['listObjects'] as const satisfies CallName[]
const PUT = ['putObject'] as const satisfies CallName[]

/** What can be asked of one job, by estimator and handle alike. */
const JOB_CALLS: Readonly<Record<string, readonly CallName[]>> = {
  info: SHOW,
  getJobInfo: SHOW,
  updateDescription: ['updateTrainingJob'],
  updateJobConfigs: ['updateTrainingJob'],
  stop: STOP,
  controlJob: STOP,
  delete: ['deleteTrainingJob'],
  deleteJob: ['deleteTrainingJob'],
  log: ['previewLog'],
  getJobLog: ['previewLog'],
  metrics: ['showMetrics'],
  getJobMetrics: ['showMetrics'],
  events: ['listEvents'],
  getJobEvents: ['listEvents'],
  iterateEvents: ['showTrainingJob', 'listEvents'],
  tasks: ['listTasks'],
  getJobTasks: ['listTasks'],
  logUrl: ['linkLog'],
  getJobLogUrl: ['linkLog'],
  followLog: FOLLOW,
  logLines: FOLLOW,
  waitForCompletion: SHOW,
}

/**
 * The calls each method of the SDK sends, by class and name; a method that sends what it is handed, or nothing, has
 * none. `test/sdk-surface.test.ts` watches the methods at work and holds this to it.
 */
export const CALLS_OF_METHODS: Readonly<Record<string, Readonly<Record<string, readonly CallName[]>>>> = {
  Session: {
    setEndpoint: [],
    findSettings: [],
    resolveProjectId: ['listProjects'],
    send: [],
    open: [],
    openLink: [],
  },
  Estimator: {
    fit: ['putObject', 'createTrainingJob'],
    validate: ['createTrainingJob'],
    getJobList: ['listTrainingJobs'],
    controlJobById: STOP,
    deleteJobById: ['deleteTrainingJob'],
    getFlavors: ['listFlavors'],
    getEngines: ['listEngines'],
    getTrainInstanceTypes: ['listFlavors'],
    getFrameworkList: ['listEngines'],
    ...JOB_CALLS,
  },
  TrainingJob: {
    create: ['createTrainingJob'],
    validate: ['createTrainingJob'],
    ...JOB_CALLS,
  },
  ObsFiles: {
    put: PUT,
    get: ['getObject'],
    find: FIND,
    exists: FIND,
    isObsPathExists: FIND,
    list: FIND,
    listBuckets: ['listBuckets'],
    delete: ['deleteObject'],
    deleteDirectory: ['deleteObject'],
    uploadFile: PUT,
    putFile: PUT,
    uploadDir: PUT,
    uploadPath: PUT,
    downloadFile: ['getObject'],
    getFile: ['getObject'],
    downloadDir: ['listObjects', 'getObject'],
  },
}
