import type { Catalog } from '../catalog/catalog.ts'
import { type Flavor, toFlavorDetail } from '../catalog/flavors.ts'
import type { JobSpec } from '../contract/spec.ts'
import { parseStorageUrl } from '../contract/storage-url.ts'
import { refusal } from '../contract/trainyard-error.ts'

const POLICIES = ['regular', 'economic', 'turbo']

/** Checks resources, volumes, log export and limits, and fills in what the server owns. */
export const checkSpec = (spec: JobSpec, catalog: Catalog): JobSpec => {
  const resource = spec.resource ?? {}
  const flavor = checkFlavor(spec, catalog)
  const nodeCount = resource.node_count ?? 1
  if (nodeCount > flavor.maxNodes) {
    throw refusal(
      'ModelArts.2793',
      `spec.resource.node_count is ${nodeCount}; flavor ${flavor.id} has at most ${flavor.maxNodes}.`,
    )
  }
  checkVolumes(spec)
  checkLogExport(spec)
  if (spec.auto_stop && spec.auto_stop.time_unit !== 'HOURS') {
    throw refusal('ModelArts.2788', 'spec.auto_stop.time_unit is not "HOURS".')
  }
  if (spec.auto_stop && spec.auto_stop.duration === undefined) {
    throw refusal('ModelArts.2788', 'spec.auto_stop.duration is missing.')
  }
  if (spec.notification?.topic_urn) {
    throw refusal('ModelArts.2788', 'spec.notification.topic_urn names a topic this server does not know.')
  }
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
  if (resource.policy && !POLICIES.includes(resource.policy)) {
    throw refusal('ModelArts.2788', 'spec.resource.policy is not "regular", "economic" or "turbo".')
  }
  if (!resource.flavor_id && !resource.pool_id) {
    throw refusal('ModelArts.2788', 'spec.resource.flavor_id is missing.')
  }
  const flavor = resource.flavor_id ? catalog.findFlavor(resource.flavor_id) : undefined
  if (resource.flavor_id && !flavor) {
    throw refusal('ModelArts.2781', `There is no flavor ${JSON.stringify(resource.flavor_id)}.`)
  }
  if (resource.pool_id || !flavor)
    throw refusal('ModelArts.2890', `There is no pool ${JSON.stringify(resource.pool_id)}.`)
  return flavor
}

const checkVolumes = ({ volumes = [] }: JobSpec): void => {
  if (volumes.length > 0) {
    throw refusal('ModelArts.2858', 'spec.volumes: no directory is mapped for volumes on this server.')
  }
}

const checkLogExport = ({ log_export_path: path }: JobSpec): void => {
  if (path?.obs_url) parseStorageUrl(path.obs_url)
  if (path?.host_path) {
    throw refusal(
      'ModelArts.2788',
      'spec.log_export_path.host_path is not below a directory the operator allows.',
    )
  }
}
