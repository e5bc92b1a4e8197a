import type { AccessKey, AccountStore, Domain, Project, Role, TokenRow, User, Workspace } from '../store.ts'
import { type Database, readJson } from './database.ts'

interface UserRow {
  readonly id: string
  readonly domain_id: string
  readonly name: string
  readonly password_hash: string
  readonly enabled: number
  readonly role: Role
}

const SELECT_PROJECTS = 'SELECT id, domain_id AS domainId, name, description FROM projects'

/** Who may sign in, and where to, in SQLite. */
export class SqliteAccountStore implements AccountStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async addDomain({ id, name }: Domain): Promise<void> {
    this.#database.run('INSERT INTO domains (id, name) VALUES (?, ?)', [id, name])
  }

  async findDomain(by: { id: string } | { name: string }): Promise<Domain | undefined> {
    const [column, value] = 'id' in by ? ['id', by.id] : ['name', by.name]
    return this.#find<Domain>(`SELECT id, name FROM domains WHERE ${column} = ?`, [value])
  }

  async addProject({ id, domainId, name, description }: Project): Promise<void> {
    this.#database.run('INSERT INTO projects (id, domain_id, name, description) VALUES (?, ?, ?, ?)', [
      id,
      domainId,
      name,
      description,
    ])
  }

  async findProject(id: string): Promise<Project | undefined> {
    return this.#find<Project>(`${SELECT_PROJECTS} WHERE id = ?`, [id])
  }

  async listProjects(domainId: string): Promise<Project[]> {
    const rows = this.#database.all<Project>(`${SELECT_PROJECTS} WHERE domain_id = ? ORDER BY name`, [
      domainId,
    ])
    return rows.map((row) => ({ ...row }))
  }

  async addUser(user: User): Promise<void> {
    this.#database.run(
      'INSERT INTO users (id, domain_id, name, password_hash, enabled, role) VALUES (?, ?, ?, ?, ?, ?)',
      [user.id, user.domainId, user.name, user.passwordHash, user.enabled ? 1 : 0, user.role],
    )
  }

  async findUser(by: { id: string } | { domainId: string; name: string }): Promise<User | undefined> {
    const [where, values] =
      'id' in by ? ['id = ?', [by.id]] : ['domain_id = ? AND name = ?', [by.domainId, by.name]]
    const row = this.#database.get<UserRow>(
      `SELECT id, domain_id, name, password_hash, enabled, role FROM users WHERE ${where}`,
      values,
    )
    if (row === undefined) return undefined
    const { id, domain_id: domainId, name, password_hash: passwordHash, enabled, role } = row
    return { id, domainId, name, passwordHash, enabled: enabled === 1, role }
  }

  async addAccessKey({ accessKey, userId, projectId, sealedSecret }: AccessKey): Promise<void> {
    this.#database.run(
      'INSERT INTO access_keys (access_key, user_id, project_id, sealed_secret) VALUES (?, ?, ?, ?)',
      [accessKey, userId, projectId, sealedSecret],
    )
  }

  async findAccessKey(accessKey: string): Promise<AccessKey | undefined> {
    return this.#find<AccessKey>(
      `SELECT access_key AS accessKey, user_id AS userId, project_id AS projectId, sealed_secret AS sealedSecret
        FROM access_keys WHERE access_key = ?`,
      [accessKey],
    )
  }

  async addToken({ hash, userId, projectId, issuedAt, expiresAt }: TokenRow, now: number): Promise<void> {
    this.#database.transaction(() => {
      this.#database.run('DELETE FROM tokens WHERE expires_at <= ?', [now])
      this.#database.run(
        'INSERT INTO tokens (hash, user_id, project_id, issued_at, expires_at) VALUES (?, ?, ?, ?, ?)',
        [hash, userId, projectId, issuedAt, expiresAt],
      )
    })
  }

  async findToken(hash: string): Promise<TokenRow | undefined> {
    return this.#find<TokenRow>(
      `SELECT hash, user_id AS userId, project_id AS projectId, issued_at AS issuedAt, expires_at AS expiresAt
        FROM tokens WHERE hash = ?`,
      [hash],
    )
  }

  async addWorkspace({ id, projectId, name, ownerId, memberIds }: Workspace): Promise<void> {
    this.#database.run(
      'INSERT INTO workspaces (project_id, id, name, owner_id, member_ids) VALUES (?, ?, ?, ?, ?)',
      [projectId, id, name, ownerId, JSON.stringify(memberIds)],
    )
  }

  async findWorkspace(projectId: string, id: string): Promise<Workspace | undefined> {
    const row = this.#find<Omit<Workspace, 'memberIds'> & { readonly members: string }>(
      `SELECT id, project_id AS projectId, name, owner_id AS ownerId, member_ids AS members
        FROM workspaces WHERE project_id = ? AND id = ?`,
      [projectId, id],
    )
    if (row === undefined) return undefined
    const { members, ...workspace } = row
    return { ...workspace, memberIds: readJson<string[]>(members) }
  }

  /** The row as an ordinary object: rows of SQLite have no prototype. */
  #find<Row extends object>(sql: string, values: readonly string[]): Row | undefined {
    const row = this.#database.get<Row>(sql, values)
    return row === undefined ? undefined : { ...row }
  }
}
