import type { Permission } from '../contract/operations.ts'
import { refusal } from '../contract/trainyard-error.ts'
import type { Role } from '../store/store.ts'

/** Who a request comes from, after sign-in. */
export interface Caller {
  readonly userId: string
  readonly userName: string
  readonly domainId: string
  readonly domainName: string
  /** Project the credentials open; null for a token of the whole domain. */
  readonly projectId: string | null
  readonly role: Role
}

/** A caller whose credentials open one project. */
export interface ProjectCaller extends Caller {
  readonly projectId: string
}

const READS = /:(list|get|logs|read)$/

/** Whether a role may do something: administrators and developers everything here, viewers only reads. */
export const isAllowed = (role: Role, permission: Permission): boolean =>
  role !== 'viewer' || READS.test(permission)

/** @throws TrainyardError `ModelArts.0108` without the permission. */
export const requirePermission = (caller: Caller, permission: Permission): void => {
  if (!isAllowed(caller.role, permission)) {
    throw refusal('ModelArts.0108', `User ${caller.userName} may not do ${permission}.`)
  }
}
