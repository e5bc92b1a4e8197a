// The verbs of the command line as a process of their own, without those of the server: it starts faster.
const { runCli } = await import('../../src/cli/program.ts')
process.exitCode = await runCli(process.argv)

export {}
