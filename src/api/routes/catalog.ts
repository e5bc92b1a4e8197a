import { OPERATIONS } from '../../contract/operations.ts'
import type { Routing } from '../routing.ts'
import type { CatalogService } from '../services.ts'

/** The flavors and engines a job can name. */
export const addCatalogRoutes = (routing: Routing, catalog: CatalogService): void => {
  routing.add(OPERATIONS.listFlavors, async ({ query }) => catalog.listFlavors(query.flavor_type))
  routing.add(OPERATIONS.listEngines, async () => catalog.listEngines())
}
