import { Command } from 'commander'
import { type Session, TrainyardError } from '../sdk/node/index.ts'
import { type Cli, connectionOptions, openSession } from './cli.ts'
import { nextName, toCloneRequest, withoutOldWay } from './clone-request.ts'
import { createJob, type JobDraft } from './create-job.ts'
import { EditedText } from './editor.ts'
import { findJob } from './find-job.ts'
import { toYaml } from './format.ts'
import { parseJobFile } from './submit-file.ts'
import { type SubmitOptions, withJobOptions } from './submit-options.ts'
import { toRequest } from './submit-request.ts'

const HELP = `
Options win over what the job has; a parameter, variable or channel of the same name is changed, another one added.
Without --name the number at the end of the name is raised: resnet, resnet-2, resnet-3.
--edit opens the create request in $VISUAL or $EDITOR; nothing is created when you change nothing.

Examples:
  trainyard clone resnet50 -p learning_rate=0.01
  trainyard clone resnet50 --name resnet50-long --nodes 2 --follow
  trainyard clone resnet50 --edit
  trainyard clone resnet50 --flavor yard.cpu.2 --dry-run`

interface CloneOptions extends SubmitOptions {
  readonly edit?: boolean
}

/** The person's own text goes to the server; it is kept where it does not come to that. */
const createEdited = async (cli: Cli, session: Session, draft: JobDraft): Promise<void> => {
  const { base, options, name, workspace } = draft
  const text = `# The job to create: save and leave to go on; leave it unchanged to create nothing.\n${toYaml(
    toRequest(base, options, name, workspace),
  )}`
  const edited = await EditedText.create(`${name}.yaml`, text)
  let isKept = false
  try {
    const left = await edited.edit(cli.env)
    if (left.trim() === text.trim() || left.trim() === '') {
      throw new TrainyardError('invalid_argument', 'Nothing was changed, so nothing was created.')
    }
    isKept = true
    const request = parseJobFile(edited.file, left)
    const { wait, follow, dryRun, format } = options
    const after = {
      format,
      ...(wait === undefined ? {} : { wait }),
      ...(follow === undefined ? {} : { follow }),
      ...(dryRun === undefined ? {} : { dryRun }),
    }
    await createJob(
      cli,
      session,
      {
        base: request,
        options: after,
        name: request.metadata?.name ?? name,
        workspace: undefined,
      },
      () => {
        isKept = false
      },
    )
  } finally {
    if (isKept) cli.terminal.note(`your text is kept in ${edited.file}`)
    else await edited.remove()
  }
}

/** `trainyard clone`. */
export const cloneCommand = (cli: Cli): Command =>
  withJobOptions(
    new Command('clone')
      .description('create a job like another one')
      .argument('<job>', 'name, id, or the begin of an id')
      .option('-n, --name <name>', 'name; default: that of the job with the next number')
      .option('--edit', 'edit the create request first'),
  )
    .addHelpText('after', HELP)
    .action(async (reference: string, options: CloneOptions, command: Command) => {
      const session = openSession(cli, command)
      const { workspace } = connectionOptions(command)
      const job = await (await findJob(session, reference, workspace)).info()
      const draft = {
        base: withoutOldWay(toCloneRequest(job), options),
        options,
        name: options.name ?? (await nextName(session, job)),
        workspace,
      }
      await (options.edit === true ? createEdited(cli, session, draft) : createJob(cli, session, draft))
    })
