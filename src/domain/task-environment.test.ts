import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { aTask } from '../../test/support/task-builder.ts'
import { isVariableName, reservedVariables, type TaskSite, taskEnvironment } from './task-environment.ts'
import type { TaskSpec } from './task-spec.ts'

const place = (canonical: string): string => `/box${canonical}`
const site: TaskSite = {
  ip: '127.0.0.1',
  hostIp: '10.0.0.5',
  hostOf: () => '127.0.0.1',
  temporaryDirectory: '/tmp/t',
}
const environmentOf = (overrides: Partial<TaskSpec> = {}): Record<string, string> =>
  taskEnvironment(aTask(overrides), place, site)

describe('environment of a task', () => {
  it('tells the task who and where it is', () => {
    const jobId = '4d1f7d3e-5c1c-4a4f-9b1e-0c6a1a2b3c4d'
    const environment = environmentOf({
      jobId,
      task: 'worker-1',
      index: 1,
      attempt: 2,
      roles: { worker: ['worker-0', 'worker-1', 'worker-2'] },
      code: { place: { bucket: 'b', key: 'code/' }, directory: '/home/ma-user/modelarts/user-job-dir/code' },
      engineVersion: 'python_3.11',
    })

    assert.deepEqual(environment, {
      HOME: '/box/home/ma-user',
      LANG: 'C.UTF-8',
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      PYTHONPATH: '/box/home/ma-user/modelarts/user-job-dir',
      PYTHONUNBUFFERED: '1',
      TMPDIR: '/tmp/t',
      MA_HOME: '/box/home/ma-user',
      MA_MOUNT_PATH: '/box/home/ma-user/modelarts',
      MA_JOB_DIR: '/box/home/ma-user/modelarts/user-job-dir',
      MA_LOG_DIR: '/box/home/ma-user/modelarts/log',
      WORKSPACE: '/box/home/ma-user/modelarts/user-job-dir/code',
      MA_SCRIPT_INTERPRETER: '',
      MA_TASK_NAME: 'worker',
      MA_NUM_HOSTS: '3',
      MA_NUM_GPUS: '0',
      MA_CURRENT_IP: '127.0.0.1',
      MA_CURRENT_HOST_IP: '10.0.0.5',
      MA_CURRENT_INSTANCE_NAME: `modelarts-job-${jobId}-worker-1`,
      MA_VJ_NAME: `modelarts-job-${jobId}`,
      MA_JOB_KIND: 'job',
      MA_ENGINE_VERSION: 'python_3.11',
      MA_DETECT_TRAIN_INJECT_CODE: '0',
      MA_PROC_START_CNT: '1',
      MA_SCHEDULE_CNT: '2',
      MA_INPUTS: '{"inputs":[]}',
      MA_OUTPUTS: '{"outputs":[]}',
      TRAINYARD_JOB_ID: jobId,
      TRAINYARD_TASK_ID: 'worker-1',
      TRAINYARD_MASTER_PORT: '41000',
      VC_TASK_INDEX: '1',
      VK_TASK_INDEX: '1',
      VC_WORKER_NUM: '3',
      VC_WORKER_HOSTS: '127.0.0.1,127.0.0.1,127.0.0.1',
      CUDA_VISIBLE_DEVICES: '',
    })
  })

  it('describes channels as JSON, with real directories', () => {
    const channel = {
      name: 'data',
      place: { bucket: 'b', key: 'in/' },
      directory: '/d',
      access: 'env',
    } as const
    const environment = environmentOf({ inputs: [channel] })

    assert.equal(environment['data'], '/box/d')
    assert.deepEqual(JSON.parse(environment['MA_INPUTS'] ?? ''), {
      inputs: [{ name: 'data', local_dir: '/box/d', remote: { obs: { obs_url: '/b/in/' } } }],
    })
  })

  it('shows a task exactly its cards', () => {
    const gpu = environmentOf({ flavorType: 'GPU', devices: [2, 3] })
    assert.equal(gpu['CUDA_VISIBLE_DEVICES'], '2,3')
    assert.equal(gpu['MA_NUM_GPUS'], '2')

    const npu = environmentOf({ flavorType: 'Ascend', devices: [1] })
    assert.equal(npu['ASCEND_RT_VISIBLE_DEVICES'], '1')
    assert.equal(npu['CUDA_VISIBLE_DEVICES'], '')
  })

  it('has the tools of the engine first on the path', () => {
    const program = { kind: 'boot_file', interpreter: '/opt/py/bin/python3.11', bootFile: 'a.py' } as const
    assert.match(environmentOf({ program })['PATH'] ?? '', /^\/opt\/py\/bin:\/usr\/local\/sbin:/)
  })

  it('names the hosts of every role', () => {
    const environment = environmentOf({ roles: { learner: ['learner-0'], worker: ['worker-0', 'worker-1'] } })
    assert.equal(environment['VC_LEARNER_NUM'], '1')
    assert.equal(environment['VC_WORKER_HOSTS'], '127.0.0.1,127.0.0.1')
    assert.equal(environment['MA_NUM_HOSTS'], '3')
  })

  it("lets a user's values win, except for reserved names", () => {
    const environments = { PYTHONUNBUFFERED: '0', MA_HOME: '/x', MINE: 'y', VC_WORKER_NUM: '9', RANK_ID: '3' }
    const environment = environmentOf({ environments })

    assert.equal(environment['PYTHONUNBUFFERED'], '0')
    assert.equal(environment['MA_HOME'], '/x')
    assert.equal(environment['MINE'], 'y')
    assert.equal(environment['VC_WORKER_NUM'], '1')
    assert.equal(environment['RANK_ID'], undefined)
    assert.deepEqual(reservedVariables(environments), ['RANK_ID', 'VC_WORKER_NUM'])
  })

  it('knows every reserved name', () => {
    const names = [
      'VC_X',
      'MA_VJ_NAME',
      'MA_TASK_NAME',
      'MA_NUM_GPUS',
      'MA_CURRENT_IP',
      'MA_SCHEDULE_CNT',
      'RANK_SIZE',
    ]
    const others = ['RANK', 'MA_RUN_METHOD', 'XVC_A', 'WORLD_SIZE', 'MA_HANG_DETECT_TIME']
    const all = Object.fromEntries([...names, ...others].map((name) => [name, '']))
    assert.deepEqual(reservedVariables(all), names.toSorted())
  })

  it('holds every other variable of the user as it is', () => {
    const name = fc.string({ unit: fc.constantFrom('A', 'b', '_', '1'), minLength: 1 }).filter(isVariableName)
    fc.assert(
      fc.property(fc.dictionary(name, fc.string()), (environments) => {
        const environment = environmentOf({ environments })
        for (const [key, value] of Object.entries(environments)) assert.equal(environment[key], value)
      }),
    )
  })
})
