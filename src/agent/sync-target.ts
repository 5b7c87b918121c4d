import {
  pushNode,
  type CatalogReads,
  type CatalogWrites,
  type Check,
  type CheckData,
  type Node,
  type NodeData,
  type Service,
  type ServiceData,
} from '../catalog/index.js'

/** What the catalog holds of one node, of one moment. */
export interface RemoteNode {
  readonly node: Node | undefined
  readonly services: readonly Service[]
  readonly checks: readonly Check[]
}

/** Entries of one node to write and to remove. */
export interface NodeChanges {
  readonly node: NodeData
  readonly put: { readonly services: readonly ServiceData[]; readonly checks: readonly CheckData[] }
  readonly remove: { readonly services: readonly string[]; readonly checks: readonly string[] }
}

/**
 * Where an agent's entries are brought: the catalog of this process, or servers elsewhere. Both reject when it cannot
 * be reached.
 */
export interface SyncTarget {
  read(node: string): Promise<RemoteNode>
  /** Resolves when the changes are committed and visible. */
  write(changes: NodeChanges): Promise<void>
}

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
