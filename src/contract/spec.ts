import { type Static, Type } from 'typebox'
import { decimal, flag, integer, list, optional, text, texts } from './fields.ts'
import { FlavorDetail } from './flavor.ts'

/** `spec.resource` of a job. */
export const Resource = Type.Object(
  {
    policy: optional(text('`regular`, `economic` or `turbo`.')),
    flavor_id: optional(text('Flavor: the size of one node.')),
    flavor_name: optional(text('Name of the flavor; filled by the server.')),
    node_count: optional(integer('Number of nodes; default 1.', { minimum: 1 })),
    pool_id: optional(text('Dedicated pool.')),
    pool_group_id: optional(text('Pool group of a federated pool job.')),
    flavor_detail: optional(FlavorDetail),
    main_container_allocated_resources: optional(
      Type.Object(
        {
          cpu_arch: optional(text('Processor architecture.')),
          cpu_core_num: optional(decimal('Cores.')),
          mem_size: optional(decimal('Memory in GB.')),
          accelerator_num: optional(decimal('Accelerator cards.')),
          accelerator_type: optional(text('Kind of accelerator.')),
        },
        { description: 'What the main container got.' },
      ),
    ),
    main_container_customized_flavor: optional(
      Type.Object(
        {
          cpu_core_num: optional(decimal('Cores.')),
          mem_size: optional(decimal('Memory in GB.')),
          accelerator_num: optional(decimal('Accelerator cards.')),
        },
        { description: 'A size of its own, for pool jobs.' },
      ),
    ),
  },
  { $id: 'Resource', description: 'What the job runs on.' },
)
export type Resource = Static<typeof Resource>

const Volume = Type.Object(
  {
    nfs: optional(
      Type.Object(
        {
          nfs_server_path: optional(text('`host:/path` of the file server.')),
          local_path: optional(text('Path the program sees.')),
          read_only: optional(flag('Whether it is mounted read-only; default false.')),
        },
        { description: 'A directory of a file server.' },
      ),
    ),
    pfs: optional(
      Type.Object(
        {
          pfs_path: optional(text('Path in the parallel file system.')),
          local_path: optional(text('Path the program sees.')),
        },
        { description: 'A directory of a parallel file system.' },
      ),
    ),
    obs: optional(
      Type.Object(
        { obs_path: optional(text('Storage path.')), local_path: optional(text('Path the program sees.')) },
        { description: 'A directory of the object store.' },
      ),
    ),
  },
  { description: 'A directory mounted into the tasks.' },
)

const NodeSelectorRequirement = Type.Object(
  {
    key: optional(text('Label of the node.')),
    operator: optional(text('How the label is compared.')),
    values: optional(texts('Values to compare with.')),
  },
  { description: 'One condition on a node.' },
)

const NodeSelectorTerm = Type.Object(
  {
    matchExpressions: optional(list(NodeSelectorRequirement, 'Conditions on labels.')),
    matchFields: optional(list(NodeSelectorRequirement, 'Conditions on fields.')),
  },
  { description: 'A set of conditions on a node.' },
)

const SchedulePolicy = Type.Object(
  {
    priority: optional(integer('1 to 3, 3 is highest; default 1.', { minimum: 1, maximum: 3 })),
    preemptible: optional(flag('Whether the job may be preempted; default false.')),
    required_affinity: optional(
      Type.Object(
        {
          affinity_type: optional(text('`cabinet`, `hyperinstance` or `networkTopology`.')),
          affinity_group_size: optional(integer('Size of an affinity group.')),
          job_level: optional(text('Topology level of the job.')),
          affinity_group_level: optional(text('Topology level of a group.')),
          node_affinity: optional(
            Type.Object(
              { nodeSelectorTerms: optional(list(NodeSelectorTerm, 'Alternatives.')) },
              { description: 'Nodes that may be used.' },
            ),
          ),
        },
        { description: 'Where the job must run.' },
      ),
    ),
    preferred_affinity: optional(
      Type.Object(
        {
          node_affinity: optional(
            list(
              Type.Object(
                { weight: optional(integer('Weight of the wish.')), preference: optional(NodeSelectorTerm) },
                { description: 'One weighted wish.' },
              ),
              'Weighted wishes.',
            ),
          ),
        },
        { description: 'Where the job would like to run.' },
      ),
    ),
  },
  { description: 'Order and place of the job in the queue.' },
)

const span = (description: string) =>
  Type.Object(
    {
      time_unit: optional(text('`HOURS`.')),
      duration: optional(integer('Number of units, at least 1.', { minimum: 1 })),
    },
    { description },
  )

const AssetModel = Type.Object(
  {
    id: optional(text('Id of the asset.')),
    name: optional(text('Name of the model.')),
    code: optional(text('Code of the model.')),
    version: optional(text('Version of the model.')),
    location: optional(text('Where the model is.')),
    desc: optional(text('Description.')),
    series: optional(text('Series of the model.')),
    type: optional(text('Type of the model.')),
    model_desc: optional(text('Description of the model.')),
    parent_asset_id: optional(text('Asset the model comes from.')),
  },
  { description: 'The model as an asset.' },
)

const CustomMetric = Type.Object(
  {
    exec: optional(
      Type.Object(
        { command: optional(texts('Command that prints metrics.')) },
        { description: 'A command.' },
      ),
    ),
    http_get: optional(
      Type.Object(
        { path: optional(text('Path.')), port: optional(integer('Port.')) },
        { description: 'An address.' },
      ),
    ),
  },
  { description: 'A metric of the user; stored, not collected.' },
)

/** `spec` of a job: resources, volumes, log export and schedule. */
export const JobSpec = Type.Object(
  {
    resource: optional(Resource),
    volumes: optional(list(Volume, 'Directories mounted into the tasks.')),
    log_export_path: optional(
      Type.Object(
        {
          obs_url: optional(text('Storage path the logs are copied to; blank means off.')),
          host_path: optional(text('Directory on the node the logs are copied to; blank means off.')),
        },
        { description: 'Where logs are copied.' },
      ),
    ),
    auto_stop: optional(span('Stops the job after it ran this long.')),
    schedule_policy: optional(SchedulePolicy),
    notification: optional(
      Type.Object(
        { topic_urn: optional(text('Topic to notify.')), events: optional(texts('Events to tell of.')) },
        { description: 'Whom to tell.' },
      ),
    ),
    runtime_type: optional(text('`debug` for debug jobs.')),
    custom_metrics: optional(list(CustomMetric, 'Metrics of the user.')),
    retention: optional(
      Type.Object({ policy: optional(text('Policy.')) }, { description: 'Retention policy.' }),
    ),
    reserved_time: optional(span('How long resources are kept after the end.')),
    log_export_config: optional(
      Type.Object(
        { version: optional(text('Version.')), rotation_enabled: optional(flag('Whether logs rotate.')) },
        { description: 'Settings of the log export.' },
      ),
    ),
    output_model: optional(
      Type.Object(
        {
          obs: optional(
            Type.Object(
              {
                obs_path: optional(text('Storage path.')),
                local_path: optional(text('Path the program sees.')),
              },
              { description: 'A place in the object store.' },
            ),
          ),
        },
        { description: 'Where the model is written.' },
      ),
    ),
    asset_model: optional(AssetModel),
    asset_id: optional(text('Asset the job starts from.')),
    is_hosted_log: optional(flag('Whether the service keeps the logs.')),
  },
  { $id: 'JobSpec', description: 'What the job needs.' },
)
export type JobSpec = Static<typeof JobSpec>
