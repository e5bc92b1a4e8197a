import type { Command } from 'commander'
import { backupCommand } from './backup-command.ts'
import { configCommand } from './config-command.ts'
import { doctorCommand } from './doctor-command.ts'
import { restoreCommand } from './restore-command.ts'
import { serveCommand } from './serve.ts'

/** The commands for those who run a server. What they need is loaded when they are called. */
export const serverCommands = (): readonly Command[] => [
  serveCommand(),
  configCommand(),
  doctorCommand(),
  backupCommand(),
  restoreCommand(),
]
