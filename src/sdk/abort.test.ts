import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { startWireServer, type WireServer } from '../../test/support/wire-server.ts'
import { Estimator, iterateJobs, OPERATIONS, Session, TrainingJob } from './node/index.ts'

interface Options {
  readonly signal: AbortSignal
}

const drain = async (items: AsyncIterable<unknown>): Promise<void> => {
  for await (const _ of items);
}

describe('giving up', () => {
  let server: WireServer
  let session: Session
  let directory: string

  before(async () => {
    server = await startWireServer()
    const { endpoint, projectId, accessKey, secretKey } = server
    session = new Session({ endpoint, projectId, accessKey, secretKey })
    directory = await mkdtemp(join(tmpdir(), 'trainyard-abort-'))
    await writeFile(join(directory, 'a.txt'), 'a')
  })
  after(async () => {
    await server.close()
    await rm(directory, { recursive: true })
  })
  beforeEach(() => {
    server.requests.length = 0
  })

  const job = () => new TrainingJob({ session, jobId: 'job-1' })
  const estimator = () =>
    new Estimator({
      session,
      frameworkType: 'Python',
      frameworkVersion: 'python_3.11',
      trainingFiles: { codeDir: directory, bootFile: 'a.txt', obsPath: 'obs://lab/code/' },
    })

  /** Everything that takes a signal. */
  const calls: Readonly<Record<string, (options: Options) => Promise<unknown>>> = {
    'session.send': (options) => session.send(OPERATIONS.listEngines, options),
    'session.open': (options) =>
      session.open(OPERATIONS.getObject, { ...options, params: { bucket: 'lab', key: 'a' } }),
    'session.openLink': (options) => session.openLink(`${server.endpoint}/files/x`, 0, options),
    'session.resolveProjectId': ({ signal }) => {
      const { endpoint, accessKey, secretKey } = server
      return new Session({ endpoint, accessKey, secretKey }).resolveProjectId(signal)
    },
    'estimator.fit': (options) => estimator().fit(options),
    'estimator.validate': (options) => estimator().validate(options),
    'Estimator.getJobList': (options) => Estimator.getJobList({ session, ...options }),
    'Estimator.controlJobById': (options) => Estimator.controlJobById({ session, jobId: 'x', ...options }),
    'Estimator.deleteJobById': (options) => Estimator.deleteJobById({ session, jobId: 'x', ...options }),
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
    'obs.get': (options) => session.obs.get('obs://lab/a', options),
    'obs.find': (options) => session.obs.find('obs://lab/a', options),
    'obs.exists': (options) => session.obs.exists('obs://lab/a', options),
    'obs.isObsPathExists': (options) => session.obs.isObsPathExists('obs://lab/a', options),
    'obs.list': (options) => drain(session.obs.list('obs://lab/', options)),
    'obs.listBuckets': (options) => session.obs.listBuckets(options),
    'obs.delete': (options) => session.obs.delete('obs://lab/a', options),
    'obs.deleteDirectory': (options) => session.obs.deleteDirectory('obs://lab/a/', options),
    'obs.uploadFile': (options) => session.obs.uploadFile(join(directory, 'a.txt'), 'obs://lab/', options),
    'obs.putFile': (options) => session.obs.putFile(join(directory, 'a.txt'), 'obs://lab/a', options),
    'obs.uploadDir': (options) => session.obs.uploadDir(directory, 'obs://lab/', options),
    'obs.uploadPath': (options) => session.obs.uploadPath(directory, 'obs://lab/', options),
    'obs.downloadFile': (options) => session.obs.downloadFile('obs://lab/a', directory, options),
    'obs.getFile': (options) => session.obs.getFile('obs://lab/a', join(directory, 'b.txt'), options),
    'obs.downloadDir': (options) => session.obs.downloadDir('obs://lab/', directory, options),
  }

  for (const [name, call] of Object.entries(calls)) {
    it(`ends ${name} while no answer comes, and sends nothing when it was given up before`, async () => {
      const controller = new AbortController()
      server.intercept = () => {
        setImmediate(() => controller.abort())
        return 'hang'
      }

      await assert.rejects(call({ signal: controller.signal }), { code: 'request_aborted' })
      const sent = server.requests.length
      await assert.rejects(call({ signal: controller.signal }), { code: 'request_aborted' })

      assert.equal(server.requests.length, sent)
      assert.deepEqual(await readdir(directory), ['a.txt'], 'a part of a download was left behind')
    })
  }

  it('forgets none: every method that there is', () => {
    const methodsOf = (name: string, prototype: object): string[] =>
      Object.entries(Object.getOwnPropertyDescriptors(prototype))
        .filter(([method, { value }]) => typeof value === 'function' && method !== 'constructor')
        .map(([method]) => `${name}.${method}`)
    const { prototype } = TrainingJob
    const all = [
      ...methodsOf('session', Object.getPrototypeOf(Session.prototype)),
      ...methodsOf('estimator', Estimator.prototype),
      ...['getJobList', 'getEngines'].map((name) => `Estimator.${name}`),
      ...methodsOf('job', Object.getPrototypeOf(prototype)),
      ...methodsOf('obs', Object.getPrototypeOf(session.obs)),
      ...methodsOf('obs', Object.getPrototypeOf(Object.getPrototypeOf(session.obs))),
    ].filter((name) => !['job.settle'].includes(name))

    assert.deepEqual(
      all.filter((name) => !(name in calls)),
      [],
    )
  })
})
