import type { CreateTokenRequest } from '../contract/identity.ts'
import { refusal } from '../contract/trainyard-error.ts'
import type { AccountStore, Project, User } from '../store/store.ts'
import { isPassword, MAX_PASSWORD_LENGTH } from './passwords.ts'

type IdOrName = { readonly id: string } | { readonly name: string }

const toIdOrName = (ref: { id?: string; name?: string } | undefined): IdOrName | undefined => {
  if (ref?.id !== undefined) return { id: ref.id }
  return ref?.name === undefined ? undefined : { name: ref.name }
}

/** A project of a domain; undefined also when another domain has it. */
export const findProjectOf = async (
  store: AccountStore,
  domainId: string,
  by: IdOrName,
): Promise<Project | undefined> => {
  const projects = await store.listProjects(domainId)
  return projects.find((project) => ('id' in by ? project.id === by.id : project.name === by.name))
}

const findAskedUser = async (
  store: AccountStore,
  asked: CreateTokenRequest['auth']['identity']['password']['user'],
): Promise<User | undefined> => {
  if (asked.id !== undefined) return store.findUser({ id: asked.id })
  const by = toIdOrName(asked.domain)
  if (asked.name === undefined || !by) {
    throw refusal('IAM.0400', 'The user needs an id, or a name and a domain.')
  }
  const domain = await store.findDomain(by)
  return domain && store.findUser({ domainId: domain.id, name: asked.name })
}

/**
 * The user whose password is sent.
 * @throws TrainyardError `IAM.0400` malformed; `IAM.0401` unknown user or wrong password, which look the same.
 */
export const userOfPassword = async (
  store: AccountStore,
  { auth: { identity } }: CreateTokenRequest,
): Promise<User> => {
  const { user: asked } = identity.password
  if (identity.methods.length !== 1 || identity.methods[0] !== 'password') {
    throw refusal('IAM.0400', 'The methods must be ["password"].')
  }
  if (asked.password.length > MAX_PASSWORD_LENGTH) throw refusal('IAM.0400', 'The password is too long.')
  const user = await findAskedUser(store, asked)
  // An unknown user takes the same way and time as a wrong password.
  const right = await isPassword(asked.password, user?.passwordHash)
  if (!user || !right) throw refusal('IAM.0401', 'The user name, domain or password is wrong.')
  return user
}

/**
 * The project a user asks a token for; undefined for the whole domain.
 * @throws TrainyardError `IAM.0400` malformed; `IAM.0404` unknown, or of another domain.
 */
export const projectOfScope = async (
  store: AccountStore,
  { auth: { scope } }: CreateTokenRequest,
  user: User,
): Promise<Project | undefined> => {
  if (scope?.project && scope.domain) throw refusal('IAM.0400', 'The scope is a project or a domain.')
  if (scope?.domain) {
    const by = toIdOrName(scope.domain)
    if (!by) throw refusal('IAM.0400', 'The domain of the scope needs an id or a name.')
    const domain = await store.findDomain(by)
    if (domain?.id !== user.domainId) throw refusal('IAM.0404', 'There is no such domain.')
  }
  if (!scope?.project) return undefined
  const by = toIdOrName(scope.project)
  if (!by) throw refusal('IAM.0400', 'The project of the scope needs an id or a name.')
  const project = await findProjectOf(store, user.domainId, by)
  if (!project) throw refusal('IAM.0404', 'There is no such project.')
  return project
}
