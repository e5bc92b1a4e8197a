import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { pino } from 'pino'
import { readCredentials } from '../../src/app/data-directory.ts'
import { type RunningServer, startServer } from '../../src/app/start-server.ts'
import { Estimator, Session, TrainingJob } from '../../src/sdk/node/index.ts'
import { type CredentialsFile, makeDataDirectory, removeDirectory } from '../support/server-process.ts'
import { type Answer, plainFetch, type Signing, signedFetch } from '../support/signed-fetch.ts'

const MINUTE_MS = 60_000
const UNKNOWN_JOB = '00000000-0000-4000-8000-000000000000'

describe('signing in', () => {
  let data: string
  let server: RunningServer
  let key: CredentialsFile
  let stranger: Signing & { projectId: string }
  let jobId: string
  let base: string

  before(async () => {
    data = await makeDataDirectory('local: { cpus: 2 }\n')
    server = await startServer({
      dataDirectory: data,
      port: 0,
      host: '127.0.0.1',
      log: pino({ level: 'silent' }),
    })
    const credentials = await readCredentials(`${data}/credentials.json`)
    assert.ok(credentials)
    key = credentials
    base = `${server.url}/v2/${key.project_id}`
    const session = new Session({ env: { TRAINYARD_DATA: data } })
    const job = await TrainingJob.create(session, {
      metadata: { name: 'secret-project' },
      algorithm: { command: 'true', engine: { engine_id: 'command' } },
      spec: { resource: { flavor_id: 'yard.cpu.1' } },
    })
    jobId = job.jobId
    const domain = await server.accounts.createDomain('other')
    const project = await server.accounts.createProject(domain.id, 'elsewhere')
    const user = await server.accounts.createUser({
      domainId: domain.id,
      name: 'eve',
      password: 'long enough 1',
      role: 'admin',
    })
    const pair = await server.accounts.createAccessKey(user.id, project.id)
    stranger = { ...pair, projectId: project.id }
  })

  after(async () => {
    await server.close()
    await removeDirectory(data)
  })

  const signing = (): Signing => ({ accessKey: key.access_key, secretKey: key.secret_key })

  const assertRefused = (answer: Answer, status: number, code: string): void => {
    assert.equal(answer.status, status, answer.text)
    assert.equal(answer.json.error_code, code)
    assert.ok(answer.json.error_msg && answer.json.error_solution)
    assert.ok(answer.headers.get('x-request-id'))
    assert.ok(
      !answer.text.includes('secret-project') && !answer.text.includes(jobId),
      'tells nothing of jobs',
    )
  }

  /** Calls on a job that exists and one that does not must look the same to who may not see either. */
  const bothJobs = async (
    call: (url: string) => Promise<Answer>,
    status: number,
    code: string,
  ): Promise<void> => {
    const [known, unknown] = [
      await call(`${base}/training-jobs/${jobId}`),
      await call(`${base}/training-jobs/${UNKNOWN_JOB}`),
    ]
    assertRefused(known, status, code)
    assertRefused(unknown, status, code)
    const { request_id: _known, ...knownBody } = known.json
    const { request_id: _unknown, ...unknownBody } = unknown.json
    assert.deepEqual(knownBody, unknownBody)
  }

  it('is needed for every call', async () => {
    await bothJobs((url) => plainFetch(url), 401, 'ModelArts.0201')
    assertRefused(
      await plainFetch(`${base}/training-job-searches`, { method: 'POST', body: '{}' }),
      401,
      'ModelArts.0201',
    )
    assertRefused(await plainFetch(`${base}/objects/lab/secret`), 401, 'ModelArts.0201')
    assertRefused(
      await plainFetch(`${base}/training-jobs`, { method: 'POST', body: '{"broken' }),
      401,
      'ModelArts.0201',
    )
  })

  it('works with a key pair in both variants', async () => {
    const current = await signedFetch('GET', `${base}/training-jobs/${jobId}`, signing())
    const scope = {
      date: new Date().toISOString().slice(0, 10).replaceAll('-', ''),
      region: 'local',
      service: 'modelarts',
    }
    const older = await signedFetch(
      'POST',
      `${base}/training-job-searches`,
      { ...signing(), scope },
      '{"limit":1}',
    )

    assert.equal(current.json.metadata.id, jobId)
    assert.equal(older.json.total, 1)
  })

  it('answers wrong signature, unknown key and wrong clock alike', async () => {
    const wrong: Signing[] = [
      { ...signing(), secretKey: 'x'.repeat(40) },
      { ...signing(), accessKey: 'A'.repeat(20) },
      { ...signing(), date: Date.now() - 16 * MINUTE_MS },
      { ...signing(), date: Date.now() + 16 * MINUTE_MS },
    ]
    for (const one of wrong) await bothJobs((url) => signedFetch('GET', url, one), 401, 'APIGW.0301')
  })

  it('refuses a body that is not the signed one', async () => {
    const url = `${base}/training-job-searches`
    const good = await signedFetch(
      'POST',
      url,
      { ...signing(), headers: { 'x-sdk-content-sha256': 'UNSIGNED-PAYLOAD' } },
      '{}',
    )

    assertRefused(good, 401, 'APIGW.0301')
  })

  it('refuses what it cannot read', async () => {
    const headers = { authorization: 'Bearer abc' }
    await bothJobs((url) => plainFetch(url, { headers }), 401, 'ModelArts.0206')
    await bothJobs(
      (url) => plainFetch(url, { headers: { 'x-auth-token': 'nonsense' } }),
      401,
      'ModelArts.0203',
    )
  })

  it("lets another project's key see nothing", async () => {
    await bothJobs((url) => signedFetch('GET', url, stranger), 404, 'ModelArts.2786')
    const own = await signedFetch(
      'GET',
      `${server.url}/v2/${stranger.projectId}/training-jobs/${jobId}`,
      stranger,
    )
    assert.deepEqual([own.status, own.json.error_code], [400, 'ModelArts.2775'])
    const search = await signedFetch(
      'POST',
      `${server.url}/v2/${stranger.projectId}/training-job-searches`,
      stranger,
      '{}',
    )
    assert.deepEqual([search.json.total, search.json.items], [0, []])
    const objects = await signedFetch('GET', `${base}/objects`, stranger)
    assertRefused(objects, 404, 'ModelArts.2786')
  })

  it('refuses a project header that differs from the path', async () => {
    const headers = { 'x-project-id': stranger.projectId }
    assertRefused(
      await signedFetch('GET', `${base}/training-jobs/${jobId}`, { ...signing(), headers }),
      404,
      'ModelArts.2786',
    )
  })

  describe('with a password', () => {
    const tokenFor = (user: object, scope: object = { project: { name: key.region } }): Promise<Answer> =>
      plainFetch(`${server.url}/v3/auth/tokens`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ auth: { identity: { methods: ['password'], password: { user } }, scope } }),
      })
    const admin = (password = key.password) => ({
      name: key.user_name,
      password,
      domain: { name: key.domain_name },
    })

    it('gives a token in the header, which opens the project', async () => {
      const answer = await tokenFor(admin())

      const token = answer.headers.get('x-subject-token') ?? ''
      const search = await plainFetch(`${base}/training-job-searches`, {
        method: 'POST',
        headers: { 'x-auth-token': token },
      })
      assert.equal(answer.status, 201)
      assert.ok(token.length > 20 && !answer.text.includes(token))
      assert.equal(answer.json.token.project.id, key.project_id)
      assert.equal(search.json.total, 1)
    })

    it('answers a wrong password and an unknown user alike', async () => {
      const [wrong, unknown] = [
        await tokenFor(admin('wrong')),
        await tokenFor({ ...admin('wrong'), name: 'nobody' }),
      ]

      assert.equal(wrong.status, 401)
      assert.deepEqual(wrong.json, unknown.json)
      assert.deepEqual(Object.keys(wrong.json), ['error'])
    })

    it('refuses a token of the whole domain for training calls', async () => {
      const answer = await tokenFor(admin(), { domain: { name: key.domain_name } })
      const headers = { 'x-auth-token': answer.headers.get('x-subject-token') ?? '' }

      assertRefused(await plainFetch(`${base}/training-jobs/${jobId}`, { headers }), 401, 'ModelArts.0212')
    })

    it('works through the SDK, project looked up by region', async () => {
      const session = new Session({
        env: {},
        endpoint: server.url,
        account: key.domain_name,
        username: key.user_name,
        password: key.password,
        regionName: key.region,
      })

      assert.equal((await Estimator.getJobList({ session, limit: 1 })).total, 1)
    })
  })
})
