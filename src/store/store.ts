import type { EventLevel, EventSource } from '../contract/events.ts'
import type { SortOrder } from '../contract/search.ts'
import type { TaskIp } from '../contract/status.ts'
import type { JobQuery } from '../domain/job-query.ts'
import type { EventRecord, JobRecord, Move } from '../domain/job-record.ts'
import type { UpkeepStore } from './upkeep.ts'

/** A job on a page, as text so that final jobs are answered without being read. */
export interface JobRow {
  /** `JobRecord.job` as JSON. */
  readonly text: string
  /** Whether the text is complete; else `status.duration` has to be brought up to now. */
  readonly final: boolean
  readonly startTime: number | null
  /** Placements on the hosts asked for; only when the query names hosts. */
  readonly taskIps?: readonly TaskIp[]
}

export interface JobPage {
  /** Visible jobs before any condition. */
  readonly total: number
  /** Jobs that match, before paging. */
  readonly count: number
  readonly rows: readonly JobRow[]
}

/** What changes together with a job, in one transaction. */
export interface ChangeNotes {
  readonly move?: Move
  readonly events?: readonly EventRecord[]
  /** Placements to remember, for `host_ips`. */
  readonly placements?: readonly Required<TaskIp>[]
}

export interface JobStore {
  /**
   * Keeps a new job durably (a crash right after cannot lose it), with its first move and event.
   * Answers `name_taken` when a job that is not deleted has the name in this project and workspace.
   */
  create(record: JobRecord, notes: ChangeNotes): Promise<'created' | 'name_taken'>
  /** The job, unless it is deleted, of another project, or unknown. */
  find(projectId: string, id: string): Promise<JobRecord | undefined>
  /**
   * Replaces the job whose version is `record.version`, and raises the version by one.
   * Answers false, and changes nothing, when the stored version is another: somebody was faster.
   */
  change(record: JobRecord, notes: ChangeNotes): Promise<boolean>
  /**
   * Every job that is not final, and every deleted job of which something is left; oldest first. Cheap to repeat with
   * thousands of jobs: what has not changed may be the same object as before, so it must not be altered.
   */
  listActive(): Promise<JobRecord[]>
  search(query: JobQuery): Promise<JobPage>
  /** Moves of a job, oldest first. */
  listMoves(jobId: string): Promise<Move[]>
  /** Where the tasks of a job ran, by scheduling and then by task; of one scheduling when `attempt` is given. */
  listPlacements(jobId: string, attempt?: number): Promise<Required<TaskIp>[]>
  /** Removes a deleted job with its moves, events, metrics and placements. Gone already is success. */
  purge(jobId: string): Promise<void>
}

export interface EventQuery {
  readonly offset: number
  readonly limit: number
  readonly order: SortOrder
  /** Epoch ms, inclusive. */
  readonly from?: number
  /** Epoch ms, inclusive. */
  readonly to?: number
  readonly levels?: readonly EventLevel[]
  readonly source?: EventSource
  /** Contained in the message, whatever the case. */
  readonly pattern?: string
}

export interface EventStore {
  /** Adds events. At most 10,000 are kept per job: the oldest with source `K8S` go first, then the oldest. */
  add(events: readonly EventRecord[]): Promise<void>
  list(jobId: string, query: EventQuery): Promise<{ total: number; events: EventRecord[] }>
}

/** Means of one minute in percent; -1 where nothing was measured. Order: the six names of the contract. */
export type MinuteSample = readonly [
  cpu: number,
  mem: number,
  gpu: number,
  gpuMem: number,
  npu: number,
  npuMem: number,
]

export interface MetricStore {
  /** Keeps one minute of a task; `minute` counts from the start of the job. The same minute again replaces it. */
  put(jobId: string, task: string, minute: number, sample: MinuteSample): Promise<void>
  /** Minutes kept, in order; gaps are possible. */
  list(jobId: string, task: string): Promise<{ minute: number; sample: MinuteSample }[]>
}

export type Role = 'admin' | 'developer' | 'viewer'

export interface Domain {
  readonly id: string
  readonly name: string
}

export interface Project {
  readonly id: string
  readonly domainId: string
  /** Equals the region of the project. */
  readonly name: string
  readonly description: string
}

export interface User {
  readonly id: string
  readonly domainId: string
  readonly name: string
  readonly passwordHash: string
  readonly enabled: boolean
  readonly role: Role
}

export interface AccessKey {
  readonly accessKey: string
  readonly userId: string
  readonly projectId: string
  /** The secret key, encrypted: signatures need it in clear, so it cannot be a hash. */
  readonly sealedSecret: string
}

export interface TokenRow {
  /** SHA-256 of the token, hex. */
  readonly hash: string
  readonly userId: string
  /** Null for a token of the whole domain. */
  readonly projectId: string | null
  /** Epoch ms. */
  readonly issuedAt: number
  /** Epoch ms. */
  readonly expiresAt: number
}

export interface Workspace {
  readonly id: string
  readonly projectId: string
  readonly name: string
  readonly ownerId: string
  /** Users it is shared with. */
  readonly memberIds: readonly string[]
}

export interface AccountStore {
  addDomain(domain: Domain): Promise<void>
  findDomain(by: { id: string } | { name: string }): Promise<Domain | undefined>
  addProject(project: Project): Promise<void>
  findProject(id: string): Promise<Project | undefined>
  listProjects(domainId: string): Promise<Project[]>
  addUser(user: User): Promise<void>
  findUser(by: { id: string } | { domainId: string; name: string }): Promise<User | undefined>
  addAccessKey(key: AccessKey): Promise<void>
  findAccessKey(accessKey: string): Promise<AccessKey | undefined>
  /** Adds a token and forgets the expired ones. */
  addToken(token: TokenRow, now: number): Promise<void>
  findToken(hash: string): Promise<TokenRow | undefined>
  addWorkspace(workspace: Workspace): Promise<void>
  findWorkspace(projectId: string, id: string): Promise<Workspace | undefined>
}

/** Everything the service keeps. */
export interface Store {
  readonly jobs: JobStore
  readonly events: EventStore
  readonly metrics: MetricStore
  readonly accounts: AccountStore
  readonly upkeep: UpkeepStore
  close(): Promise<void>
}
