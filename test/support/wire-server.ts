import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isFinal, type Phase } from '../../src/contract/phases.ts'
import type { SearchRequest } from '../../src/contract/search.ts'
import {
  canonicalRequest,
  parseAuthorization,
  sha256Hex,
  signature,
  UNSIGNED_PAYLOAD,
} from '../../src/contract/signature.ts'
import type { TrainingJob } from '../../src/contract/training-job.ts'

// A fake of the wire, for tests of the SDK and the CLI: a real HTTP server that checks sign-in by the contract and
// answers in its shapes from plain maps. It runs no job and validates no field: the real server has its own tests.

/** A request as it arrived. */
export interface WireRequest {
  readonly method: string
  /** Percent-encoded, without query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export interface WireAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Text and bytes go out as they are, the rest as JSON. */
  readonly body?: unknown
  /** Hangs up after the body, before the length that was announced. */
  readonly isCutShort?: boolean
}

/** Answers a request instead of the server; undefined leaves it to the server, `hang` never answers, `cut` hangs up. */
export type Intercept = (request: WireRequest) => WireAnswer | 'hang' | 'cut' | undefined

const refusal = (status: number, code: string, message: string): WireAnswer => ({
  status,
  body: { error_msg: message, error_code: code, error_solution: `Solve ${code}.` },
})

/** A job in the shape of the contract; fields of `status` and `metadata` can be replaced. */
export const aWireJob = (
  overrides: {
    id?: string
    metadata?: Partial<TrainingJob['metadata']>
    status?: Partial<TrainingJob['status']>
  } & Partial<Omit<TrainingJob, 'metadata' | 'status'>> = {},
): TrainingJob => {
  const { id = crypto.randomUUID(), metadata, status, ...rest } = overrides
  const phase = status?.phase ?? 'Running'
  return {
    kind: 'job',
    algorithm: {
      engine: { engine_id: 'py-1', engine_name: 'Python', engine_version: 'python_3.11' },
      parameters: [{ name: 'epochs', value: '5' }],
    },
    spec: { resource: { flavor_id: 'yard.cpu.1', node_count: 1 } },
    ...rest,
    metadata: {
      id,
      name: `job-${id.slice(0, 8)}`,
      workspace_id: '0',
      description: '',
      create_time: 1_898_640_000_000,
      user_name: 'trainer',
      ...metadata,
    },
    status: {
      phase,
      secondary_phase: phase === 'Pending' ? 'Queuing' : phase === 'Abnormal' ? 'Lost' : phase,
      duration: 93_000,
      node_count_metrics: null,
      tasks: ['worker-0'],
      start_time: '1898640012000',
      ...status,
    },
  }
}

export class WireServer {
  readonly accessKey = 'WIREACCESSKEY0000000'
  readonly secretKey = 'wire-secret-key-of-forty-characters-00000'
  readonly projectId = 'prj-wire'
  readonly regionName = 'region-wire'
  readonly requests: WireRequest[] = []
  /** Newest first, as lists are. */
  readonly jobs: TrainingJob[] = []
  /** By `bucket/key`. */
  readonly objects = new Map<string, Buffer>()
  /** By `job id/task`. */
  readonly logs = new Map<string, Buffer>()
  readonly tokens = new Set<string>()
  readonly engines = [
    { engine_id: 'py-1', engine_name: 'Python', engine_version: 'python_3.9' },
    { engine_id: 'py-2', engine_name: 'Python', engine_version: 'python_3.11' },
    { engine_id: 'pt-1', engine_name: 'PyTorch', engine_version: 'pytorch_2.3-py_3.11' },
    { engine_id: 'command', engine_name: 'command', engine_version: 'sh' },
  ].map((engine) => ({ ...engine, v1_compatible: false, run_user: '', image_info: {} }))
  readonly flavors = [4, 1, 2].map((cores) => ({
    flavor_id: `yard.cpu.${cores}`,
    flavor_name: `${cores} CPU`,
    flavor_type: 'CPU',
    flavor_info: {
      max_num: 4,
      cpu: { arch: 'x86', core_num: cores },
      memory: { size: cores * 2, unit: 'GB' },
    },
  }))
  /** Life of the tokens it issues, and how many it issued. */
  tokenLifeMs = 24 * 3_600_000
  tokensIssued = 0
  /** Links issued so far; only the newest one of a log is honoured, and none when somebody changes this number. */
  linksIssued = 0
  #linksKnown = 0
  readonly #newestLinks = new Map<string, number>()
  intercept: Intercept = () => undefined
  readonly #server = createServer((request, response) => void this.#serve(request, response))

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** Requests whose path contains the text. */
  sent(method: string, part: string): WireRequest[] {
    return this.requests.filter((request) => request.method === method && request.path.includes(part))
  }

