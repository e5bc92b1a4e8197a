import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { Operation } from '../contract/operations.ts'
import { refusal } from '../contract/trainyard-error.ts'
import { type Caller, requirePermission } from '../identity/caller.ts'
import type { SignInRequest } from '../identity/sign-in.ts'
import { isJsonType } from './media-type.ts'
import { hasBody } from './request-body.ts'
import { splitTarget } from './request-target.ts'
import type { SignInService } from './services.ts'

/** Header values as received, by lower-case name; of the few that Node keeps apart, joined. */
const headersOf = (message: IncomingMessage): Record<string, string> => {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return headers
}

/** An upload is signed in before it is read. */
const rawBodyOf = (message: IncomingMessage): SignInRequest['body'] =>
  hasBody(message) ? { kind: 'stream' } : { kind: 'none' }

/** What sign-in has to know of a call. */
type Access = Pick<Operation, 'access' | 'body'>

const bytesBodyOf = (
  operation: Access,
  message: IncomingMessage,
  bytes: Uint8Array,
): SignInRequest['body'] => {
  if (bytes.length === 0) return { kind: 'none' }
  return {
    kind: 'bytes',
    sha256Hex: createHash('sha256').update(bytes).digest('hex'),
    // A call that reads JSON always needs its body signed, whatever content type is claimed.
    isJson: operation.body !== undefined || isJsonType(message.headers['content-type']),
  }
}

const requireProject = (caller: Caller, projectId: string): void => {
  if (caller.projectId === null) throw refusal('ModelArts.0212', 'The token opens no project.')
  if (caller.projectId !== projectId) {
    throw refusal('ModelArts.2786', 'The project of the address is not that of the credentials.')
  }
}

/**
 * Recognises the caller and checks the permission of the call. `bytes` is the body as received; undefined for uploads,
 * which are streamed.
 * @throws TrainyardError one of the sign-in codes, or `ModelArts.0108` without the permission.
 */
export const authenticate = async (
  signIn: SignInService,
  operation: Access,
  request: FastifyRequest,
  bytes: Uint8Array | undefined,
): Promise<Caller | undefined> => {
  if (operation.access === 'public') return undefined
  const { path, query } = splitTarget(request.url)
  const projectId = (request.params as Record<string, string | undefined>)['project_id']
  const caller = await signIn.authenticate({
    method: request.method,
    path,
    query,
    headers: headersOf(request.raw),
    body: bytes ? bytesBodyOf(operation, request.raw, bytes) : rawBodyOf(request.raw),
    projectId,
  })
  // Sign-in compares too; a caller of one project must never reach another through a mistake there.
  if (projectId !== undefined) requireProject(caller, projectId)
  if (operation.access !== 'signed-in') requirePermission(caller, operation.access)
  return caller
}
