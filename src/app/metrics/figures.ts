import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

const REQUEST_BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60]
const STORE_BUCKETS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5]
const LOOK_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

const requestFigures = (registers: Registry[]) => ({
  requests: new Counter({
    name: 'trainyard_http_requests_total',
    help: 'Requests answered. status is the HTTP status or "aborted"; code is the error code of a refusal, else empty.',
    labelNames: ['operation', 'status', 'code'],
    registers,
  }),
  requestSeconds: new Histogram({
    name: 'trainyard_http_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer.',
    labelNames: ['operation'],
    buckets: REQUEST_BUCKETS,
    registers,
  }),
  requestsInFlight: new Gauge({
    name: 'trainyard_http_requests_in_flight',
    help: 'Requests being answered now.',
    registers,
  }),
})

const jobFigures = (registers: Registry[]) => ({
  jobs: new Gauge({
    name: 'trainyard_jobs',
    help: 'Jobs that are kept, by phase. Final phases are counted anew once in a while.',
    labelNames: ['phase'],
    registers,
  }),
  queueLength: new Gauge({
    name: 'trainyard_queue_jobs',
    help: 'Jobs that wait for a place.',
    registers,
  }),
  queueOldest: new Gauge({
    name: 'trainyard_queue_oldest_age_seconds',
    help: 'Age of the job that has waited longest; 0 when none waits.',
    registers,
  }),
  runningTasks: new Gauge({
    name: 'trainyard_running_tasks',
    help: 'Tasks whose program runs.',
    registers,
  }),
  coresUsed: new Gauge({ name: 'trainyard_cores_used', help: 'Cores that jobs hold.', registers }),
  cores: new Gauge({ name: 'trainyard_cores_capacity', help: 'Cores that jobs may hold.', registers }),
  memoryUsed: new Gauge({ name: 'trainyard_memory_used_bytes', help: 'Memory that jobs hold.', registers }),
  memory: new Gauge({
    name: 'trainyard_memory_capacity_bytes',
    help: 'Memory that jobs may hold.',
    registers,
  }),
  cardsUsed: new Gauge({
    name: 'trainyard_cards_used',
    help: 'Accelerators that jobs hold; kind is gpu or npu.',
    labelNames: ['kind'],
    registers,
  }),
  cards: new Gauge({
    name: 'trainyard_cards_capacity',
    help: 'Accelerators that jobs may hold; kind is gpu or npu.',
    labelNames: ['kind'],
    registers,
  }),
})

const innerFigures = (registers: Registry[]) => ({
  lookSeconds: new Histogram({
    name: 'trainyard_scheduler_look_duration_seconds',
    help: 'Time of one look of the scheduler at all jobs.',
    buckets: LOOK_BUCKETS,
    registers,
  }),
  lagSeconds: new Histogram({
    name: 'trainyard_scheduler_lag_seconds',
    help: 'Time from a change to the begin of the look that takes it up.',
    buckets: LOOK_BUCKETS,
    registers,
  }),
  lookAge: new Gauge({
    name: 'trainyard_scheduler_last_look_age_seconds',
    help: 'Time since the last look that succeeded.',
    registers,
  }),
  failedLooks: new Counter({
    name: 'trainyard_scheduler_failed_looks_total',
    help: 'Looks of the scheduler that failed.',
    registers,
  }),
  storeSeconds: new Histogram({
    name: 'trainyard_store_operation_duration_seconds',
    help: 'Time of one operation of the store.',
    labelNames: ['operation'],
    buckets: STORE_BUCKETS,
    registers,
  }),
  storeErrors: new Counter({
    name: 'trainyard_store_errors_total',
    help: 'Operations of the store that failed.',
    labelNames: ['operation'],
    registers,
  }),
  executorErrors: new Counter({
    name: 'trainyard_executor_errors_total',
    help: 'Calls of the executor that failed; they are repeated.',
    labelNames: ['executor', 'operation'],
    registers,
  }),
})

const storageFigures = (registers: Registry[]) => ({
  objects: new Gauge({
    name: 'trainyard_objects',
    help: 'Objects in the object store. Counted anew once in a while.',
    registers,
  }),
  objectBytes: new Gauge({
    name: 'trainyard_object_store_bytes',
    help: 'Bytes of all objects. Counted anew once in a while.',
    registers,
  }),
  diskFree: new Gauge({
    name: 'trainyard_disk_free_bytes',
    help: 'Free space of the disk of the data directory, of the fullest if there are several.',
    registers,
  }),
  diskSize: new Gauge({
    name: 'trainyard_disk_size_bytes',
    help: 'Size of the disk of the data directory, of the fullest if there are several.',
    registers,
  }),
  diskLow: new Gauge({
    name: 'trainyard_disk_low',
    help: '1 while nothing new is taken because the disk is nearly full, else 0.',
    registers,
  }),
  removed: new Counter({
    name: 'trainyard_retention_removed_total',
    help: 'Jobs whose logs, events or self were removed by age; kind is logs, events or jobs.',
    labelNames: ['kind'],
    registers,
  }),
  build: new Gauge({
    name: 'trainyard_build_info',
    help: 'Always 1; the labels name the versions of Trainyard and Node.',
    labelNames: ['version', 'node'],
    registers,
  }),
})

/** Every figure the server shows, in a registry of its own. The names are promises: dashboards stand on them. */
export const makeFigures = () => {
  const registry = new Registry()
  // Event loop delay, memory, CPU and file descriptors of the process, under the names everybody uses.
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  return {
    registry,
    ...requestFigures(registers),
    ...jobFigures(registers),
    ...innerFigures(registers),
    ...storageFigures(registers),
  }
}
export type Figures = ReturnType<typeof makeFigures>
