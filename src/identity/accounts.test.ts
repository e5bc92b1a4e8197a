import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { type AccountsFixture, cheapHash, openAccounts } from '../../test/support/accounts-fixture.ts'
import type { CreateTokenRequest } from '../contract/identity.ts'
import { openSqliteStore } from '../store/sqlite/open-store.ts'
import type { Role, User } from '../store/store.ts'
import { Accounts } from './accounts.ts'
import type { Caller, ProjectCaller } from './caller.ts'

const NOW = Date.UTC(2030, 2, 1, 8)
const DAY_MS = 24 * 60 * 60 * 1000

describe('Accounts', () => {
  let fixture: AccountsFixture
  let accounts: Accounts
  before(async () => {
    fixture = await openAccounts(NOW)
    accounts = fixture.accounts
    await aUser({ id: 'trainer', role: 'admin' })
  })
  after(() => fixture.close())

  const PASSWORD = 'right'
  /** A user of the first domain, with `PASSWORD`. */
  const aUser = async (overrides: Partial<User> & { id: string }): Promise<User> => {
    const user: User = {
      domainId: fixture.first.domainId,
      name: overrides.id,
      passwordHash: cheapHash(PASSWORD),
      enabled: true,
      role: 'developer',
      ...overrides,
    }
    await fixture.store.accounts.addUser(user)
    return user
  }
  const callerOf = (user: User, projectId: string | null = fixture.first.projectId): Caller => ({
    userId: user.id,
    userName: user.name,
    domainId: user.domainId,
    domainName: fixture.first.domainName,
    projectId,
    role: user.role,
  })
  type Scope = CreateTokenRequest['auth']['scope']
  type Asked = CreateTokenRequest['auth']['identity']['password']['user']
  const aRequest = (
    asked: Partial<Asked> = {},
    scope?: Scope,
    methods = ['password'],
  ): CreateTokenRequest => ({
    auth: {
      identity: {
        methods,
        password: {
          user: {
            ...(asked.id === undefined ? { name: 'trainer', domain: { name: 'trainyard' } } : {}),
            password: PASSWORD,
            ...asked,
          },
        },
      },
      ...(scope === undefined ? {} : { scope }),
    },
  })
  const inRegion: Scope = { project: { name: 'region-a' } }
  const create = (request: CreateTokenRequest) => accounts.createToken(request, { nocatalog: false })

  describe('bootstrap', () => {
    it('makes ids, names and keys of the agreed shape', () => {
      const { first } = fixture

      for (const id of [first.domainId, first.projectId, first.userId]) assert.match(id, /^[0-9a-f]{32}$/)
      assert.match(first.accessKey, /^[A-Z0-9]{20}$/)
      assert.match(first.secretKey, /^[A-Za-z0-9]{40}$/)
      assert.match(first.password, /^[\w-]{24}$/)
      assert.deepEqual([first.domainName, first.userName], ['trainyard', 'admin'])
    })

    it('repeats with the same accounts and password, and another key pair', async () => {
      const again = await accounts.bootstrap('region-a')

      const { accessKey, secretKey, ...rest } = again
      const { accessKey: firstKey, secretKey: firstSecret, ...firstRest } = fixture.first
      assert.deepEqual(rest, firstRest)
      assert.notEqual(accessKey, firstKey)
      assert.notEqual(secretKey, firstSecret)
      assert.equal((await accounts.findKeyHolder(firstKey))?.secretKey, firstSecret)
    })

    it('goes on where a crash stopped it, wherever that was', async () => {
      for (const steps of [0, 1, 2, 3]) {
        const store = openSqliteStore({ file: ':memory:' })
        const { secretBox } = fixture
        const dying = new Proxy(store.accounts, {
          get:
            (target, name) =>
            async (...values: unknown[]) => {
              if (String(name).startsWith('add')) made.push(String(name))
              if (made.length > steps) throw new Error('killed')
              return Reflect.apply(Reflect.get(target, name), target, values)
            },
        })
        const made: string[] = []
        await assert.rejects(new Accounts({ store: dying, secretBox }).bootstrap('region-b'), /killed/)

        const repeated = await new Accounts({ store: store.accounts, secretBox }).bootstrap('region-b')

        assert.equal(repeated.password, fixture.first.password, `after ${made}`)
        assert.equal((await store.accounts.listProjects(repeated.domainId)).length, 1)
        await store.close()
      }
    })
  })

  describe('createToken', () => {
    it('issues a token for the project of a region', async () => {
      const { token, response } = await create(aRequest({}, inRegion))

      const domain = { id: fixture.first.domainId, name: 'trainyard' }
      assert.deepEqual(response, {
        token: {
          methods: ['password'],
          issued_at: '2030-03-01T08:00:00.000000Z',
          expires_at: '2030-03-02T08:00:00.000000Z',
          user: { id: 'trainer', name: 'trainer', password_expires_at: '', domain },
          project: { id: fixture.first.projectId, name: 'region-a', domain },
          roles: [{ id: '0', name: 'te_admin' }],
          catalog: [],
        },
      })
      assert.match(token, /^ty1\.[0-9a-z]+\.[\w-]{43}$/)
      assert.equal((await accounts.callerOfToken(token)).projectId, fixture.first.projectId)
    })

    it('issues one for the first administrator, with the password of the first start', async () => {
      const { userName: name, password, userId } = fixture.first
      const { response } = await create(aRequest({ name, password }, inRegion))

      assert.equal(response.token.user.id, userId)
    })

    it('keeps the token only as a hash', async () => {
      const { token } = await create(aRequest({}, inRegion))

      const hash = createHash('sha256').update(token).digest('hex')
      assert.equal((await fixture.store.accounts.findToken(hash))?.userId, 'trainer')
      assert.equal(await fixture.store.accounts.findToken(token), undefined)
    })

    it('leaves the catalogue out when asked to', async () => {
      const { response } = await accounts.createToken(aRequest({}, inRegion), { nocatalog: true })

      assert.ok(!('catalog' in response.token))
    })

    it('finds users by id or by domain id, and projects by id', async () => {
      const { domainId, projectId } = fixture.first

      const byId = await create(aRequest({ id: 'trainer' }, { project: { id: projectId } }))
      const byDomain = await create(aRequest({ domain: { id: domainId } }, inRegion))

      assert.equal(byId.response.token.project?.id, projectId)
      assert.equal(byDomain.response.token.user.id, 'trainer')
    })

    it('issues a token of the domain without a scope of a project', async () => {
      for (const scope of [
        undefined,
        {},
        { domain: { name: 'trainyard' } },
        { domain: { id: fixture.first.domainId } },
      ]) {
        const { token, response } = await create(aRequest({}, scope))

        assert.equal(response.token.project, undefined)
        assert.deepEqual(response.token.domain, { id: fixture.first.domainId, name: 'trainyard' })
        assert.equal((await accounts.callerOfToken(token)).projectId, null)
      }
    })

    it('leaves older tokens valid', async () => {
      const older = await create(aRequest({}, inRegion))
      await create(aRequest({}, inRegion))

      assert.equal((await accounts.callerOfToken(older.token)).userId, 'trainer')
    })

    it('refuses a wrong password, an unknown user and an unknown domain alike', async () => {
      const texts = new Set<string>()
      for (const asked of [
        { password: 'wrong' },
        { name: 'nobody' },
        { domain: { name: 'nowhere' } },
        { domain: { id: 'nowhere' } },
        { id: 'nobody' },
        { password: '' },
      ]) {
        await assert.rejects(create(aRequest(asked, inRegion)), (error: Error) => {
          assert.deepEqual([Reflect.get(error, 'code'), Reflect.get(error, 'status')], ['IAM.0401', 401])
          texts.add(error.message + Reflect.get(error, 'solution'))
          return true
        })
      }
      assert.equal(texts.size, 1)
    })

    it('tells a disabled user so only against the right password', async () => {
      const user = await aUser({ id: 'disabled', enabled: false })

      await assert.rejects(create(aRequest({ id: user.id })), { code: 'IAM.0403', status: 403 })
      await assert.rejects(create(aRequest({ id: user.id, password: 'x' })), { code: 'IAM.0401' })
    })

    it('refuses an unknown project, and one of another domain alike', async () => {
      const elsewhere = await accounts.createDomain('elsewhere')
      const foreign = await accounts.createProject(elsewhere.id, 'region-z')

      for (const scope of [
        { project: { name: 'region-x' } },
        { project: { name: 'region-z' } },
        { project: { id: foreign.id } },
        { domain: { name: 'elsewhere' } },
        { domain: { name: 'nowhere' } },
      ]) {
        await assert.rejects(create(aRequest({}, scope)), { code: 'IAM.0404', status: 404 })
      }
    })

    it('refuses what is malformed', async () => {
      const { name: _, ...nameless } = aRequest().auth.identity.password.user
      for (const request of [
        aRequest({}, inRegion, []),
        aRequest({}, inRegion, ['token']),
        aRequest({}, inRegion, ['password', 'totp']),
        aRequest({}, { project: {} }),
        aRequest({}, { domain: {} }),
        aRequest({}, { project: { name: 'region-a' }, domain: { name: 'trainyard' } }),
        aRequest({ domain: {} }, inRegion),
        aRequest({ password: 'x'.repeat(1_025) }, inRegion),
        { auth: { identity: { methods: ['password'], password: { user: nameless } } } },
      ]) {
        await assert.rejects(create(request), { code: 'IAM.0400', status: 400 })
      }
    })
  })

  describe('callerOfToken', () => {
    it('says expired after 24 hours, also when the row is gone', async () => {
      const { token } = await create(aRequest({}, inRegion))

      fixture.time.now = NOW + DAY_MS - 1
      await accounts.callerOfToken(token)
      fixture.time.now = NOW + DAY_MS
      await assert.rejects(accounts.callerOfToken(token), { code: 'ModelArts.0202', status: 401 })
      await create(aRequest({}, inRegion))
      await assert.rejects(accounts.callerOfToken(token), { code: 'ModelArts.0202' })
      fixture.time.now = NOW
    })

    it('refuses texts that are no token of ours', async () => {
      const { token } = await create(aRequest({}, inRegion))

      for (const text of ['x', `${token}x`, token.slice(0, -1), 'ty1..', `ty1.zzzzzzzzz.${'a'.repeat(43)}`]) {
        await assert.rejects(accounts.callerOfToken(text), { code: 'ModelArts.0203', status: 401 })
      }
    })
  })

  describe('describeToken', () => {
    it('tells users about their own tokens, and administrators about all of their domain', async () => {
      const user = await aUser({ id: 'described' })
      const { token, response } = await create(aRequest({ id: user.id }, inRegion))
      const admin = await aUser({ id: 'second-admin', role: 'admin' })

      assert.deepEqual(await accounts.describeToken(callerOf(user), token), response)
      assert.deepEqual(await accounts.describeToken(callerOf(admin), token), response)
      assert.equal(response.token.roles[0]?.name, 'developer')
    })

    it('refuses other users, other domains, and tokens that are not valid', async () => {
      const user = await aUser({ id: 'asking' })
      const { token } = await create(aRequest({}, inRegion))
      const stranger = { ...callerOf(user), domainId: 'another', role: 'admin' as const }

      await assert.rejects(accounts.describeToken(callerOf(user), token), { code: 'IAM.0403' })
      await assert.rejects(accounts.describeToken(stranger, token), { code: 'IAM.0404', status: 404 })
      await assert.rejects(accounts.describeToken(callerOf(user), 'x'), { code: 'IAM.0404' })
      fixture.time.now = NOW + DAY_MS
      await assert.rejects(accounts.describeToken(callerOf(user), token), { code: 'IAM.0404' })
      fixture.time.now = NOW
    })
  })

  describe('listProjects', () => {
    it('lists the projects of the domain, and by name exactly the one', async () => {
      const user = await aUser({ id: 'listing' })
      const other = await accounts.createProject(fixture.first.domainId, 'region-a-2', 'the second')

      const all = await accounts.listProjects(callerOf(user, null))
      const one = await accounts.listProjects(callerOf(user), 'region-a')

      assert.deepEqual(all.projects.map(({ name }) => name).sort(), ['region-a', 'region-a-2'])
      assert.deepEqual(
        one.projects.map(({ id }) => id),
        [fixture.first.projectId],
      )
      assert.deepEqual((await accounts.listProjects(callerOf(user), 'region')).projects, [])
      assert.deepEqual((await accounts.listProjects(callerOf(user), 'region-a-2')).projects[0], {
        id: other.id,
        name: 'region-a-2',
        domain_id: fixture.first.domainId,
        parent_id: fixture.first.domainId,
        is_domain: false,
        enabled: true,
        description: 'the second',
        links: { self: `/v3/projects/${other.id}` },
      })
      assert.deepEqual(one.links, { self: '/v3/projects?name=region-a', next: null, previous: null })
    })
  })

  describe('visibility', () => {
    it('opens the default workspace to own jobs, and to administrators wholly', async () => {
      const user = await aUser({ id: 'ordinary' })
      const admin = await aUser({ id: 'seeing-all', role: 'admin' })

      assert.deepEqual(await accounts.visibility(callerOf(user) as ProjectCaller, '0'), {
        ownerId: 'ordinary',
      })
      assert.deepEqual(await accounts.visibility(callerOf(admin) as ProjectCaller, '0'), {})
    })

    it('opens other workspaces to owner, members and administrators', async () => {
      const projectId = fixture.first.projectId
      const id = 'f'.repeat(32)
      const roles: [id: string, role: Role, open: boolean][] = [
        ['ws-owner', 'developer', true],
        ['ws-member', 'viewer', true],
        ['ws-admin', 'admin', true],
        ['ws-other', 'developer', false],
      ]
      const users: User[] = []
      for (const [userId, role] of roles) users.push(await aUser({ id: userId, role }))
      await fixture.store.accounts.addWorkspace({
        id,
        projectId,
        name: 'team',
        ownerId: 'ws-owner',
        memberIds: ['ws-member'],
      })

      for (const [at, [, , open]] of roles.entries()) {
        const found = users[at]
        assert.ok(found)
        const user = { ...callerOf(found), projectId }
        if (open) assert.deepEqual(await accounts.visibility(user, id), {})
        else await assert.rejects(accounts.visibility(user, id), { code: 'ModelArts.0112', status: 403 })
        await assert.rejects(accounts.visibility(user, 'unknown'), { code: 'ModelArts.0102' })
        await assert.rejects(accounts.visibility({ ...user, projectId: 'other' }, id), {
          code: 'ModelArts.0102',
        })
      }
    })
  })

  describe('making accounts', () => {
    it('refuses names that are taken, empty or too long, and bad passwords', async () => {
      const { domainId } = fixture.first
      const user = { domainId, name: 'new', password: 'long enough', role: 'viewer' } as const
      const refused = { code: 'IAM.0400' }

      await assert.rejects(accounts.createDomain('trainyard'), refused)
      await assert.rejects(accounts.createDomain(''), refused)
      await assert.rejects(accounts.createProject(domainId, 'region-a'), refused)
      await assert.rejects(accounts.createProject(domainId, 'x'.repeat(65)), refused)
      await assert.rejects(accounts.createUser({ ...user, name: 'admin' }), refused)
      await assert.rejects(accounts.createUser({ ...user, password: 'short' }), refused)
      await assert.rejects(accounts.createUser({ ...user, password: 'x'.repeat(1_025) }), refused)
    })

    it('makes key pairs for users and projects of one domain only', async () => {
      const user = await aUser({ id: 'key-owner' })
      const abroad = await accounts.createDomain('abroad')
      const foreign = await accounts.createProject(abroad.id, 'region-a')

      const pair = await accounts.createAccessKey(user.id, fixture.first.projectId)

      assert.deepEqual(await accounts.findKeyHolder(pair.accessKey), {
        caller: callerOf(user),
        secretKey: pair.secretKey,
      })
      assert.ok(
        !JSON.stringify(await fixture.store.accounts.findAccessKey(pair.accessKey)).includes(pair.secretKey),
      )
      await assert.rejects(accounts.createAccessKey(user.id, foreign.id), { code: 'IAM.0404' })
      await assert.rejects(accounts.createAccessKey('nobody', foreign.id), { code: 'IAM.0404' })
    })
  })
})
