import type { JobResponse } from '../sdk/node/index.ts'
import type { Column } from './table.ts'
import type { Paint } from './terminal.ts'
import { toAge, toDuration } from './times.ts'

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
export const engineOf = ({ algorithm }: JobResponse): string => {
  const {
    engine_name: name = '',
    engine_version: version = '',
    engine_id: id,
    image_url: image,
  } = algorithm?.engine ?? {}
  if (version === '') return id || name || image || '-'
  return name === '' || version.toLowerCase().startsWith(name.toLowerCase()) ? version : `${name}:${version}`
}

const durationOf = ({ status }: JobResponse): string =>
  status.duration > 0 ? toDuration(status.duration) : '-'

/** The columns of the job list. */
export const jobColumns = (nowMs: number, ids: ReadonlyMap<string, string>): Column<JobResponse>[] => [
  { title: 'NAME', value: ({ metadata }) => metadata.name, dropOrder: 0, cutTo: 12 },
  { title: 'ID', value: ({ metadata }) => ids.get(metadata.id) ?? metadata.id, dropOrder: 0 },
  {
    title: 'PHASE',
    value: ({ status }) => status.phase,
    paint: ({ status }) => paintOfPhase(status.phase),
    dropOrder: 0,
  },
  {
    title: 'AGE',
    value: ({ metadata }) => toAge(nowMs - metadata.create_time),
    align: 'right',
    dropOrder: 2,
  },
  { title: 'DURATION', value: durationOf, align: 'right', dropOrder: 1 },
  { title: 'ENGINE', value: engineOf, dropOrder: 5 },
  { title: 'FLAVOR', value: ({ spec }) => spec?.resource?.flavor_id || '-', dropOrder: 4 },
  {
    title: 'NODES',
    value: ({ spec }) => String(spec?.resource?.node_count ?? 1),
    align: 'right',
    dropOrder: 3,
  },
  { title: 'USER', value: ({ metadata }) => metadata.user_name || '-', dropOrder: 6 },
]
