import { type Static, Type } from 'typebox'
import { Input, Output } from './channels.ts'
import { JobEngine } from './engine.ts'
import { flag, list, optional, text, textMap } from './fields.ts'
import { Parameter, Policies } from './parameters.ts'

const Summary = Type.Object(
  {
    log_type: optional(text('`tensorboard` or `mindstudio-insight`.')),
    log_dir: optional(
      Type.Object(
        {
          pfs: optional(
            Type.Object(
              { pfs_path: optional(text('Path in the parallel file system.')) },
              { description: 'Parallel file system.' },
            ),
          ),
        },
        { description: 'Where summaries are written.' },
      ),
    ),
    data_sources: optional(
      list(
        Type.Object(
          {
            job: optional(
              Type.Object(
                { job_id: optional(text('Job whose summaries are shown.')) },
                { description: 'Another job.' },
              ),
            ),
            nfs: optional(
              Type.Object(
                { nfs_path: optional(text('Path on a file server.')) },
                { description: 'A file server.' },
              ),
            ),
          },
          { description: 'One source of summaries.' },
        ),
        'Where summaries are read from.',
      ),
    ),
  },
  { description: 'Settings of visualisation.' },
)

/** What both the answer and the create request say of the algorithm, beside parameters, channels and engine. */
export const algorithmFields = {
  id: optional(text('Id of a managed algorithm.')),
  name: optional(text('Name of the managed algorithm; filled by the server.')),
  subscription_id: optional(text('Id of a subscribed algorithm; together with `item_version_id`.')),
  item_version_id: optional(text('Version of the subscribed algorithm.')),
  code_dir: optional(text('Storage directory of the code, ending with `/`.')),
  boot_file: optional(text('Start file inside `code_dir`, absolute or relative to it.')),
  autosearch_config_path: optional(text('Storage path of a search configuration in YAML.')),
  autosearch_framework_path: optional(text('Storage directory of a search framework.')),
  command: optional(text('Start command of a custom image, or of the engine `command`.')),
  engine: optional(JobEngine),
  local_code_dir: optional(text('Directory for the code on the node, under `/home`.')),
  working_dir: optional(text('Working directory of the program, absolute.')),
  summary: optional(Summary),
}

/** `algorithm` of a job in answers. */
export const JobAlgorithmResponse = Type.Object(
  {
    ...algorithmFields,
    parameters: optional(list(Parameter, 'Hyperparameters.')),
    policies: optional(Policies),
    inputs: optional(list(Input, 'Input channels.')),
    outputs: optional(list(Output, 'Output channels.')),
    environments: optional(textMap('Environment variables the user set.')),
    parameters_customization: optional(
      flag('Whether jobs may add parameters the managed algorithm does not list.'),
    ),
  },
  { $id: 'JobAlgorithmResponse', description: 'What the job runs.' },
)
export type JobAlgorithmResponse = Static<typeof JobAlgorithmResponse>
