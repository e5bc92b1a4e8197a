import type { JobEvent, JobResponse } from '../sdk/node/index.ts'
import { engineOf, paintOfPhase } from './job-columns.ts'
import { printable, type Terminal } from './terminal.ts'
import { besideLabel, displayWidth, padToWidth } from './text-width.ts'
import { toDuration, toTimestamp } from './times.ts'

type Field = readonly [label: string, value: string | undefined]

const LABEL_WIDTH = 14

const section = (terminal: Terminal, title: string, fields: readonly Field[]): string[] => {
  const lines = fields
    .filter((field): field is readonly [string, string] => field[1] !== undefined && field[1] !== '')
    .map(([label, value]) => {
      const begin = `  ${padToWidth(printable(label), LABEL_WIDTH)}  `
      return begin + besideLabel(value, displayWidth(begin), terminal.columns)
    })
  return lines.length === 0 ? [] : ['', terminal.paint(title, 'bold'), ...lines]
}

const text = (value: string | undefined): string | undefined => (value ? printable(value) : undefined)

/** A map, also as the list of maps that the switch for the vendor's typed clients answers. */
const pairsOf = (map: unknown): [string, string][] => {
  const maps = Array.isArray(map) ? map : [map]
  return maps.flatMap((one) =>
    Object.entries((one ?? {}) as object).map(([key, value]) => [key, String(value)] as [string, string]),
  )
}

const statusSection = (terminal: Terminal, { status, trainyard }: JobResponse): string[] => {
  const { phase, secondary_phase: secondary } = status
  const [failed] = status.task_statuses ?? []
  return section(terminal, 'Status', [
    [
      'phase',
      terminal.paint(phase, ...paintOfPhase(phase)) +
        (secondary === phase ? '' : ` (${printable(secondary)})`),
    ],
    ['reason', text(trainyard?.reason)],
    [
      'exit code',
      failed?.exit_code === undefined ? undefined : `${failed.exit_code} (${printable(failed.task ?? '')})`,
    ],
    ['message', text(failed?.message)],
  ])
}

const timesSection = (terminal: Terminal, { metadata, status }: JobResponse): string[] => {
  // Text by the contract, a number from servers set up for the vendor's typed clients.
  const startMs = Number(status.start_time)
  return section(terminal, 'Times (UTC)', [
    ['created', toTimestamp(metadata.create_time)],
    ['started', startMs > 0 ? toTimestamp(startMs) : 'not yet'],
    ['duration', status.duration > 0 ? toDuration(status.duration) : undefined],
  ])
}

const algorithmSection = (terminal: Terminal, job: JobResponse): string[] => {
  const algorithm = job.algorithm
  return section(terminal, 'Algorithm', [
    ['algorithm', text(algorithm?.name || algorithm?.id)],
    ['code', text(algorithm?.code_dir)],
    ['boot file', text(algorithm?.boot_file)],
    ['command', text(algorithm?.command)],
    ['engine', text(engineOf(job))],
    ['image', text(algorithm?.engine?.image_url)],
    ['working dir', text(algorithm?.working_dir)],
  ])
}

const channelSection = (terminal: Terminal, { algorithm }: JobResponse): string[] => {
  const dataset = (id: string | undefined) => (id === undefined ? undefined : `dataset ${id}`)
  return section(terminal, 'Channels', [
    ...(algorithm?.inputs ?? []).map(
      ({ name, remote }): Field => [
        `> ${name ?? ''}`,
        text(remote?.obs?.obs_url ?? dataset(remote?.dataset?.id)),
      ],
    ),
    ...(algorithm?.outputs ?? []).map(
      ({ name, remote }): Field => [`< ${name ?? ''}`, text(remote?.obs?.obs_url)],
    ),
  ])
}

const resourceSection = (terminal: Terminal, { spec, trainyard }: JobResponse): string[] => {
  const resource = spec?.resource
  const name =
    resource?.flavor_name && resource.flavor_name !== resource.flavor_id ? ` (${resource.flavor_name})` : ''
  const stop = spec?.auto_stop
  return section(terminal, 'Resources', [
    ['flavor', text(`${resource?.flavor_id ?? ''}${name}`)],
    ['nodes', String(resource?.node_count ?? 1)],
    ['pool', text(resource?.pool_id)],
    ['priority', spec?.schedule_policy?.priority?.toString()],
    [
      'auto stop',
      stop?.duration === undefined
        ? undefined
        : `after ${stop.duration} ${(stop.time_unit ?? '').toLowerCase()}`,
    ],
    ['logs to', text(spec?.log_export_path?.obs_url)],
    ['executor', text(trainyard?.executor)],
  ])
}

/** An event for people; its message goes on in further lines where the screen is narrow. `indent` stands before it. */
export const eventLine = (terminal: Terminal, event: JobEvent, indent = ''): string => {
  const time = Number.isNaN(Date.parse(event.time))
    ? printable(event.time)
    : toTimestamp(Date.parse(event.time))
  const paint =
    event.level === 'Error' ? ['red' as const] : event.level === 'Warning' ? ['yellow' as const] : []
  const level = padToWidth(event.level, 7)
  const width = displayWidth(`${indent}${time}  ${level}  `)
  const message = besideLabel(printable(event.message), width, terminal.columns)
  return `${indent}${time}  ${terminal.paint(level, ...paint)}  ${message}`
}

/** A job for people, with its newest events, oldest of them first. */
export const jobText = (terminal: Terminal, job: JobResponse, events: readonly JobEvent[]): string => {
  const { metadata, status, algorithm } = job
  const values = (pairs: [string, string][]): Field[] =>
    pairs.map(([name, value]) => [name, printable(value)])
  const parameters = (algorithm?.parameters ?? []).map(({ name, value }): [string, string] => [
    name ?? '',
    value ?? '',
  ])
  const lines = [
    terminal.paint(printable(metadata.name), 'bold'),
    ...(metadata.description ? [printable(metadata.description)] : []),
    ...section(terminal, 'Job', [
      ['id', metadata.id],
      ['kind', job.kind],
      ['user', text(metadata.user_name)],
      ['workspace', metadata.workspace_id === '0' ? undefined : text(metadata.workspace_id)],
    ]),
    ...statusSection(terminal, job),
    ...timesSection(terminal, job),
    ...algorithmSection(terminal, job),
    ...section(terminal, 'Parameters', values(parameters)),
    ...section(terminal, 'Environment', values(pairsOf(algorithm?.environments))),
    ...channelSection(terminal, job),
    ...resourceSection(terminal, job),
    ...section(terminal, 'Tasks', [['tasks', status.tasks.map(printable).join(', ')]]),
    ...(events.length === 0 ? [] : ['', terminal.paint('Events (UTC)', 'bold')]),
    ...events.map((event) => eventLine(terminal, event, '  ')),
  ]
  return lines.join('\n')
}
