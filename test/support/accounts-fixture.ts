import { scryptSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Accounts, type Bootstrapped } from '../../src/identity/accounts.ts'
import { openSecretBox, type SecretBox } from '../../src/identity/secret-box.ts'
import { openSqliteStore } from '../../src/store/sqlite/open-store.ts'
import type { Store } from '../../src/store/store.ts'

export interface AccountsFixture {
  readonly accounts: Accounts
  readonly store: Store
  readonly secretBox: SecretBox
  /** What the first start made, in region `region-a`. */
  readonly first: Bootstrapped
  /** The clock of `accounts`, epoch ms; set it to travel. */
  readonly time: { now: number }
  close(): Promise<void>
}

/** Accounts over a store in memory, with a first domain, project, administrator and key pair. */
export const openAccounts = async (now: number): Promise<AccountsFixture> => {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-accounts-'))
  const store = openSqliteStore({ file: ':memory:' })
  const secretBox = openSecretBox(join(folder, 'secret.key'))
  const time = { now }
  const accounts = new Accounts({ store: store.accounts, secretBox, clock: () => time.now })
  return {
    accounts,
    store,
    secretBox,
    first: await accounts.bootstrap('region-a'),
    time,
    close: async () => {
      await store.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A password hash that costs next to nothing to check. */
export const cheapHash = (password: string): string => {
  const salt = Buffer.from('salt')
  const hash = scryptSync(password, salt, 32, { N: 16, r: 1, p: 1 })
  return ['scrypt', 16, 1, 1, salt.toString('base64'), hash.toString('base64')].join('$')
}
