import type { Catalog } from '../catalog/catalog.ts'
import type { ListEnginesResponse } from '../contract/engine.ts'
import type { Accounts } from '../identity/accounts.ts'
import type { SignIn } from '../identity/sign-in.ts'
import type { Jobs } from '../jobs/jobs.ts'

// Only the methods the API calls, without the private members that make a class one of its kind: whatever answers
// them will do.

/** What the API asks of the room `jobs`. */
export type JobsService = Pick<Jobs, keyof Jobs>

/** What the API asks of the room `catalog`. */
export type CatalogService = Pick<Catalog, 'listFlavors'> & {
  listEngines(): ListEnginesResponse | Promise<ListEnginesResponse>
}

/** What the API asks of the accounts of the room `identity`. */
export type AccountsService = Pick<Accounts, 'createToken' | 'describeToken' | 'listProjects'>

/** What the API asks of the sign-in of the room `identity`. */
export type SignInService = Pick<SignIn, 'authenticate'>
