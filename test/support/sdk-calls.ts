import { Estimator, iterateJobs, OPERATIONS, Session, TrainingJob } from '../../src/sdk/node/index.ts'
import type { WireServer } from './wire-server.ts'

interface CallOptions {
  readonly signal?: AbortSignal
}

/** Where the calls go, and a directory with a file `a.txt` that they upload from. */
export interface SdkCallsOptions {
  readonly server: WireServer
  readonly session: Session
  readonly directory: string
}

/** Answers that nobody reads hold their connection. */
const discard = async (answer: Promise<{ discard(): Promise<void> }>): Promise<void> =>
  (await answer).discard()

const drain = async (items: AsyncIterable<unknown>): Promise<void> => {
  for await (const _ of items);
}

/**
 * Every method of the SDK that asks the server, by name: about a job `job-1`, the objects `obs://lab/a` and those below
 * `obs://lab/a/`. Capital names are of classes, small ones of what they make.
 */
export const sdkCalls = ({
  server,
  session,
  directory,
}: SdkCallsOptions): Readonly<Record<string, (options: CallOptions) => Promise<unknown>>> => {
  const job = () => new TrainingJob({ session, jobId: 'job-1' })
  const estimator = () =>
    new Estimator({
      session,
      frameworkType: 'Python',
      frameworkVersion: 'python_3.11',
      trainingFiles: { codeDir: directory, bootFile: 'a.txt', obsPath: 'obs://lab/code/' },
    })
  return {
    'session.send': (options) => session.send(OPERATIONS.listEngines, options),
    'session.open': (options) =>
      discard(session.open(OPERATIONS.getObject, { ...options, params: { bucket: 'lab', key: 'a' } })),
    'session.openLink': (options) => discard(session.openLink(`${server.endpoint}/files/x`, 0, options)),
    'session.resolveProjectId': ({ signal }) => {
      const { endpoint, accessKey, secretKey } = server
      return new Session({ endpoint, accessKey, secretKey }).resolveProjectId(signal)
    },
    'estimator.fit': (options) => estimator().fit(options),
    'estimator.validate': (options) => estimator().validate(options),
    'Estimator.getJobList': (options) => Estimator.getJobList({ session, ...options }),
    'Estimator.controlJobById': (options) =>
      Estimator.controlJobById({ session, jobId: 'job-1', ...options }),
    'Estimator.deleteJobById': (options) => Estimator.deleteJobById({ session, jobId: 'job-1', ...options }),
    'Estimator.getFlavors': (options) => Estimator.getFlavors({ session, ...options }),
    'Estimator.getEngines': (options) => Estimator.getEngines({ session, ...options }),
    'Estimator.getTrainInstanceTypes': (options) => Estimator.getTrainInstanceTypes({ session, ...options }),
    'Estimator.getFrameworkList': (options) => Estimator.getFrameworkList({ session, ...options }),
    'TrainingJob.create': (options) => TrainingJob.create(session, { metadata: { name: 'x' } }, options),
    'TrainingJob.validate': (options) => TrainingJob.validate(session, { metadata: { name: 'x' } }, options),
    iterateJobs: (options) => drain(iterateJobs(session, {}, options)),
    'job.info': (options) => job().info(options),
    'job.getJobInfo': (options) => job().getJobInfo(options),
    'job.updateDescription': (options) => job().updateDescription('x', options),
    'job.updateJobConfigs': (options) => job().updateJobConfigs({ description: 'x' }, options),
    'job.stop': (options) => job().stop(options),
    'job.controlJob': (options) => job().controlJob(options),
    'job.delete': (options) => job().delete(options),
    'job.deleteJob': (options) => job().deleteJob(options),
    'job.log': (options) => job().log('worker-0', options),
    'job.getJobLog': (options) => job().getJobLog('worker-0', options),
    'job.metrics': (options) => job().metrics('worker-0', options),
    'job.getJobMetrics': (options) => job().getJobMetrics('worker-0', options),
    'job.events': (options) => job().events({}, options),
    'job.getJobEvents': (options) => job().getJobEvents({}, options),
    'job.tasks': (options) => job().tasks({}, options),
    'job.getJobTasks': (options) => job().getJobTasks({}, options),
    'job.logUrl': (options) => job().logUrl('worker-0', options),
    'job.getJobLogUrl': (options) => job().getJobLogUrl('worker-0', options),
    'job.followLog': (options) => drain(job().followLog('worker-0', options)),
    'job.logLines': (options) => drain(job().logLines('worker-0', options)),
    'job.iterateEvents': (options) => drain(job().iterateEvents({}, { follow: true, ...options })),
    'job.waitForCompletion': (options) => job().waitForCompletion(options),
    'obs.put': (options) => session.obs.put('obs://lab/a', 'a', options),
    'obs.get': (options) => discard(session.obs.get('obs://lab/a', options)),
    'obs.find': (options) => session.obs.find('obs://lab/a', options),
    'obs.exists': (options) => session.obs.exists('obs://lab/a', options),
    'obs.isObsPathExists': (options) => session.obs.isObsPathExists('obs://lab/a', options),
    'obs.list': (options) => drain(session.obs.list('obs://lab/', options)),
    'obs.listBuckets': (options) => session.obs.listBuckets(options),
    'obs.delete': (options) => session.obs.delete('obs://lab/a', options),
    'obs.deleteDirectory': (options) => session.obs.deleteDirectory('obs://lab/a/', options),
    'obs.uploadFile': (options) => session.obs.uploadFile(`${directory}/a.txt`, 'obs://lab/', options),
    'obs.putFile': (options) => session.obs.putFile(`${directory}/a.txt`, 'obs://lab/a', options),
    'obs.uploadDir': (options) => session.obs.uploadDir(directory, 'obs://lab/', options),
    'obs.uploadPath': (options) => session.obs.uploadPath(directory, 'obs://lab/', options),
    'obs.downloadFile': (options) => session.obs.downloadFile('obs://lab/a', directory, options),
    'obs.getFile': (options) => session.obs.getFile('obs://lab/a', `${directory}/b.txt`, options),
    'obs.downloadDir': (options) => session.obs.downloadDir('obs://lab/', directory, options),
  }
}
