import type { Catalog } from '../catalog/catalog.ts'
import { type Flavor, toFlavorDetail } from '../catalog/flavors.ts'
import type { JobSpec } from '../contract/spec.ts'
import { parseStorageUrl } from '../contract/storage-url.ts'
import { refusal, type TrainyardError } from '../contract/trainyard-error.ts'

const POLICIES = ['regular', 'economic', 'turbo']

/** Checks what a spec can be told to lack by itself, before anything is looked up. */
export const checkSpecFields = (spec: JobSpec): void => {
  const { resource = {}, auto_stop: limit } = spec
  if (resource.policy && !POLICIES.includes(resource.policy)) {
    throw refusal('ModelArts.2788', 'spec.resource.policy is not "regular", "economic" or "turbo".')
  }
  if (!resource.flavor_id && !resource.pool_id) {
    throw refusal('ModelArts.2788', 'spec.resource.flavor_id is missing.')
  }
  if (limit && limit.time_unit !== 'HOURS') {
    throw refusal('ModelArts.2788', 'spec.auto_stop.time_unit is not "HOURS".')
  }
  if (limit && limit.duration === undefined) {
    throw refusal('ModelArts.2788', 'spec.auto_stop.duration is missing.')
  }
  if (spec.notification?.topic_urn) {
    throw refusal('ModelArts.2788', 'spec.notification.topic_urn names a topic this server does not know.')
  }
  if (spec.log_export_path?.host_path) {
    throw refusal(
      'ModelArts.2788',
      'spec.log_export_path.host_path is not below a directory the operator allows.',
    )
  }
}

/** Checks the log export, resources and volumes, and fills in what the server owns. */
export const checkSpec = ({ is_hosted_log: _ours, ...spec }: JobSpec, catalog: Catalog): JobSpec => {
  if (spec.log_export_path?.obs_url) parseStorageUrl(spec.log_export_path.obs_url)
  const resource = spec.resource ?? {}
  const flavor = checkFlavor(spec, catalog)
  const nodeCount = resource.node_count ?? 1
  if (nodeCount > flavor.maxNodes) {
    throw refusal(
      'ModelArts.2793',
      `spec.resource.node_count is ${nodeCount}; flavor ${flavor.id} has at most ${flavor.maxNodes}.`,
    )
  }
  if (resource.pool_id) throw poolUnknown(resource.pool_id)
  checkVolumes(spec)
  return {
    ...spec,
    resource: {
      policy: resource.policy || 'regular',
      flavor_id: flavor.id,
      flavor_name: flavor.name,
      node_count: nodeCount,
      flavor_detail: toFlavorDetail(flavor),
    },
  }
}

const checkFlavor = ({ resource = {} }: JobSpec, catalog: Catalog): Flavor => {
  if (!resource.flavor_id) throw poolUnknown(resource.pool_id ?? '')
  const flavor = catalog.findFlavor(resource.flavor_id)
  if (!flavor) {
    throw refusal('ModelArts.2781', `There is no flavor ${JSON.stringify(resource.flavor_id.slice(0, 200))}.`)
  }
  return flavor
}

const poolUnknown = (id: string): TrainyardError =>
  refusal('ModelArts.2890', `There is no pool ${JSON.stringify(id.slice(0, 200))}.`)

const checkVolumes = ({ volumes = [] }: JobSpec): void => {
  if (volumes.length > 0) {
    throw refusal('ModelArts.2858', 'spec.volumes: no directory is mapped for volumes on this server.')
  }
}
