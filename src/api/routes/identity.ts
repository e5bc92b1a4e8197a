import { OPERATIONS } from '../../contract/operations.ts'
import { refusal } from '../../contract/trainyard-error.ts'
import { splitTarget } from '../request-target.ts'
import type { Routing } from '../routing.ts'
import type { AccountsService } from '../services.ts'

/** Header that carries a token that is issued or asked about, as against the one that signs in. */
const SUBJECT_TOKEN = 'X-Subject-Token'

/** Tokens and projects: the part of Keystone v3 that clients use. */
export const addIdentityRoutes = (routing: Routing, accounts: AccountsService): void => {
  routing.add(OPERATIONS.createToken, async ({ body, request, reply }) => {
    // A bare `?nocatalog` counts too, as in Keystone; elsewhere an empty value means absent.
    const nocatalog = new URLSearchParams(splitTarget(request.url).query).has('nocatalog')
    const { token, response } = await accounts.createToken(body, { nocatalog })
    reply.header(SUBJECT_TOKEN, token)
    return response
  })
  routing.add(OPERATIONS.showToken, async ({ caller, request, reply }) => {
    const token = request.headers['x-subject-token']
    if (typeof token !== 'string' || token === '') {
      throw refusal('IAM.0400', 'The header X-Subject-Token is missing.')
    }
    const response = await accounts.describeToken(caller, token)
    reply.header(SUBJECT_TOKEN, token)
    return response
  })
  routing.add(OPERATIONS.listProjects, ({ caller, query }) => accounts.listProjects(caller, query.name))
}
