import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ERROR_CODES, type ErrorCodeEntry, isRetryableStatus } from '../src/contract/error-codes.ts'
import { buildOpenApi } from '../src/contract/openapi.ts'
import type { ClientErrorCode } from '../src/contract/trainyard-error.ts'
import { cliPage } from './cli-page.ts'
import { configurationPage } from './configuration-page.ts'
import { sdkPage } from './sdk-page/sdk-page.ts'

const root = join(import.meta.dirname, '..')

const CLIENT_CODES: Readonly<Record<ClientErrorCode, string>> = {
  connection_failed: 'No connection to the server came about, or it broke.',
  request_timeout: 'The server did not answer in time.',
  request_aborted: 'The caller gave the call up.',
  invalid_argument: 'The arguments are certain to be refused, so nothing was sent.',
  unexpected_answer: 'The answer is not what the API describes: something else may listen at the endpoint.',
  job_not_successful: 'The job that was waited for has failed.',
}

const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const codeTable = (entries: readonly (readonly [string, ErrorCodeEntry])[]): string[] => [
  row('code', 'status', 'label', 'retry', 'what to do'),
  row('---', '---', '---', '---', '---'),
  ...entries.map(([code, { status, label, solution }]) =>
    row(`\`${code}\``, String(status), label, isRetryableStatus(status) ? 'yes' : 'no', solution),
  ),
]

const errorsPage = (): string => {
  const entries = Object.entries<ErrorCodeEntry>(ERROR_CODES)
  const isInner = ([code]: readonly [string, ErrorCodeEntry]): boolean => code.startsWith('IAM.')
  return [
    '# Errors',
    '',
    'Made by `npm run docs` from `src/contract/error-codes.ts`; do not edit.',
    '',
    'A refusal is a JSON object with `error_code`, `error_msg` (what is wrong, here and now) and `error_solution` (what',
    'to do about it). Programs branch on the code: messages may change. The SDK throws all of them as `TrainyardError`.',
    'The header `X-Request-Id` of every answer names the request in the log of the server.',
    '',
    ...codeTable(entries.filter((entry) => !isInner(entry))),
    '',
    '## Identity calls',
    '',
    'Calls below `/v3/` answer `{"error": {"code": <status>, "message", "title": <label>}}`. In `TrainyardError` they have these codes.',
    '',
    ...codeTable(entries.filter(isInner)),
    '',
    '## Codes of the SDK',
    '',
    'Made by the SDK itself, where no server has answered.',
    '',
    row('code', 'meaning'),
    row('---', '---'),
    ...Object.entries(CLIENT_CODES).map(([code, meaning]) => row(`\`${code}\``, meaning)),
    '',
  ].join('\n')
}

const version = (): string =>
  (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version

/** The pages of `docs/reference` that are made from the code: path from the root of the repository → content. */
export const buildReference = (): Readonly<Record<string, string>> => ({
  'docs/reference/cli.md': cliPage(),
  'docs/reference/configuration.md': configurationPage(),
  'docs/reference/errors.md': errorsPage(),
  'docs/reference/sdk.md': sdkPage(root),
  'docs/reference/openapi.json': `${JSON.stringify(buildOpenApi(version()), null, 2)}\n`,
})

if (import.meta.main) {
  for (const [path, content] of Object.entries(buildReference())) writeFileSync(join(root, path), content)
}
