import type { JobResponse } from '../sdk/node/index.ts'
import type { Column } from './table.ts'
import type { Paint } from './terminal.ts'
import { toAge, toDuration, toTimestamp } from './times.ts'

const PHASE_PAINT: Readonly<Record<string, Paint>> = {
  Running: 'cyan',
  Completed: 'green',
  Failed: 'red',
  Abnormal: 'red',
  Terminating: 'yellow',
  Terminated: 'yellow',
}

/** The colour of a phase. */
export const paintOfPhase = (phase: string): readonly Paint[] => {
  const paint = PHASE_PAINT[phase]
  return paint === undefined ? ['dim'] : [paint]
}

/** The engine in few words: its version, which mostly begins with its name, or the image. */
export const engineOf = (job: JobResponse): string => {
  const engine = job.algorithm?.engine ?? job.tasks?.[0]?.algorithm?.engine
  const {
    engine_name: name = '',
    engine_version: version = '',
    engine_id: id,
    image_url: image,
  } = engine ?? {}
  if (version === '') return id || name || image || ''
  return name === '' || version.toLowerCase().startsWith(name.toLowerCase()) ? version : `${name}:${version}`
}

/** The flavor of a job, or of the first role. */
export const flavorOf = ({ spec, tasks }: JobResponse): string =>
  spec?.resource?.flavor_id || tasks?.[0]?.task_resource?.flavor_id || ''

const nodesOf = ({ spec, tasks, status }: JobResponse): string =>
  String(tasks === undefined ? (spec?.resource?.node_count ?? 1) : status.tasks.length)

/** Cards of one node. */
const cardsOf = ({ spec }: JobResponse): string => {
  const info = spec?.resource?.flavor_detail?.flavor_info
  return String(info?.gpu?.unit_num ?? info?.npu?.unit_num ?? '')
}

/** Epoch ms; 0 before the start. Text by the contract, a number from servers set up for the vendor's typed clients. */
const startMsOf = ({ status }: JobResponse): number => Number(status.start_time)

const isoOf = (timeMs: number): string => (timeMs > 0 ? new Date(timeMs).toISOString() : '')

const exitCodeOf = ({ status }: JobResponse): string => String(status.task_statuses?.[0]?.exit_code ?? '')

/**
 * The columns of the job list. `ids` are the ids as tables show them, in full where it has none.
 */
export const jobColumns = (nowMs: number, ids?: ReadonlyMap<string, string>): Column<JobResponse>[] => [
  { title: 'NAME', value: ({ metadata }) => metadata.name, dropOrder: 0, cutTo: 12 },
  {
    title: 'ID',
    value: ({ metadata }) => ids?.get(metadata.id) ?? metadata.id,
    exact: ({ metadata }) => metadata.id,
    dropOrder: 0,
  },
  {
    title: 'PHASE',
    value: ({ status }) => status.phase,
    paint: ({ status }) => paintOfPhase(status.phase),
    dropOrder: 0,
  },
  {
    title: 'REASON',
    value: ({ status, trainyard }) =>
      trainyard?.reason ?? (status.secondary_phase === status.phase ? '' : status.secondary_phase),
    dropOrder: 7,
    isWide: true,
  },
  {
    title: 'AGE',
    key: 'create_time',
    value: ({ metadata }) => toAge(nowMs - metadata.create_time),
    exact: ({ metadata }) => isoOf(metadata.create_time),
    align: 'right',
    dropOrder: 2,
  },
  {
    title: 'STARTED',
    key: 'start_time',
    value: (job) => (startMsOf(job) > 0 ? toTimestamp(startMsOf(job)) : ''),
    exact: (job) => isoOf(startMsOf(job)),
    dropOrder: 8,
    isWide: true,
  },
  {
    title: 'DURATION',
    value: ({ status }) => (status.duration > 0 ? toDuration(status.duration) : ''),
    exact: ({ status }) => String(status.duration),
    align: 'right',
    dropOrder: 1,
  },
  { title: 'ENGINE', value: engineOf, dropOrder: 5, cutTo: 10 },
  { title: 'FLAVOR', value: flavorOf, dropOrder: 4 },
  { title: 'NODES', value: nodesOf, align: 'right', dropOrder: 3 },
  { title: 'GPU', key: 'gpu', value: cardsOf, align: 'right', dropOrder: 9, isWide: true },
  {
    title: 'PRIORITY',
    value: ({ spec }) => String(spec?.schedule_policy?.priority ?? 1),
    align: 'right',
    dropOrder: 10,
    isWide: true,
  },
  { title: 'EXIT', key: 'exit_code', value: exitCodeOf, align: 'right', dropOrder: 11, isWide: true },
  { title: 'USER', value: ({ metadata }) => metadata.user_name, dropOrder: 6 },
]
