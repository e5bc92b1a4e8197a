import { type Static, Type } from 'typebox'
import { integer, list, oneOf, optional, text, textMap } from './fields.ts'
import { FLAVOR_TYPES } from './flavor-types.ts'

export * from './flavor-types.ts'

const Billing = Type.Object(
  {
    code: optional(text('Billing code of the flavor.')),
    unit_num: optional(integer('Number of billing units.')),
  },
  { description: 'How the flavor is billed.' },
)

const Cpu = Type.Object(
  {
    arch: optional(text('Processor architecture: `x86` or `arm`.')),
    core_num: optional(integer('Number of cores.')),
  },
  { description: 'Processors of one node.' },
)

const Gpu = Type.Object(
  {
    unit_num: optional(integer('Number of cards.')),
    product_name: optional(text('Product name of the card.')),
    memory: optional(text('Memory of one card, such as `32GB`.')),
  },
  { description: 'GPUs of one node; absent without GPUs.' },
)

const Npu = Type.Object(
  {
    unit_num: optional(text('Number of cards, as a string.')),
    product_name: optional(text('Product name of the card.')),
    memory: optional(text('Memory of one card, such as `32GB`.')),
  },
  { description: 'NPUs of one node; absent without NPUs.' },
)

const Memory = Type.Object(
  {
    size: optional(integer('Amount of memory, in `unit`.')),
    unit: optional(text('Always `GB`.')),
  },
  { description: 'Main memory of one node.' },
)

const diskFields = { unit: optional(text('Always `GB`.')) }

const flavorInfoFields = {
  max_num: optional(integer('Most nodes one job may have; 1 means no distributed runs.')),
  cpu: optional(Cpu),
  gpu: optional(Gpu),
  npu: optional(Npu),
  memory: optional(Memory),
}

/** Flavor details inside a job: `disk.size` is a string there, by the seed. */
const FlavorInfo = Type.Object(
  {
    ...flavorInfoFields,
    disk: optional(
      Type.Object(
        { size: optional(text('Amount of disk, as a string, in `unit`.')), ...diskFields },
        { description: 'Disk of one node.' },
      ),
    ),
  },
  { description: 'What one node of the flavor has.' },
)

/** Flavor details in the catalogue and in `tasks[]`: `disk.size` is an integer there. */
const FlavorInfoResponse = Type.Object(
  {
    ...flavorInfoFields,
    disk: optional(
      Type.Object(
        { size: optional(integer('Amount of disk, in `unit`.')), ...diskFields },
        { description: 'Disk of one node.' },
      ),
    ),
  },
  { description: 'What one node of the flavor has.' },
)

/** `spec.resource.flavor_detail` of a job. */
export const FlavorDetail = Type.Object(
  {
    flavor_type: optional(text('`CPU`, `GPU` or `Ascend`.')),
    billing: optional(Billing),
    flavor_info: optional(FlavorInfo),
  },
  { $id: 'FlavorDetail', description: 'The flavor as the job got it; public pools only.' },
)
export type FlavorDetail = Static<typeof FlavorDetail>

/** One flavor of the catalogue, also `tasks[].task_resource` of a hetero job. */
export const FlavorResponse = Type.Object(
  {
    pool_id: optional(text('Dedicated pool the flavor belongs to.')),
    flavor_id: optional(text('Id to name in a job.')),
    flavor_name: optional(text('Name for people.')),
    support_engines: optional(text('Engines that can run on it, as JSON text.')),
    support_groups: optional(text('Groups that may use it.')),
    max_num: optional(integer('Most nodes one job may have.')),
    flavor_type: optional(text('`CPU`, `GPU` or `Ascend`.')),
    billing: optional(Billing),
    flavor_info: optional(FlavorInfoResponse),
    attributes: optional(textMap('Further attributes.')),
  },
  { $id: 'FlavorResponse', description: 'A flavor: the size of one node.' },
)
export type FlavorResponse = Static<typeof FlavorResponse>

export const ListFlavorsQuery = Type.Object({
  flavor_type: optional(oneOf(FLAVOR_TYPES, 'Only flavors of this type; absent means all.')),
})

/** Answer of the flavors call. The counter is `total_count`, unlike the engines call. */
export const ListFlavorsResponse = Type.Object(
  {
    total_count: integer('Number of flavors.'),
    flavors: list(FlavorResponse, 'The flavors of the public pool.'),
  },
  { $id: 'ListFlavorsResponse', description: 'The flavors a job can ask for.' },
)
export type ListFlavorsResponse = Static<typeof ListFlavorsResponse>
