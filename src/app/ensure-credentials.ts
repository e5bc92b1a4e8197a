import type { Accounts } from '../identity/accounts.ts'
import { type Credentials, readCredentials, writeCredentials } from './data-directory.ts'

/**
 * Makes sure `credentials.json` is there and names the address of this start. First start: makes the first account and
 * its access key. Where the file was lost (or the first start died before writing it), new keys are made.
 */
export const ensureCredentials = async (
  file: string,
  accounts: Accounts,
  { endpoint, region }: { endpoint: string; region: string },
): Promise<void> => {
  const known = await readCredentials(file)
  if (known) {
    if (known.endpoint !== endpoint) await writeCredentials(file, { ...known, endpoint })
    return
  }
  const made = await accounts.bootstrap(region)
  const credentials: Credentials = {
    endpoint,
    project_id: made.projectId,
    access_key: made.accessKey,
    secret_key: made.secretKey,
    user_name: made.userName,
    password: made.password,
    domain_name: made.domainName,
    region,
  }
  await writeCredentials(file, credentials)
}
