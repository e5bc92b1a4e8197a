import { randomUUID } from 'node:crypto'
import type { RunSpec, TaskSpec } from '../../src/domain/task-spec.ts'

/** Of this test process alone: tests run side by side, and what a job leaves behind is found by its id. */
const JOB_ID = randomUUID()

/** A valid task: worker-0 of a job of one node, a command that does nothing. */
export const aTask = (overrides: Partial<TaskSpec> = {}): TaskSpec => ({
  jobId: JOB_ID,
  projectId: 'p1',
  kind: 'job',
  attempt: 1,
  task: 'worker-0',
  role: 'worker',
  index: 0,
  roles: { worker: ['worker-0'] },
  program: { kind: 'command', command: 'true' },
  code: null,
  workingDirectory: '/home/ma-user/modelarts/user-job-dir',
  inputs: [],
  outputs: [],
  parameters: [],
  environments: {},
  engineName: '',
  engineVersion: '',
  flavorType: 'CPU',
  cores: 1,
  memoryBytes: 1024 ** 3,
  devices: [],
  masterPort: 41_000,
  logExport: null,
  ...overrides,
})

/** A run of `nodes` equal tasks. */
export const aRun = (overrides: Partial<TaskSpec> = {}, nodes = 1): RunSpec => {
  const worker = Array.from({ length: nodes }, (_, index) => `worker-${index}`)
  const tasks = worker.map((task, index) => aTask({ task, index, roles: { worker }, ...overrides }))
  const { jobId, projectId, attempt } = aTask(overrides)
  return { jobId, projectId, jobName: 'test', attempt, tasks }
}
