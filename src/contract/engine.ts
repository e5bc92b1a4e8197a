import { type Static, Type } from 'typebox'
import { flag, integer, list, optional, text } from './fields.ts'

const EngineTag = Type.Object(
  { key: optional(text('Name of the tag.')), value: optional(text('Value of the tag.')) },
  { description: 'A property of the engine.' },
)

const engineNameFields = {
  engine_id: optional(text('Id of the engine.')),
  engine_name: optional(text('AI framework, such as `PyTorch`.')),
  engine_version: optional(text('Version of the engine.')),
}

/** `algorithm.engine` of a job, in answers and in create requests. */
export const JobEngine = Type.Object(
  {
    ...engineNameFields,
    image_url: optional(text('Container image of a custom-image job.')),
    install_sys_packages: optional(
      flag('Whether system packages are added to a custom image; default false.'),
    ),
    image_repo_id: optional(text('Registry instance that holds the image.')),
    v1_compatible: optional(flag('Whether the engine follows the rules of the older API.')),
    run_user: optional(text('User id the program runs as; may be empty.')),
    usage: optional(text('What the engine is offered for.')),
    support_groups: optional(text('Groups that may use it.')),
    tags: optional(list(EngineTag, 'Properties of the engine.')),
  },
  { $id: 'JobEngine', description: 'The AI framework the code runs in.' },
)
export type JobEngine = Static<typeof JobEngine>

/** `tasks[].algorithm.engine` of a hetero job. */
export const TaskEngine = Type.Object(
  {
    ...engineNameFields,
    image_url: optional(text('Container image.')),
    v1_compatible: optional(flag('Whether the engine follows the rules of the older API.')),
    run_user: optional(text('User id the program runs as; may be empty.')),
  },
  { $id: 'TaskEngine', description: 'The AI framework the code of one role runs in.' },
)

/** One engine of the catalogue. */
export const EngineItem = Type.Object(
  {
    engine_id: text('Id to name in a job.'),
    engine_name: text('AI framework, such as `PyTorch`.'),
    engine_version: text('Version; name and version together also name the engine.'),
    v1_compatible: flag('Whether the engine follows the rules of the older API.'),
    run_user: text('User id the program runs as; may be empty.'),
    image_info: Type.Object(
      {
        cpu_image_url: optional(text('Image for CPU flavors.')),
        gpu_image_url: optional(text('Image for GPU and Ascend flavors.')),
        image_version: optional(text('Version of the images.')),
      },
      { description: 'Container images of the engine; empty where programs run as plain processes.' },
    ),
    tags: optional(list(EngineTag, 'Properties of the engine.')),
  },
  { $id: 'EngineItem', description: 'An engine: an AI framework in one version.' },
)
export type EngineItem = Static<typeof EngineItem>

/** Answer of the engines call. The counter is `total`, unlike the flavors call. */
export const ListEnginesResponse = Type.Object(
  { total: integer('Number of engines.'), items: list(EngineItem, 'All engines; there is no paging.') },
  { $id: 'ListEnginesResponse', description: 'The engines a job can name.' },
)
export type ListEnginesResponse = Static<typeof ListEnginesResponse>
