import { createHash, randomBytes, randomInt, randomUUID } from 'node:crypto'
import type { CreateTokenRequest, ListProjectsResponse, TokenResponse } from '../contract/identity.ts'
import { refusal } from '../contract/trainyard-error.ts'
import type { AccountStore, Domain, Project, Role, TokenRow, User } from '../store/store.ts'
import type { Caller, ProjectCaller } from './caller.ts'
import { hashPassword, isPassword, MAX_PASSWORD_LENGTH } from './passwords.ts'
import type { SecretBox } from './secret-box.ts'
import { findProjectOf, projectOfScope, userOfPassword } from './token-request.ts'

export interface AccountsOptions {
  readonly store: AccountStore
  readonly secretBox: SecretBox
  /** Epoch ms. */
  readonly clock?: () => number
}

export interface NewUser {
  readonly domainId: string
  readonly name: string
  /** 8 to 1,024 characters. */
  readonly password: string
  readonly role: Role
}

/** A key pair. The secret key is told once. */
export interface KeyPair {
  readonly accessKey: string
  readonly secretKey: string
}

/** What the first start of a server makes, for the person who started it. */
export interface Bootstrapped extends KeyPair {
  readonly domainId: string
  readonly domainName: string
  readonly projectId: string
  readonly userId: string
  readonly userName: string
  /** Empty when the administrator was there before and has a password of another origin. */
  readonly password: string
}

const TOKEN_LIFE_MS = 24 * 60 * 60 * 1000
const MIN_PASSWORD_LENGTH = 8
const MAX_NAME_LENGTH = 64
const FIRST_DOMAIN = 'trainyard'
const FIRST_USER = 'admin'
const DEFAULT_WORKSPACE = '0'
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
const MIXED = `${UPPER}abcdefghijklmnopqrstuvwxyz`
/** Names of the roles in tokens; the first is the one clients of the vendor know. */
const ROLE_NAMES: Record<Role, string> = { admin: 'te_admin', developer: 'developer', viewer: 'readonly' }

const newId = (): string => randomUUID().replaceAll('-', '')
const randomText = (alphabet: string, length: number): string =>
  Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('')
const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex')
const toKeystoneTime = (timeMs: number): string => new Date(timeMs).toISOString().replace('Z', '000Z')

// The end stands in the token too: an expired one is told apart from a wrong one also after its row is gone.
const newToken = (expiresAt: number): string =>
  `ty1.${expiresAt.toString(36)}.${randomBytes(32).toString('base64url')}`
const saysExpired = (token: string, now: number): boolean => {
  const end = /^ty1\.([0-9a-z]{1,10})\.[\w-]{43}$/.exec(token)?.[1]
  return end !== undefined && Number.parseInt(end, 36) <= now
}

const checkName = (name: string): void => {
  if (name === '' || name.length > MAX_NAME_LENGTH) {
    throw refusal('IAM.0400', `A name has 1 to ${MAX_NAME_LENGTH} characters.`)
  }
}

const checkFree = (taken: unknown, what: string): void => {
  if (taken !== undefined) throw refusal('IAM.0400', `There is already ${what}.`)
}

/** The accounts of the server: domains, their projects and users, key pairs, tokens, and what they open. */
export class Accounts {
  readonly #store: AccountStore
  readonly #secretBox: SecretBox
  readonly #clock: () => number

  constructor(options: AccountsOptions) {
    this.#store = options.store
    this.#secretBox = options.secretBox
    this.#clock = options.clock ?? Date.now
  }

