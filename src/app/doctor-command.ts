import { Command, Option } from 'commander'
import { dataDirectoryOf, SERVE_DEFAULTS, withDataOption, withPortOption } from './serve-options.ts'

interface DoctorOptions {
  readonly data?: string
  readonly port: number
  readonly output: 'table' | 'json'
}

/** `trainyard doctor`: what is there, what is missing, what to do. */
export const doctorCommand = (): Command =>
  withPortOption(
    withDataOption(
      new Command('doctor')
        .description('Look whether a server can work here, and say what to do if not.')
        .addOption(
          new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table'),
        ),
    ),
  )
    .addHelpText(
      'after',
      `
Works with a server running and without; changes nothing.
Exit codes: 0 a server can work here, 1 something is to be mended first.

Examples:
  $ trainyard doctor
  $ trainyard doctor --data /srv/trainyard -o json`,
    )
    .action(async (_options: unknown, command: Command) => {
      const { describe, examine } = await import('./doctor/doctor.ts')
      const { data, port = SERVE_DEFAULTS.port, output } = command.optsWithGlobals<DoctorOptions>()
      const findings = await examine(dataDirectoryOf(data), port)
      const isWell = findings.every(({ status }) => status !== 'problem')
      process.stdout.write(
        output === 'json' ? `${JSON.stringify({ ok: isWell, findings }, null, 2)}\n` : describe(findings),
      )
      if (!isWell) process.exitCode = 1
    })
