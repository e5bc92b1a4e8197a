import type { Command } from 'commander'
import { generateJobName } from '../sdk/node/index.ts'
import { type Cli, connectionOptions, openSession } from './cli.ts'
import { createJob } from './create-job.ts'
import { readJobFile } from './submit-file.ts'
import { type SubmitOptions, submitOptions } from './submit-options.ts'

/** `trainyard submit`. */
export const submitCommand = (cli: Cli): Command =>
  submitOptions().action(async (options: SubmitOptions, command: Command) => {
    const session = openSession(cli, command)
    const { workspace } = connectionOptions(command)
    const base = options.file === undefined ? {} : await readJobFile(options.file)
    const name = options.name ?? base.metadata?.name ?? generateJobName(Date.now())
    await createJob(cli, session, { base, options, name, workspace })
  })