  setPhase(id: string, phase: Phase): void {
    const at = this.jobs.findIndex(({ metadata }) => metadata.id === id)
    const job = this.jobs[at]
    if (job)
      this.jobs[at] = aWireJob({
        ...job,
        id,
        status: { ...job.status, phase, secondary_phase: phase as 'Running' },
      })
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of message) chunks.push(chunk as Buffer)
    } catch {
      return
    }
    const url = new URL(message.url ?? '/', 'http://wire')
    const headers = Object.fromEntries(
      Object.entries(message.headers).map(([name, value]) => [name, String(value)]),
    )
    const path = (message.url ?? '/').split('?')[0] ?? '/'
    const request = {
      method: message.method ?? '',
      path,
      query: url.searchParams,
      headers,
      body: Buffer.concat(chunks),
    }
    this.requests.push(request)
    const taken = this.intercept(request)
    if (taken === 'hang') return
    if (taken === 'cut') {
      message.socket.destroy()
      return
    }
    const answer = taken ?? this.#answer(request)
    const { body } = answer
    const isRaw = typeof body === 'string' || Buffer.isBuffer(body)
    response.writeHead(answer.status, {
      'x-request-id': `req-${this.requests.length}`,
      ...(isRaw || body === undefined ? {} : { 'content-type': 'application/json' }),
      ...answer.headers,
    })
    if (answer.isCutShort === true)
      response.write(Buffer.isBuffer(body) ? body : String(body), () => message.socket.destroy())
    else response.end(body === undefined ? undefined : isRaw ? body : JSON.stringify(body))
  }

  #isSigned(request: WireRequest): boolean {
    const { headers } = request
    const token = headers['x-auth-token']
    if (token !== undefined) return this.tokens.has(token)
    const authorization = parseAuthorization(headers['authorization'] ?? '')
    if (!authorization || authorization.accessKey !== this.accessKey) return false
    if (!['host', 'x-sdk-date'].every((name) => authorization.signedHeaders.includes(name))) return false
    const declared = headers['x-sdk-content-sha256']
    if (declared === UNSIGNED_PAYLOAD && headers['content-type'] === 'application/json') return false
    const bodyHash = declared ?? sha256Hex(request.body)
    const canonical = canonicalRequest(
      { method: request.method, path: request.path, query: request.query.toString(), headers, bodyHash },
      authorization.signedHeaders,
    )
    return signature(this.secretKey, headers['x-sdk-date'] ?? '', canonical) === authorization.signature
  }

  #answer(request: WireRequest): WireAnswer {
    const { path, method } = request
    if (path.startsWith('/files/')) return this.#logFile(request)
    if (path === '/v3/auth/tokens' && method === 'POST') return this.#createToken(request)
    if (!this.#isSigned(request)) return refusal(401, 'APIGW.0301', 'The signature was rejected.')
    if (path === '/v3/projects') return this.#listProjects(request)
    const [, rest] = path.split(`/v2/${this.projectId}/`)
    if (rest === undefined) return refusal(404, 'ModelArts.2786', 'Not your project.')
    const [resource = '', ...segments] = rest.split('/')
    if (resource === 'objects') return this.#objectCall(request, segments.map(decodeURIComponent))
    if (resource === 'training-job-searches') return this.#search(request)
    if (resource === 'training-job-flavors')
      return { status: 200, body: { total_count: 3, flavors: this.flavors } }
    if (resource === 'training-job-engines') return { status: 200, body: { total: 4, items: this.engines } }
    return this.#jobCall(request, segments)
  }

  #createToken(request: WireRequest): WireAnswer {
    const { auth } = JSON.parse(request.body.toString())
    const user = auth.identity.password.user
    if (user.name !== 'trainer' || user.password !== 'correct' || user.domain.name !== 'acme') {
      return {
        status: 401,
        body: { error: { code: 401, message: 'Wrong name or password.', title: 'Unauthorized' } },
      }
    }
    this.tokensIssued += 1
    const token = `token-${this.tokensIssued}`
    this.tokens.add(token)
    const expires = new Date(Date.now() + this.tokenLifeMs).toISOString().replace('Z', '000Z')
    return {
      status: 201,
      headers: { 'x-subject-token': token },
      body: {
        token: { methods: ['password'], issued_at: expires, expires_at: expires, user: {}, roles: [] },
      },
    }
  }

  #listProjects(request: WireRequest): WireAnswer {
    const name = request.query.get('name')
    const projects =
      name === null || name === this.regionName ? [{ id: this.projectId, name: this.regionName }] : []
    return { status: 200, body: { projects, links: { self: '', next: null, previous: null } } }
  }

  #search(request: WireRequest): WireAnswer {
    const query = JSON.parse(request.body.toString() || '{}') as SearchRequest
    const { offset = 0, limit = 10, sort_by = 'create_time', order = 'desc', group_by = '' } = query
    const matching = this.jobs.filter((job) =>
      (query.filters ?? []).every(({ key, operator = 'in', value = [] }) => {
        const fields: Record<string, string> = { name: job.metadata.name, phase: job.status.phase }
        const field = fields[key ?? '']
        if (field === undefined) return true
        return operator === 'like' ? value.some((one) => field.includes(one)) : value.includes(field)
      }),
    )
    const items = matching.slice(offset, offset + limit)
    const about = {
      limit,
      offset,
      sort_by,
      order,
      group_by,
      workspace_id: '0',
      ai_project: 'default-ai-project',
    }
    return { status: 200, body: { total: this.jobs.length, count: matching.length, ...about, items } }
  }

  #jobCall(request: WireRequest, [id = '', ...rest]: string[]): WireAnswer {
    if (id === '' && request.method === 'POST') return this.#create(request)
    const job = this.jobs.find(({ metadata }) => metadata.id === id)
    if (job === undefined) return refusal(400, 'ModelArts.2775', `Training job ${id} does not exist.`)
    const call = `${request.method} ${rest.join('/')}`
    if (call === 'GET ') return { status: 200, body: job }
    if (call === 'PUT ') {
      job.metadata.description = JSON.parse(request.body.toString()).description
      return { status: 200, body: 'null', headers: { 'content-type': 'application/json' } }
    }
    if (call === 'DELETE ') {
      this.jobs.splice(this.jobs.indexOf(job), 1)
      return { status: 202, body: '""', headers: { 'content-type': 'application/json' } }
    }
    if (call === 'POST actions') return this.#stop(job)
    if (call === 'GET events') {
      const event = {
        message: 'Job created.',
        level: 'Info',
        time: '2030-03-01T08:00:00+00:00',
        source: 'Job',
      }
      return { status: 200, body: { total: 1, limit: 50, offset: 0, order: 'desc', events: [event] } }
    }
    if (call === 'GET tasks') {
      const places = job.status.tasks.map((task, at) => ({
        task,
        ip: `10.8.0.${at + 1}`,
        host_ip: '192.0.2.1',
        schedule_count: 1,
      }))
      return { status: 200, body: places }
    }
    if (call.startsWith('GET metrics/'))
      return { status: 200, body: { metrics: [{ metric: 'cpuUsage', value: [12.5] }] } }
    return this.#log(id, rest[1] ?? '', rest[3] ?? '')
  }

  #create(request: WireRequest): WireAnswer {
    const body = JSON.parse(request.body.toString())
    const job = aWireJob({
      ...body,
      metadata: { ...body.metadata },
      status: { phase: 'Creating', duration: 0, start_time: '0' },
    })
    this.jobs.unshift(job)
    return { status: 201, body: job }
  }

  #stop(job: TrainingJob): WireAnswer {
    if (isFinal(job.status.phase, job.status.secondary_phase)) {
      return refusal(409, 'ModelArts.2796', 'The job has ended.')
    }
    this.setPhase(job.metadata.id, 'Terminating')
    return { status: 202, body: this.jobs.find(({ metadata }) => metadata.id === job.metadata.id) }
  }

  #log(id: string, task: string, form: string): WireAnswer {
    const log = this.logs.get(`${id}/${task}`)
    if (log === undefined) return refusal(400, 'ModelArts.2818', 'Nothing written yet.')
    if (form === 'preview') {
      return {
        status: 200,
        body: { content: log.toString(), current_size: log.length, full_size: log.length },
      }
    }
    this.#expireLinks()
    this.linksIssued += 1
    this.#linksKnown = this.linksIssued
    this.#newestLinks.set(`/files/${id}/${task}`, this.linksIssued)
    return {
      status: 200,
      body: { obs_url: `${this.endpoint}/files/${id}/${task}?signature=${this.linksIssued}` },
    }
  }

  #expireLinks(): void {
    if (this.linksIssued !== this.#linksKnown) this.#newestLinks.clear()
    this.#linksKnown = this.linksIssued
  }

  #logFile(request: WireRequest): WireAnswer {
    this.#expireLinks()
    if (request.query.get('signature') !== String(this.#newestLinks.get(request.path) ?? this.linksIssued)) {
      return refusal(403, 'ModelArts.0108', 'The link has expired.')
    }
    const log = this.logs.get(request.path.slice('/files/'.length)) ?? Buffer.alloc(0)
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers['range'] ?? '')?.[1] ?? 0)
    if (from >= log.length) return { status: 416, headers: { 'content-range': `bytes */${log.length}` } }
    return { status: 206, body: log.subarray(from) }
  }

  #objectCall(request: WireRequest, [bucket, ...rest]: string[]): WireAnswer {
    const key = rest.join('/')
    const name = `${bucket}/${key}`
    if (bucket === undefined) return { status: 200, body: { buckets: this.#buckets() } }
    if (request.method === 'PUT') return this.#putObject(name, request)
    if (request.method === 'DELETE') {
      const isPrefix = request.query.get('recursive') === 'true'
      for (const one of [...this.objects.keys()]) {
        if (isPrefix ? one.startsWith(name) : one === name) this.objects.delete(one)
      }
      return { status: 204 }
    }
    if (key === '') return this.#listObjects(bucket, request.query)
    const content = this.objects.get(name)
    if (content === undefined) return refusal(404, 'ModelArts.4404', 'There is no such object.')
    return { status: 200, headers: { etag: `"${sha256Hex(content)}"` }, body: content }
  }

  #buckets() {
    const names = new Set([...this.objects.keys()].map((name) => name.split('/')[0] ?? ''))
    return [...names].map((name) => ({ name, created_at: 1_898_640_000_000 }))
  }

  #putObject(name: string, request: WireRequest): WireAnswer {
    const checksum = sha256Hex(request.body)
    const declared = request.headers['x-trainyard-sha256']
    if (declared !== undefined && declared !== checksum) return refusal(400, 'ModelArts.2788', 'Other bytes.')
    this.objects.set(name, request.body)
    const [bucket = '', ...rest] = name.split('/')
    return {
      status: 201,
      body: { bucket, key: rest.join('/'), size: request.body.length, checksum, modified_at: 1 },
    }
  }

  #listObjects(bucket: string, query: URLSearchParams): WireAnswer {
    const prefix = query.get('prefix') ?? ''
    const delimiter = query.get('delimiter') ?? ''
    const after = query.get('after') ?? ''
    const limit = Number(query.get('limit') ?? 1000)
    const folded = new Map<string, string>()
    for (const name of [...this.objects.keys()]
      .filter((one) => one.startsWith(`${bucket}/${prefix}`))
      .sort()) {
      const key = name.slice(bucket.length + 1)
      const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
      folded.set(at < 0 ? key : key.slice(0, at + 1), at < 0 ? name : '')
    }
    const entries = [...folded].filter(([key]) => key > after)
    const page = entries.slice(0, limit)
    const objects = page.flatMap(([key, name]) => {
      const content = this.objects.get(name)
      return content
        ? [{ key, size: content.length, checksum: sha256Hex(content), modified_at: 1_898_640_000_000 }]
        : []
    })
    const prefixes = page.flatMap(([key, name]) => (name === '' ? [key] : []))
    const next = entries.length > limit ? { next: page.at(-1)?.[0] } : {}
    return { status: 200, body: { objects, prefixes, ...next } }
  }
}

/** Starts a server on a free port of 127.0.0.1. */
export const startWireServer = (): Promise<WireServer> => new WireServer().listen()
