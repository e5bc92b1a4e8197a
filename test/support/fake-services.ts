import { createHash } from 'node:crypto'
import type { ApiOptions } from '../../src/api/server.ts'
import type { ObjectInfo } from '../../src/contract/objects.ts'
import type { TrainingJob } from '../../src/contract/training-job.ts'
import { refusal } from '../../src/contract/trainyard-error.ts'
import type { Caller } from '../../src/identity/caller.ts'
import type { ListObjects, ObjectRef, ObjectStore } from '../../src/objects/object-store.ts'

/** Everything a fake was asked, in order: the name of the method, then its arguments. */
export type Asked = unknown[][]

export const PROJECT = 'prj-demo'

/** Tokens the fake sign-in knows. */
export const TOKENS: Readonly<Record<string, Caller>> = {
  admin: {
    userId: 'u-1',
    userName: 'ada',
    domainId: 'd-1',
    domainName: 'acme',
    projectId: PROJECT,
    role: 'admin',
  },
  viewer: {
    userId: 'u-2',
    userName: 'vic',
    domainId: 'd-1',
    domainName: 'acme',
    projectId: PROJECT,
    role: 'viewer',
  },
  domain: {
    userId: 'u-1',
    userName: 'ada',
    domainId: 'd-1',
    domainName: 'acme',
    projectId: null,
    role: 'admin',
  },
}

export const aJob: TrainingJob = {
  kind: 'job',
  metadata: { id: 'job-1', name: 'mnist', workspace_id: '0', create_time: 1, user_name: 'ada' },
  status: { phase: 'Creating', secondary_phase: 'Creating', duration: 0, tasks: ['worker-0'] },
} as unknown as TrainingJob

/** A sign-in that knows tokens by name. */
export const fakeSignIn = (asked: Asked): ApiOptions['signIn'] => ({
  authenticate: async (request) => {
    asked.push(['authenticate', request])
    const token = request.headers['x-auth-token']
    if (token === undefined) {
      throw refusal('APIGW.0301', 'The signature is not right.')
    }
    const caller = TOKENS[token]
    if (!caller) throw refusal('ModelArts.0203', 'The token is not known.')
    return caller
  },
})

/** Jobs that note what they are asked; `log` is the file behind a link. */
export const fakeJobs = (asked: Asked, log: () => string): ApiOptions['jobs'] => {
  const note =
    <Answer>(name: string, answer: (...parts: unknown[]) => Answer) =>
    async (...parts: unknown[]): Promise<Answer> => {
      asked.push([name, ...parts])
      return answer(...parts)
    }
  const missing = (id: unknown): void => {
    if (id !== 'job-1') throw refusal('ModelArts.2775', 'The training job does not exist.')
  }
  return {
    create: note('create', () => aJob),
    show: note('show', (_caller, id) => {
      missing(id)
      return aJob
    }),
    search: note('search', () => '{"total":0,"count":0,"items":[], "kept": "as written"}'),
    updateDescription: note('updateDescription', () => undefined),
    delete: note('delete', () => undefined),
    stop: note('stop', () => aJob),
    listTasks: note('listTasks', () => [
      { task: 'worker-0', ip: '10.0.0.1', host_ip: '10.0.0.1', schedule_count: 1 },
    ]),
    previewLog: note('previewLog', () => ({ content: 'log', current_size: 3, full_size: 3 })),
    findLog: note('findLog', (_caller, id) => missing(id)),
    linkedLog: note('linkedLog', () => log()),
    showMetrics: note('showMetrics', () => ({ metrics: [] })),
    listEvents: note('listEvents', () => ({ total: 0, limit: 50, offset: 0, order: 'desc', events: [] })),
  }
}

export const fakeCatalog: ApiOptions['catalog'] = {
  listFlavors: (type) => ({ total_count: 0, flavors: [{ flavor_id: type ?? 'all' }] }),
  listEngines: () => ({ total: 0, items: [] }),
}

