#!/usr/bin/env node
const MINIMUM_NODE = 24

if (Number(process.versions.node.split('.')[0]) < MINIMUM_NODE) {
  process.stderr.write(
    `error: Trainyard needs Node ${MINIMUM_NODE} or newer; this is ${process.versions.node}.\n`,
  )
  process.exit(2)
}

// Loaded after the check: older versions could not even read what follows.
const { runCli } = await import('./cli/program.ts')
const { serverCommands } = await import('./app/commands.ts')
// `doctor` sets a code of its own where nothing was thrown.
const code = await runCli(process.argv, serverCommands())
process.exitCode ||= code

export {}
