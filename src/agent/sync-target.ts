import { pushNode, type CatalogReads, type CatalogWrites, type SyncTarget } from '../catalog/index.js'

/** The catalog of this process as the target. */
export function catalogTarget(catalog: CatalogReads & CatalogWrites): SyncTarget {
  return {
    read: async node => {
      await catalog.barrier()
      return {
        node: catalog.nodes.find(node),
        services: catalog.services.ofNode(node),
        checks: catalog.checks.ofNode(node),
      }
    },
    write: async changes => {
      await pushNode(catalog, changes)
    },
  }
}
