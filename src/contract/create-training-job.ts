import { type Static, type TSchema, Type } from 'typebox'
import { algorithmFields } from './algorithm.ts'
import { Input, Output, TaskOutput } from './channels.ts'
import { TaskEngine } from './engine.ts'
import { flag, integer, list, oneOf, optional, text, textMap, texts } from './fields.ts'
import { JOB_NAME_PATTERN, MAX_DESCRIPTION } from './limits.ts'
import { ParameterConstraint, ParameterI18nDescription, Policies } from './parameters.ts'
import { JOB_KINDS } from './phases.ts'
import { JobSpec } from './spec.ts'
import { FineTuningConfig } from './training-job.ts'

export { JOB_NAME_PATTERN, MAX_DESCRIPTION }

/** A hyperparameter as sent: numbers and booleans are turned into strings, null leaves the parameter out. */
const ParameterRequest = Type.Object({
  name: text('Name of the parameter.', { minLength: 1 }),
  value: optional(
    Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()], {
      description: 'Value; numbers and booleans become strings.',
    }),
  ),
  description: optional(text('What the parameter does.')),
  constraint: optional(ParameterConstraint),
  i18n_description: optional(ParameterI18nDescription),
})
export type ParameterRequest = Static<typeof ParameterRequest>

/** `algorithm` of a create request. */
export const AlgorithmRequest = Type.Object(
  {
    ...algorithmFields,
    parameters: optional(list(ParameterRequest, 'Hyperparameters.')),
    policies: optional(Policies),
    inputs: optional(list(Input, 'Input channels.')),
    outputs: optional(list(Output, 'Output channels.')),
    environments: optional(textMap('Environment variables: at most 100.')),
  },
  { $id: 'AlgorithmRequest', description: 'What the job shall run.' },
)
export type AlgorithmRequest = Static<typeof AlgorithmRequest>

const MetadataRequest = Type.Object(
  {
    name: text('Name, unique in project and workspace.', { pattern: JOB_NAME_PATTERN }),
    workspace_id: optional(text('Workspace; default `"0"`.')),
    description: optional(text('Free text, at most 256 characters.')),
    annotations: optional(textMap('Settings by key.')),
    training_experiment_reference: optional(
      Type.Object(
        {
          id: optional(text('Experiment to join.')),
          name: optional(text('Experiment to join or make.')),
          description: optional(text('Description of a new experiment.')),
        },
        { description: 'Experiment to join.' },
      ),
    ),
  },
  { description: 'Name and description.' },
)

/** Channels of a role: an array by the later references, an object by the seed; both are accepted. */
const oneOrMany = <Channel extends TSchema>(channel: Channel, description: string) =>
  Type.Union([Type.Array(channel), channel], { description })

const JobConfigRequest = Type.Object(
  {
    parameters: optional(list(ParameterRequest, 'Hyperparameters of the role.')),
    inputs: optional(list(Input, 'Input channels of the role.')),
    outputs: optional(list(Output, 'Output channels of the role.')),
    engine: optional(TaskEngine),
  },
  { description: 'Parameters, channels and engine of the role.' },
)

const TaskRequest = Type.Object({
  role: optional(text('`learner` or `worker`.')),
  algorithm: optional(
    Type.Object(
      {
        code_dir: optional(text('Storage directory of the code.')),
        boot_file: optional(text('Start file, absolute.')),
        inputs: optional(oneOrMany(Input, 'Input channel.')),
        outputs: optional(oneOrMany(TaskOutput, 'Output channel.')),
        engine: optional(TaskEngine),
        job_config: optional(JobConfigRequest),
        local_code_dir: optional(text('Directory for the code on the node.')),
        working_dir: optional(text('Working directory of the program.')),
        environments: optional(textMap('Environment variables.')),
      },
      { description: 'What the role runs.' },
    ),
  ),
  task_resource: optional(
    Type.Object(
      {
        flavor_id: optional(text('Flavor: the size of one node of the role.')),
        node_count: optional(integer('Number of nodes of the role.', { minimum: 1 })),
        pool_id: optional(text('Dedicated pool.')),
      },
      { description: 'Flavor, node count and pool of the role.' },
    ),
  ),
  log_export_path: optional(
    Type.Object(
      { obs_url: optional(text('Storage path the logs of the role are copied to.')) },
      { description: 'Where the logs of the role are copied.' },
    ),
  ),
})

/**
 * The create request. Unknown and server-owned fields are ignored, so a detail answer can be posted back to clone a job.
 */
export const CreateTrainingJobRequest = Type.Object(
  {
    kind: optional(oneOf(JOB_KINDS, 'Kind of job; default `job`.')),
    metadata: MetadataRequest,
    algorithm: optional(AlgorithmRequest),
    tasks: optional(list(TaskRequest, 'Roles; hetero_job only, not together with `spec`.')),
    spec: optional(JobSpec),
    endpoints: optional(
      Type.Object(
        {
          ssh: optional(
            Type.Object(
              { key_pair_names: optional(texts('Key pairs that may log in.')) },
              { description: 'Remote login.' },
            ),
          ),
        },
        { description: 'Ways into the running job.' },
      ),
    ),
    train_type: optional(text('Kind of fine-tuning.')),
    ftjob_config: optional(FineTuningConfig),
  },
  { $id: 'CreateTrainingJobRequest', description: 'A training job to create.' },
)
export type CreateTrainingJobRequest = Static<typeof CreateTrainingJobRequest>

export const CreateTrainingJobQuery = Type.Object({
  dry_run: optional(
    flag('Checks the request as a create would and answers 200 with the job as it would be; keeps nothing.'),
  ),
})
export type CreateTrainingJobQuery = Static<typeof CreateTrainingJobQuery>

export const UpdateTrainingJobRequest = Type.Object(
  {
    description: optional(
      text('New description; absent means empty.', {
        maxLength: MAX_DESCRIPTION,
        'x-codes': { maxLength: 'ModelArts.2816' },
      }),
    ),
  },
  { $id: 'UpdateTrainingJobRequest', description: 'A new description.' },
)
export type UpdateTrainingJobRequest = Static<typeof UpdateTrainingJobRequest>

export const TrainingJobAction = Type.Object(
  {
    action_type: text('`terminate`.', { pattern: '^terminate$', 'x-codes': { pattern: 'ModelArts.2812' } }),
  },
  { $id: 'TrainingJobAction', description: 'An action on a job.' },
)
export type TrainingJobAction = Static<typeof TrainingJobAction>
