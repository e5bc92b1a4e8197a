import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { taskArguments } from '../../domain/task-arguments.ts'
import { taskEnvironment } from '../../domain/task-environment.ts'
import { PACKAGE_DIRECTORY } from '../../domain/task-names.ts'
import { type TaskScriptPlan, taskScript } from '../../domain/task-script.ts'
import type { TaskSpec } from '../../domain/task-spec.ts'
import { writeWhole } from './durable-file.ts'
import type { RunContext } from './run-context.ts'
import type { TaskPaths } from './run-directory.ts'
import { makeTemporary } from './short-temporary.ts'
import { realWorkingDirectory } from './staging.ts'

/** All tasks of this executor share one machine and one address. */
const ADDRESS = '127.0.0.1'

/** Writes the start script of a task. It holds the user's variables: only this account may read it. */
export const writeScript = async (context: RunContext, spec: TaskSpec, paths: TaskPaths): Promise<void> => {
  const { place } = paths
  const environment = taskEnvironment(spec, place, {
    ip: ADDRESS,
    hostIp: ADDRESS,
    hostOf: () => ADDRESS,
    temporaryDirectory: await makeTemporary(paths),
    apiEndpoint: context.apiEndpoint(),
  })
  const workingDirectory = await realWorkingDirectory(spec, paths)
  const codeDirectory = spec.code ? place(spec.code.directory) : null
  const script = taskScript({
    control: paths.control,
    log: paths.log,
    workingDirectory,
    codeDirectory,
    packageDirectory: place(PACKAGE_DIRECTORY),
    environment,
    program: realProgram(spec, codeDirectory ?? workingDirectory),
    arguments: taskArguments(spec, place, ADDRESS),
  })
  await mkdir(paths.control, { recursive: true, mode: 0o700 })
  await writeWhole(paths.script, script)
}

const realProgram = ({ program }: TaskSpec, directory: string): TaskScriptPlan['program'] =>
  program.kind === 'command' ? program : { ...program, bootFile: join(directory, program.bootFile) }
