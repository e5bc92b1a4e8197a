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
const { serveCommand } = await import('./app/serve.ts')
process.exitCode = await runCli(process.argv, [serveCommand()])

export {}
