import { type Static, Type } from 'typebox'
import { integer, list, optional, text } from './fields.ts'

/** A place in the object store. */
export const ObsRemote = Type.Object(
  { obs_url: optional(text('Storage path, `/bucket/path/` or `obs://bucket/path/`.')) },
  { description: 'A place in the object store.' },
)

const Dataset = Type.Object(
  {
    id: optional(text('Id of the dataset.')),
    version_id: optional(text('Id of the dataset version.')),
    obs_url: optional(text('Storage path that the ids stand for; filled by the server.')),
    service_type: optional(text('Service the dataset lives in.')),
    name: optional(text('Name of the dataset.')),
    dataset_proportion: optional(integer('Share of the dataset to use, in percent.')),
  },
  { description: 'A registered dataset.' },
)

const RemoteConstraint = Type.Object(
  {
    data_type: optional(text('Kind of remote: storage location or dataset.')),
    attributes: optional(text('Data format, segmentation or labelling the channel expects.')),
  },
  { description: 'What an input channel accepts.' },
)

const channelFields = {
  name: optional(text('Name of the channel.')),
  description: optional(text('What the channel carries.')),
  local_dir: optional(text('Directory the program sees.')),
  access_method: optional(
    text('How the program learns the path: `parameter` (an argument `--name=path`) or `env` (a variable).'),
  ),
}

/** `algorithm.inputs[]`: data copied to the node before the program starts. */
export const Input = Type.Object(
  {
    ...channelFields,
    remote: optional(
      Type.Object(
        { dataset: optional(Dataset), obs: optional(ObsRemote) },
        { description: 'Where the data comes from: exactly one of the two.' },
      ),
    ),
    remote_constraint: optional(list(RemoteConstraint, 'What the channel accepts.')),
  },
  { $id: 'Input', description: 'An input channel.' },
)
export type Input = Static<typeof Input>

/** `algorithm.outputs[]`: a directory uploaded while the program runs and when it ends. */
export const Output = Type.Object(
  {
    ...channelFields,
    remote: optional(Type.Object({ obs: optional(ObsRemote) }, { description: 'Where the results go.' })),
    mode: optional(text('`upload_periodically`.')),
    period: optional(integer('Seconds between two uploads.')),
  },
  { $id: 'Output', description: 'An output channel.' },
)
export type Output = Static<typeof Output>

/** `tasks[].algorithm.inputs` of a hetero job: an object in answers. */
export const TaskInput = Type.Object(
  {
    name: optional(text('Name of the channel.')),
    description: optional(text('What the channel carries.')),
    local_dir: optional(text('Directory the program sees.')),
    remote: optional(
      Type.Object({ obs: optional(ObsRemote) }, { description: 'Where the data comes from.' }),
    ),
  },
  { $id: 'TaskInput', description: 'The input channel of one role; storage only.' },
)

/** `tasks[].algorithm.outputs` of a hetero job: an object in answers, with `period` as text. */
export const TaskOutput = Type.Object(
  {
    name: optional(text('Name of the channel.')),
    description: optional(text('What the channel carries.')),
    local_dir: optional(text('Directory the program sees.')),
    remote: optional(Type.Object({ obs: optional(ObsRemote) }, { description: 'Where the results go.' })),
    mode: optional(text('`upload_periodically`.')),
    period: optional(text('Time between two uploads, such as `30s`.')),
  },
  { $id: 'TaskOutput', description: 'The output channel of one role.' },
)
