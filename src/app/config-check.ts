import { access } from 'node:fs/promises'
import { detectMachine } from '../catalog/detect-machine.ts'
import { readConfig } from './config.ts'
import { checkAgainstMachine } from './config-cross-checks.ts'
import { offeredMachine } from './machine.ts'

/**
 * Checks the configuration of a data directory as `serve` does, and says what was found.
 * @throws TrainyardError `invalid_argument` with all mistakes.
 */
export const checkConfig = async (dataDirectory: string): Promise<string> => {
  const loaded = await readConfig(dataDirectory)
  await checkAgainstMachine(loaded, offeredMachine(await detectMachine(), loaded.config))
  const isThere = await access(loaded.file).then(
    () => true,
    () => false,
  )
  return isThere
    ? `${loaded.file}: no mistakes`
    : `${loaded.file}: there is none; all settings have their defaults`
}
