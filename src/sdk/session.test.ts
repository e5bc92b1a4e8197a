import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { startWireServer, type WireServer } from '../../test/support/wire-server.ts'
import { OPERATIONS } from './operations.ts'
import { Session } from './session.ts'

let server: WireServer

before(async () => {
  server = await startWireServer()
})
after(() => server.close())
afterEach(() => {
  server.intercept = () => undefined
  server.requests.length = 0
  server.tokens.clear()
  server.tokensIssued = 0
  server.tokenLifeMs = 24 * 3_600_000
  Session.setEndpoint({})
})

const withPassword = (password = 'correct') =>
  new Session({
    endpoint: server.endpoint,
    regionName: server.regionName,
    projectId: server.projectId,
    account: 'acme',
    username: 'trainer',
    password,
  })

describe('signing in', () => {
  it('knows the id of the user once the server has told it', async () => {
    server.intercept = ({ path }) =>
      path === '/v3/auth/tokens'
        ? {
            status: 201,
            headers: { 'x-subject-token': 'told' },
            body: { token: { expires_at: '2999-01-01T00:00:00Z', user: { id: 'user-1' } } },
          }
        : { status: 200, body: { total: 0, count: 0, items: [] } }
    const session = withPassword()
    assert.equal(session.userId, undefined)

    await session.send(OPERATIONS.listTrainingJobs)

    assert.equal(session.userId, 'user-1')
  })

  it('fetches one token, however many calls begin at once', async () => {
    const session = withPassword()

    await Promise.all([1, 2, 3].map(() => session.send(OPERATIONS.listEngines)))

    assert.equal(server.tokensIssued, 1)
  })

  it('renews a token before it expires', async () => {
    server.tokenLifeMs = 20 * 60_000
    const session = withPassword()

    await session.send(OPERATIONS.listEngines)
    await session.send(OPERATIONS.listEngines)

    assert.equal(server.tokensIssued, 2)
  })

  it('renews a token once after a 401, for writes too', async () => {
    const session = withPassword()
    await session.send(OPERATIONS.listEngines)
    server.tokens.clear()

    await session.send(OPERATIONS.createTrainingJob, { body: { metadata: { name: 'a' } } })

    assert.equal(server.tokensIssued, 2)
    assert.equal(server.jobs.length, 1)
  })

  it('does not try for ever when the new token is refused too', async () => {
    const session = withPassword()
    server.intercept = ({ path }) =>
      path.includes('engines')
        ? { status: 401, body: { error_msg: 'No.', error_code: 'ModelArts.0202', error_solution: '' } }
        : undefined

    await assert.rejects(session.send(OPERATIONS.listEngines), { code: 'ModelArts.0202', status: 401 })

    assert.equal(server.sent('GET', 'engines').length, 2)
  })

  it('tells of a wrong password with the code of the identity calls, and without the password', async () => {
    await assert.rejects(
      withPassword('hunter2').send(OPERATIONS.listEngines),
      (error: Error & { code: string }) => {
        assert.equal(error.code, 'IAM.0401')
        assert.doesNotMatch(`${error.stack}`, /hunter2/)
        return true
      },
    )
  })

  it('takes a ready token', async () => {
    server.tokens.add('mine')
    const session = new Session({ endpoint: server.endpoint, projectId: server.projectId, token: 'mine' })

    assert.equal((await session.send(OPERATIONS.listEngines)).total, 4)
  })
})

describe('the project', () => {
  const withKeys = (regionName?: string) =>
    new Session({
      endpoint: server.endpoint,
      regionName,
      accessKey: server.accessKey,
      secretKey: server.secretKey,
    })

  it('is looked up by the region, once', async () => {
    const session = withKeys(server.regionName)

    await Promise.all([session.send(OPERATIONS.listEngines), session.send(OPERATIONS.listFlavors)])

    assert.equal(session.projectId, server.projectId)
    assert.equal(server.sent('GET', '/v3/projects').length, 1)
    assert.equal(server.sent('GET', '/v3/projects')[0]?.query.get('name'), server.regionName)
  })

  it('must be exactly one', async () => {
    await assert.rejects(withKeys('elsewhere').send(OPERATIONS.listEngines), { code: 'invalid_argument' })
  })
})

describe('a session', () => {
  it('goes to the address set for all', async () => {
    Session.setEndpoint({ modelartsEndpoint: `${server.endpoint}/`, regionName: server.regionName })
    const session = new Session({ accessKey: server.accessKey, secretKey: server.secretKey })

    await session.send(OPERATIONS.listEngines)

    assert.equal(session.endpoint, server.endpoint)
    assert.equal(session.isLocal, true)
  })

  it('sends each kind of call to its own address', async () => {
    const objects = await startWireServer()
    Session.setEndpoint({ modelartsEndpoint: server.endpoint, obsEndpoint: objects.endpoint })
    const session = new Session({
      accessKey: server.accessKey,
      secretKey: server.secretKey,
      projectId: server.projectId,
    })

    await session.obs.put('obs://lab/a', 'text')
    await session.send(OPERATIONS.listEngines)
    await objects.close()

    assert.deepEqual([...objects.objects.keys()], ['lab/a'])
    assert.equal(server.objects.size, 0)
  })

  it('needs an address and a whole way to sign in', () => {
    const endpoint = server.endpoint
    for (const options of [
      { token: 't' },
      { endpoint },
      { endpoint, accessKey: 'a' },
      { endpoint, secretKey: 'a' },
      { endpoint, username: 'a' },
      { endpoint, username: 'a', password: 'b' },
    ]) {
      assert.throws(() => new Session(options), { code: 'invalid_argument' }, JSON.stringify(options))
    }
  })
})