  /** @throws TrainyardError `IAM.0400` when the name is taken or too long. */
  async createDomain(name: string): Promise<Domain> {
    checkName(name)
    checkFree(await this.#store.findDomain({ name }), `a domain ${name}`)
    const domain = { id: newId(), name }
    await this.#store.addDomain(domain)
    return domain
  }

  /** @throws TrainyardError `IAM.0400` when the domain has a project of the name. */
  async createProject(domainId: string, name: string, description = ''): Promise<Project> {
    checkName(name)
    checkFree(await findProjectOf(this.#store, domainId, { name }), `a project ${name}`)
    const project = { id: newId(), domainId, name, description }
    await this.#store.addProject(project)
    return project
  }

  /** @throws TrainyardError `IAM.0400` when the name is taken, or the password too short or too long. */
  async createUser({ domainId, name, password, role }: NewUser): Promise<User> {
    checkName(name)
    if (password.length < MIN_PASSWORD_LENGTH || password.length > MAX_PASSWORD_LENGTH) {
      throw refusal('IAM.0400', `A password has ${MIN_PASSWORD_LENGTH} to ${MAX_PASSWORD_LENGTH} characters.`)
    }
    const passwordHash = await hashPassword(password)
    checkFree(await this.#store.findUser({ domainId, name }), `a user ${name}`)
    const user = { id: newId(), domainId, name, passwordHash, enabled: true, role }
    await this.#store.addUser(user)
    return user
  }

  /**
   * Makes a key pair of a user for one project of their domain.
   * @throws TrainyardError `IAM.0404` when there is no such user or project.
   */
  async createAccessKey(userId: string, projectId: string): Promise<KeyPair> {
    const user = await this.#store.findUser({ id: userId })
    const project = user && (await findProjectOf(this.#store, user.domainId, { id: projectId }))
    if (!project) throw refusal('IAM.0404', 'There is no such user or project.')
    const accessKey = randomText(UPPER, 20)
    const secretKey = randomText(MIXED, 40)
    const sealedSecret = this.#secretBox.seal(secretKey)
    await this.#store.addAccessKey({ accessKey, userId, projectId, sealedSecret })
    return { accessKey, secretKey }
  }

  /**
   * Issues a token for 24 hours against a password. Older tokens stay valid. Without a scope it is a token of the
   * whole domain.
   * @throws TrainyardError `IAM.0400` malformed; `IAM.0401` wrong user or password, without telling which; `IAM.0403`
   * disabled; `IAM.0404` unknown project; `ModelArts.2799` too many sign-ins at once.
   */
  async createToken(
    request: CreateTokenRequest,
    options: { nocatalog: boolean },
  ): Promise<{ token: string; response: TokenResponse }> {
    const user = await userOfPassword(this.#store, request)
    if (!user.enabled) throw refusal('IAM.0403', 'The user is disabled.')
    const project = await projectOfScope(this.#store, request, user)
    const issuedAt = this.#clock()
    const expiresAt = issuedAt + TOKEN_LIFE_MS
    const token = newToken(expiresAt)
    const row = {
      hash: hashToken(token),
      userId: user.id,
      projectId: project?.id ?? null,
      issuedAt,
      expiresAt,
    }
    await this.#store.addToken(row, issuedAt)
    return { token, response: await this.#toResponse(row, user, options) }
  }

  /**
   * What a token stands for. Everybody may ask about their own tokens, administrators about those of their domain.
   * @throws TrainyardError `IAM.0404` when it is not valid; `IAM.0403` when it is another user's.
   */
  async describeToken(asker: Caller, token: string): Promise<TokenResponse> {
    const row = await this.#store.findToken(hashToken(token))
    const user = row && (await this.#store.findUser({ id: row.userId }))
    const valid = row && row.expiresAt > this.#clock() && user?.enabled && user.domainId === asker.domainId
    if (!valid) throw refusal('IAM.0404', 'The token is not valid.')
    if (user.id !== asker.userId && asker.role !== 'admin') {
      throw refusal('IAM.0403', 'Only administrators may ask about tokens of others.', {
        solution: 'Ask an administrator.',
      })
    }
    return this.#toResponse(row, user, { nocatalog: false })
  }

  /** The projects of the caller's domain; with a name exactly the one of that name, or none. */
  async listProjects(caller: Caller, name?: string): Promise<ListProjectsResponse> {
    const projects = await this.#store.listProjects(caller.domainId)
    const query = name === undefined ? '' : `?name=${encodeURIComponent(name)}`
    return {
      projects: projects
        .filter((project) => name === undefined || project.name === name)
        .map((project) => ({
          id: project.id,
          name: project.name,
          domain_id: project.domainId,
          parent_id: project.domainId,
          is_domain: false,
          enabled: true,
          description: project.description,
          links: { self: `/v3/projects/${project.id}` },
        })),
      links: { self: `/v3/projects${query}`, next: null, previous: null },
    }
  }

  /**
   * Whose jobs a caller sees in a workspace: with `ownerId` only that user's. Administrators see all; others see their
   * own in the default workspace "0", and all of workspaces that they own or are members of.
   * @throws TrainyardError `ModelArts.0102` unknown workspace; `ModelArts.0112` not shared with the caller.
   */
  async visibility(caller: ProjectCaller, workspaceId: string): Promise<{ ownerId?: string }> {
    if (workspaceId === DEFAULT_WORKSPACE) return caller.role === 'admin' ? {} : { ownerId: caller.userId }
    const workspace = await this.#store.findWorkspace(caller.projectId, workspaceId)
    if (!workspace) throw refusal('ModelArts.0102', 'There is no such workspace in this project.')
    const open = workspace.ownerId === caller.userId || workspace.memberIds.includes(caller.userId)
    if (!open && caller.role !== 'admin') {
      throw refusal('ModelArts.0112', 'The workspace is not shared with you.')
    }
    return {}
  }

  /**
   * Makes the first domain, project (named as its region), administrator and key pair. Safe to repeat after a crash
   * between any two of them: what is there is used, only the key pair is new each time.
   */
  async bootstrap(region: string): Promise<Bootstrapped> {
    // Drawn from the key file, so that a repetition can still tell the password of a user made before the crash.
    const password = this.#secretBox.derive('first password').toString('base64url').slice(0, 24)
    const domain =
      (await this.#store.findDomain({ name: FIRST_DOMAIN })) ?? (await this.createDomain(FIRST_DOMAIN))
    const project =
      (await findProjectOf(this.#store, domain.id, { name: region })) ??
      (await this.createProject(domain.id, region))
    const known = await this.#store.findUser({ domainId: domain.id, name: FIRST_USER })
    const user =
      known ?? (await this.createUser({ domainId: domain.id, name: FIRST_USER, password, role: 'admin' }))
    return {
      domainId: domain.id,
      domainName: domain.name,
      projectId: project.id,
      userId: user.id,
      userName: user.name,
      password: !known || (await isPassword(password, known.passwordHash)) ? password : '',
      ...(await this.createAccessKey(user.id, project.id)),
    }
  }

  /**
   * Who a token signs in.
   * @throws TrainyardError `ModelArts.0202` expired; `ModelArts.0203` unknown, or its user is disabled.
   */
  async callerOfToken(token: string): Promise<Caller> {
    const now = this.#clock()
    const row = await this.#store.findToken(hashToken(token))
    if (row ? row.expiresAt <= now : saysExpired(token, now)) {
      throw refusal('ModelArts.0202', 'The token has expired.')
    }
    const caller = row && (await this.#callerOf(row.userId, row.projectId))
    if (!caller) throw refusal('ModelArts.0203', 'The token is not valid.')
    return caller
  }

  /** Who holds an access key, with the secret to check signatures by; undefined when unknown or disabled. */
  async findKeyHolder(
    accessKey: string,
  ): Promise<{ readonly caller: Caller; readonly secretKey: string } | undefined> {
    const key = await this.#store.findAccessKey(accessKey)
    const caller = key && (await this.#callerOf(key.userId, key.projectId))
    return caller && { caller, secretKey: this.#secretBox.open(key.sealedSecret) }
  }

  async #callerOf(userId: string, projectId: string | null): Promise<Caller | undefined> {
    const user = await this.#store.findUser({ id: userId })
    const domain = user?.enabled ? await this.#store.findDomain({ id: user.domainId }) : undefined
    if (!user || !domain) return undefined
    const { id, name } = domain
    return { userId, userName: user.name, domainId: id, domainName: name, projectId, role: user.role }
  }

  async #toResponse(row: TokenRow, user: User, options: { nocatalog: boolean }): Promise<TokenResponse> {
    const { id, name } = (await this.#store.findDomain({ id: user.domainId })) ?? {
      id: user.domainId,
      name: '',
    }
    const domain = { id, name }
    const project = row.projectId === null ? undefined : await this.#store.findProject(row.projectId)
    return {
      token: {
        methods: ['password'],
        issued_at: toKeystoneTime(row.issuedAt),
        expires_at: toKeystoneTime(row.expiresAt),
        user: { id: user.id, name: user.name, password_expires_at: '', domain },
        ...(project ? { project: { id: project.id, name: project.name, domain } } : { domain }),
        roles: [{ id: '0', name: ROLE_NAMES[user.role] }],
        ...(options.nocatalog ? {} : { catalog: [] }),
      },
    }
  }
}
