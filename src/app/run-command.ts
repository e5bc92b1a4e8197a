import { CommanderError } from 'commander'
import { isTrainyardError } from '../contract/trainyard-error.ts'

/** Runs a command of this room. Mistakes of a configuration are many: each gets its line, and the command ends with code 2. */
export const telling = async (work: () => Promise<void>): Promise<void> => {
  try {
    await work()
  } catch (error) {
    if (!isTrainyardError(error) || error.code !== 'invalid_argument') throw error
    for (const line of error.message.split('\n')) process.stderr.write(`error: ${line}\n`)
    if (error.solution) process.stderr.write(`  ${error.solution}\n`)
    throw new CommanderError(2, 'trainyard.told', '')
  }
}
