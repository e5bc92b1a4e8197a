import { type Static, Type } from 'typebox'
import { JobAlgorithmResponse } from './algorithm.ts'
import { JobEndpoints } from './endpoints.ts'
import { decimal, flag, integer, list, oneOf, optional, text, texts } from './fields.ts'
import { TaskResponse } from './hetero-task.ts'
import { JobMetadata } from './metadata.ts'
import { END_REASONS } from './phases.ts'
import { JobSpec } from './spec.ts'
import { JobStatus } from './status.ts'

/** Settings of a fine-tuning job. Out of scope: a create request that carries them is refused. */
export const FineTuningConfig = Type.Object(
  {
    ft_job_uuid: optional(text('Id of the fine-tuning job.')),
    ft_train_type: optional(text('Kind of fine-tuning.')),
    model_type: optional(text('Type of the model.')),
    train_output_path: optional(text('Where results go.')),
    train_process: optional(decimal('Progress.')),
    checkpoint_id: optional(text('Checkpoint to start from.')),
    task_env: optional(
      Type.Object(
        {
          envs: optional(
            list(
              Type.Object(
                {
                  label: optional(text('Label.')),
                  des: optional(text('Description.')),
                  env_name: optional(text('Name of the variable.')),
                  env_type: optional(text('Type of the variable.')),
                  value: optional(text('Value.')),
                  modifiable: optional(flag('Whether it may be changed.')),
                  displayable: optional(flag('Whether it is shown.')),
                  used_steps: optional(texts('Steps that use it.')),
                },
                { description: 'A variable.' },
              ),
              'Variables.',
            ),
          ),
        },
        { description: 'Environment of the task.' },
      ),
    ),
    checkpoint_config: optional(
      Type.Object(
        {
          checkpoint_id: optional(text('Checkpoint.')),
          save_checkpoints_max: optional(integer('Most checkpoints kept.')),
          skipped_steps: optional(integer('Steps skipped.')),
          restore_training: optional(integer('Whether training resumes.')),
        },
        { description: 'Checkpoints.' },
      ),
    ),
  },
  { $id: 'FineTuningConfig', description: 'Settings of a fine-tuning job; out of scope.' },
)

/** What Trainyard adds to a job; vendor clients ignore it. */
export const JobAdditions = Type.Object(
  {
    owner: text('User id of the owner.'),
    executor: text('What runs the job, such as `local`.'),
    reason: optional(oneOf(END_REASONS, 'Why the job ended; absent while it lives.')),
  },
  { $id: 'JobAdditions', description: 'What Trainyard adds to the contract.' },
)

/** One training job: the item of a list, and the answer of create, detail and terminate. */
export const TrainingJob = Type.Object(
  {
    kind: text('Kind of job: `job`, `hetero_job`, `autosearch_job`, `mrs_job`, `edge_job`.'),
    metadata: JobMetadata,
    status: JobStatus,
    algorithm: optional(JobAlgorithmResponse),
    tasks: optional(list(TaskResponse, 'Roles; hetero_job only.')),
    spec: optional(JobSpec),
    endpoints: optional(JobEndpoints),
    train_type: optional(text('Kind of fine-tuning.')),
    ftjob_config: optional(FineTuningConfig),
    trainyard: optional(JobAdditions),
  },
  { $id: 'TrainingJob', description: 'A training job.' },
)
export type TrainingJob = Static<typeof TrainingJob>
