import type { RunSpec, TaskSpec } from '../../src/domain/task-spec.ts'

/** A valid task: worker-0 of a job of one node, a command that does nothing. */
export const aTask = (overrides: Partial<TaskSpec> = {}): TaskSpec => ({
  jobId: '4d1f7d3e-5c1c-4a4f-9b1e-0c6a1a2b3c4d',
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
