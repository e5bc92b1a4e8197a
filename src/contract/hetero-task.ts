import { type Static, Type } from 'typebox'
import { TaskInput, TaskOutput } from './channels.ts'
import { TaskEngine } from './engine.ts'
import { optional, text, textMap } from './fields.ts'
import { FlavorResponse } from './flavor.ts'

/** `tasks[]` of a hetero job in answers: one entry per role. */
export const TaskResponse = Type.Object(
  {
    role: optional(text('`learner` (GPU or CPU) or `worker` (CPU).')),
    algorithm: optional(
      Type.Object(
        {
          code_dir: optional(text('Storage directory of the code.')),
          boot_file: optional(text('Start file, absolute.')),
          inputs: optional(TaskInput),
          outputs: optional(TaskOutput),
          engine: optional(TaskEngine),
          local_code_dir: optional(text('Directory for the code on the node.')),
          working_dir: optional(text('Working directory of the program.')),
          environments: optional(textMap('Environment variables the user set.')),
        },
        { description: 'What the role runs.' },
      ),
    ),
    task_resource: optional(FlavorResponse),
    log_export_path: optional(
      Type.Object(
        { obs_url: optional(text('Storage path the logs of the role are copied to.')) },
        { description: 'Where the logs of the role are copied.' },
      ),
    ),
  },
  { $id: 'TaskResponse', description: 'One role of a hetero job.' },
)
export type TaskResponse = Static<typeof TaskResponse>
