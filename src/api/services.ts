import type { Catalog } from '../catalog/catalog.ts'
import type { CreateTokenRequest, ListProjectsResponse, TokenResponse } from '../contract/identity.ts'
import type { Caller } from '../identity/caller.ts'
import type { Jobs } from '../jobs/jobs.ts'

/** What the API asks of the room `jobs`: its public methods, without what makes it that one class. */
export type JobsService = Pick<Jobs, keyof Jobs>

/** What the API asks of the room `catalog`. */
export type CatalogService = Pick<Catalog, 'listFlavors' | 'listEngines'>

/** What the API asks of the accounts of the room `identity`. */
export interface AccountsService {
  createToken(
    request: CreateTokenRequest,
    options: { nocatalog: boolean },
  ): Promise<{ token: string; response: TokenResponse }>
  describeToken(asker: Caller, token: string): Promise<TokenResponse>
  listProjects(caller: Caller, name?: string): Promise<ListProjectsResponse>
}

/** What is known of a request when its sender is to be recognised. */
export interface SignInRequest {
  readonly method: string
  /** Path as sent: percent-encoded, without query. */
  readonly path: string
  /** Query as sent: percent-encoded, without `?`. */
  readonly query: string
  /** Header values by lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly body:
    | { readonly kind: 'none' }
    | { readonly kind: 'bytes'; readonly sha256Hex: string; readonly isJson: boolean }
    | { readonly kind: 'stream' }
  /** `project_id` of the path, where it has one. */
  readonly projectId: string | undefined
}

/** What the API asks of the sign-in of the room `identity`. */
export interface SignInService {
  authenticate(request: SignInRequest): Promise<Caller>
}
