import type { TrainingJob } from '../contract/training-job.ts'

/** What a job needs at one time, or what a machine holds. */
export interface Demand {
  readonly cores: number
  readonly memoryBytes: number
  readonly gpus: number
  readonly npus: number
}

const BYTES_PER_GB = 1024 ** 3

/** What one node of the job needs, read from the flavor it was created with. */
export const nodeDemand = (job: TrainingJob): Demand => {
  const info = job.spec?.resource?.flavor_detail?.flavor_info
  return {
    cores: info?.cpu?.core_num ?? 1,
    memoryBytes: (info?.memory?.size ?? 0) * BYTES_PER_GB,
    gpus: info?.gpu?.unit_num ?? 0,
    npus: Number(info?.npu?.unit_num ?? 0),
  }
}

/** What all nodes of the job need together. */
export const jobDemand = (job: TrainingJob): Demand => times(nodeDemand(job), job.status.tasks.length)

const times = (one: Demand, count: number): Demand => ({
  cores: one.cores * count,
  memoryBytes: one.memoryBytes * count,
  gpus: one.gpus * count,
  npus: one.npus * count,
})

/** The sum of two demands. */
export const plus = (a: Demand, b: Demand): Demand => ({
  cores: a.cores + b.cores,
  memoryBytes: a.memoryBytes + b.memoryBytes,
  gpus: a.gpus + b.gpus,
  npus: a.npus + b.npus,
})

/** What is left of a capacity; never below zero. */
export const minus = (capacity: Demand, used: Demand): Demand => ({
  cores: Math.max(0, capacity.cores - used.cores),
  memoryBytes: Math.max(0, capacity.memoryBytes - used.memoryBytes),
  gpus: Math.max(0, capacity.gpus - used.gpus),
  npus: Math.max(0, capacity.npus - used.npus),
})

/** Whether the demand fits into what is free. */
export const fits = (demand: Demand, free: Demand): boolean =>
  demand.cores <= free.cores &&
  demand.memoryBytes <= free.memoryBytes &&
  demand.gpus <= free.gpus &&
  demand.npus <= free.npus

export const NO_DEMAND: Demand = { cores: 0, memoryBytes: 0, gpus: 0, npus: 0 }
