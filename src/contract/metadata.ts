import { type Static, Type } from 'typebox'
import { integer, list, optional, text, textMap } from './fields.ts'

/** `metadata` of a job in answers. */
export const JobMetadata = Type.Object(
  {
    id: text('UUID of the job.'),
    name: text('Name, unique in project and workspace.'),
    workspace_id: text('Workspace of the job, `"0"` by default.'),
    description: text('Free text, 0 to 256 characters.'),
    create_time: integer('When the job was created, epoch ms.'),
    user_name: text('Who created the job.'),
    annotations: optional(textMap('Settings by key, such as `job_template`.')),
    ai_project: optional(text('Always `default-ai-project`; the concept is retired.')),
    training_experiment_reference: optional(
      Type.Object(
        {
          id: optional(text('Id of the experiment.')),
          name: optional(text('Name of the experiment.')),
          serial_number: optional(text('Number of the job within the experiment.')),
        },
        { description: 'Experiment the job belongs to.' },
      ),
    ),
    tags: optional(
      list(
        Type.Object(
          { key: optional(text('Key of the tag.')), value: optional(text('Value of the tag.')) },
          { description: 'A tag.' },
        ),
        'Tags of the job.',
      ),
    ),
    update_time: optional(integer('When the job was changed last, epoch ms.')),
  },
  { $id: 'JobMetadata', description: 'Name, owner and times of the job.' },
)
export type JobMetadata = Static<typeof JobMetadata>