/** Accounts with one user, whose password is `right`. */
export const fakeAccounts = (asked: Asked): ApiOptions['accounts'] => {
  const response = {
    token: {
      methods: ['password'],
      issued_at: '',
      expires_at: '',
      user: { id: 'u-1', name: 'ada', password_expires_at: '', domain: {} },
      roles: [],
    },
  }
  return {
    createToken: async (request, options) => {
      asked.push(['createToken', request, options])
      if (request.auth.identity.password.user.password !== 'right') {
        throw refusal('IAM.0401', 'The user name or password is wrong.')
      }
      return { token: 'ty1.fresh', response }
    },
    describeToken: async (_asker, token) => {
      asked.push(['describeToken', token])
      return response
    },
    listProjects: async (_caller, name) => {
      asked.push(['listProjects', name])
      return { projects: [], links: { self: '', next: null, previous: null } }
    },
  }
}

interface Kept {
  readonly info: ObjectInfo
  readonly bytes: Buffer
}

/** Objects in memory, for one test. */
export class FakeObjects implements ObjectStore {
  readonly kept = new Map<string, Kept>()
  readonly asked: Asked
  /** Reads begun and not yet ended: an answer that was cut must not leave one. */
  openReads = 0
  /** Writes begun and not yet ended, well or not. */
  openWrites = 0

  constructor(asked: Asked) {
    this.asked = asked
  }

  async put(ref: ObjectRef, content: AsyncIterable<Uint8Array>, options: { checksum?: string } = {}) {
    this.openWrites++
    try {
      return await this.#put(ref, content, options.checksum)
    } finally {
      this.openWrites--
    }
  }

  async #put(ref: ObjectRef, content: AsyncIterable<Uint8Array>, expected: string | undefined) {
    const chunks: Uint8Array[] = []
    for await (const chunk of content) {
      if (ref.key === 'full') throw refusal('ModelArts.4107', 'The disk is full.')
      chunks.push(chunk)
    }
    const bytes = Buffer.concat(chunks)
    const checksum = createHash('sha256').update(bytes).digest('hex')
    if (expected !== undefined && expected !== checksum) {
      throw refusal('ModelArts.2788', 'The content does not have the checksum.')
    }
    const info = { key: ref.key, size: bytes.length, checksum, modified_at: 1_700_000_000_000 }
    this.kept.set(`${ref.projectId}/${ref.bucket}/${ref.key}`, { info, bytes })
    return info
  }

  async find(ref: ObjectRef) {
    return this.#get(ref)?.info
  }

  async read(ref: ObjectRef, range?: { start: number; end: number }) {
    const found = this.#get(ref)
    if (!found) return undefined
    const { start, end } = range ?? { start: 0, end: found.info.size - 1 }
    return { info: found.info, content: this.#content(found.bytes.subarray(start, end + 1)) }
  }

  async *#content(bytes: Buffer): AsyncGenerator<Uint8Array> {
    this.openReads++
    try {
      for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536)
    } finally {
      this.openReads--
    }
  }

  async delete(ref: ObjectRef) {
    this.asked.push(['delete', ref])
  }

  async deletePrefix(ref: ObjectRef) {
    this.asked.push(['deletePrefix', ref])
  }

  async list(query: ListObjects) {
    this.asked.push(['list', query])
    return { objects: [], prefixes: [] }
  }

  async listBuckets() {
    return [{ name: 'lab', created_at: 1 }]
  }

  async download(): Promise<ObjectInfo> {
    throw new Error('not used by the API')
  }

  async upload(): Promise<ObjectInfo> {
    throw new Error('not used by the API')
  }

  async usage() {
    return { objects: this.kept.size, bytes: 0 }
  }

  async close() {}

  #get(ref: ObjectRef): Kept | undefined {
    return this.kept.get(`${ref.projectId}/${ref.bucket}/${ref.key}`)
  }
}
