import type { JobResponse } from '../sdk/node/index.ts'
import { engineOf } from './job-columns.ts'
import { toDuration } from './times.ts'

/** What is compared of a job, in the order it is shown; `exact` is for programs. */
export interface Field {
  readonly name: string
  readonly value: string
  readonly exact?: string
}

const named = <Entry extends { readonly name?: string | undefined }>(
  kind: string,
  entries: readonly Entry[] | undefined,
  read: (entry: Entry) => string | undefined,
): Field[] =>
  (entries ?? []).map((entry) => ({ name: `${kind} ${entry.name ?? ''}`, value: read(entry) ?? '' }))

/** A map, also as the list of maps that servers set up for the vendor's typed clients answer. */
const pairs = (kind: string, map: unknown): Field[] =>
  (Array.isArray(map) ? map : [map]).flatMap((one) =>
    Object.entries((one ?? {}) as object).map(([name, value]) => ({
      name: `${kind} ${name}`,
      value: String(value),
    })),
  )

const text = (name: string, value: string | number | undefined): Field => ({
  name,
  value: String(value ?? ''),
})

const roleFields = ({ tasks }: JobResponse): Field[] =>
  (tasks ?? []).flatMap(({ role = '', algorithm, task_resource: resource }) => [
    text(`${role} code`, algorithm?.code_dir),
    text(`${role} boot file`, algorithm?.boot_file),
    text(`${role} flavor`, resource?.flavor_id),
  ])

const stateFields = ({ status, trainyard }: JobResponse): Field[] => [
  text('phase', status.phase),
  text('reason', trainyard?.reason),
  { name: 'duration', value: toDuration(status.duration), exact: String(status.duration) },
  text('exit code', status.task_statuses?.[0]?.exit_code ?? (status.phase === 'Completed' ? 0 : undefined)),
]

/** All that is compared of a job. */
export const fieldsOf = (job: JobResponse): Field[] => {
  const { algorithm, spec, metadata } = job
  return [
    text('kind', job.kind),
    ...named('parameter', algorithm?.parameters, ({ value }) => value),
    ...pairs('environment', algorithm?.environments),
    text('code', algorithm?.code_dir),
    text('boot file', algorithm?.boot_file),
    text('command', algorithm?.command),
    text('algorithm', algorithm?.name || algorithm?.id),
    text('engine', engineOf(job)),
    text('image', algorithm?.engine?.image_url),
    text('working dir', algorithm?.working_dir),
    ...named('input', algorithm?.inputs, ({ remote }) => remote?.obs?.obs_url ?? remote?.dataset?.id),
    ...named('output', algorithm?.outputs, ({ remote }) => remote?.obs?.obs_url),
    ...roleFields(job),
    text('flavor', spec?.resource?.flavor_id),
    text('nodes', spec?.resource?.node_count),
    text('pool', spec?.resource?.pool_id),
    text('priority', spec?.schedule_policy?.priority),
    text('auto stop', spec?.auto_stop?.duration),
    text('description', metadata.description),
    text('user', metadata.user_name),
    ...stateFields(job),
  ]
}

/** A field of several jobs; values in the order of the jobs, empty where a job has none. */
export interface ComparedField {
  readonly field: string
  readonly values: readonly string[]
  readonly exact: readonly string[]
}

/** Sets the fields of jobs side by side: only those that differ, or all. Fields keep the order of the first job. */
export const compareFields = (jobs: readonly JobResponse[], wantsAll = false): ComparedField[] => {
  const byJob = jobs.map((job) => new Map(fieldsOf(job).map((field) => [field.name, field])))
  const names = mergeOrders(byJob.map((fields) => [...fields.keys()]))
  const rows = names.map((field) => {
    const fields = byJob.map((one) => one.get(field))
    return {
      field,
      values: fields.map((one) => one?.value ?? ''),
      exact: fields.map((one) => one?.exact ?? one?.value ?? ''),
    }
  })
  return rows.filter(({ exact }) =>
    wantsAll ? exact.some((value) => value !== '') : new Set(exact).size > 1,
  )
}

/** All names, each where it stands among its neighbours: what only a later job has comes after what it follows there. */
const mergeOrders = (orders: readonly (readonly string[])[]): string[] => {
  const merged: string[] = []
  for (const order of orders) {
    let at = 0
    for (const name of order) {
      const known = merged.indexOf(name)
      if (known >= 0) at = known + 1
      else {
        merged.splice(at, 0, name)
        at += 1
      }
    }
  }
  return merged
}
