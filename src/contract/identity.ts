import { type Static, Type } from 'typebox'
import { flag, list, optional, text, texts } from './fields.ts'

const Domain = Type.Object(
  { id: optional(text('Id of the domain.')), name: optional(text('Name of the domain.')) },
  { description: 'The account (tenant).' },
)

const ProjectRef = Type.Object(
  { id: optional(text('Id of the project.')), name: optional(text('Name of the project: its region.')) },
  { description: 'A project.' },
)

/** The request of `POST /v3/auth/tokens`: a password, and a project or domain the token is for. */
export const CreateTokenRequest = Type.Object(
  {
    auth: Type.Object(
      {
        identity: Type.Object(
          {
            methods: texts('`["password"]`.'),
            password: Type.Object(
              {
                user: Type.Object(
                  {
                    id: optional(text('Id of the user; instead of name and domain.')),
                    name: optional(text('Name of the user.')),
                    password: text('Password.'),
                    domain: optional(Domain),
                  },
                  { description: 'Who signs in.' },
                ),
              },
              { description: 'Sign-in by password.' },
            ),
          },
          { description: 'Who asks.' },
        ),
        scope: optional(
          Type.Object(
            { project: optional(ProjectRef), domain: optional(Domain) },
            { description: 'What the token opens; a domain token opens no training call.' },
          ),
        ),
      },
      { description: 'The request.' },
    ),
  },
  { $id: 'CreateTokenRequest', description: 'A request for a token.' },
)
export type CreateTokenRequest = Static<typeof CreateTokenRequest>

/** What a token stands for. The token itself travels in the header `X-Subject-Token`. */
export const TokenResponse = Type.Object(
  {
    token: Type.Object(
      {
        methods: texts('How the user signed in.'),
        issued_at: text('UTC with six decimals.'),
        expires_at: text('UTC with six decimals, 24 hours later.'),
        user: Type.Object(
          {
            id: text('Id of the user.'),
            name: text('Name of the user.'),
            password_expires_at: text('Always empty.'),
            domain: Domain,
          },
          { description: 'Who signed in.' },
        ),
        project: optional(
          Type.Object(
            { id: text('Id of the project.'), name: text('Name of the project.'), domain: Domain },
            { description: 'Project the token opens.' },
          ),
        ),
        domain: optional(Domain),
        roles: list(
          Type.Object(
            { id: text('Id of the role.'), name: text('Name of the role.') },
            { description: 'A role.' },
          ),
          'Roles of the user.',
        ),
        catalog: optional(list(Type.Object({}), 'Service catalogue; empty.')),
      },
      { description: 'The token.' },
    ),
  },
  { $id: 'TokenResponse', description: 'What a token stands for.' },
)
export type TokenResponse = Static<typeof TokenResponse>

export const CreateTokenQuery = Type.Object({
  nocatalog: optional(text('Any value leaves the catalogue out.')),
})

export const ListProjectsQuery = Type.Object({ name: optional(text('Only the project of this name.')) })
export type ListProjectsQuery = Static<typeof ListProjectsQuery>

const Project = Type.Object(
  {
    id: text('Id of the project.'),
    name: text('Name of the project: its region.'),
    domain_id: text('Domain of the project.'),
    parent_id: text('Domain of the project.'),
    is_domain: flag('Always false.'),
    enabled: flag('Whether the project can be used.'),
    description: text('Description.'),
    links: Type.Object({ self: text('Address of the project.') }, { description: 'Links.' }),
  },
  { $id: 'Project', description: 'A project.' },
)

export const ListProjectsResponse = Type.Object(
  {
    projects: list(Project, 'Projects the caller can use.'),
    links: Type.Object(
      {
        self: text('Address of this list.'),
        next: Type.Null({ description: 'Always null.' }),
        previous: Type.Null({ description: 'Always null.' }),
      },
      { description: 'Links.' },
    ),
  },
  { $id: 'ListProjectsResponse', description: 'The projects of the caller.' },
)
export type ListProjectsResponse = Static<typeof ListProjectsResponse>

/** Error body of the identity calls. */
export const IdentityError = Type.Object(
  {
    error: Type.Object(
      {
        code: Type.Integer({ description: 'HTTP status.' }),
        message: text('What went wrong.'),
        title: text('Name of the status.'),
      },
      { description: 'The error.' },
    ),
  },
  { $id: 'IdentityError', description: 'A refusal by the identity calls.' },
)

/** Error body of every other call. */
export const ErrorResponse = Type.Object(
  {
    error_msg: text('What went wrong.'),
    error_code: text('Stable code, such as `ModelArts.2788`.'),
    error_solution: text('What to do about it.'),
    request_id: optional(text('Id of the request; only with gateway codes.')),
  },
  { $id: 'ErrorResponse', description: 'A refusal.' },
)
export type ErrorResponse = Static<typeof ErrorResponse>
