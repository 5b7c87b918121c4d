import { systemClock } from '../../src/common/clock.js'
import type { Clock } from '../../src/common/clock.js'
import { Catalog } from '../../src/catalog/index.js'
import type { CatalogReads, CheckData, NodeData, ServiceData } from '../../src/catalog/index.js'
import { openMemoryStore } from '../../src/store/index.js'
import type { Store } from '../../src/store/index.js'

/** Complete entries from what a test cares about. */
export const nodeData = (given: Partial<NodeData> & { readonly node: string }): NodeData => ({
  id: '',
  address: '192.0.2.1',
  taggedAddresses: null,
  meta: null,
  ...given,
})

export const serviceData = (given: Partial<ServiceData> & { readonly id: string }): ServiceData => ({
  node: 'n1',
  name: given.id,
  kind: '',
  tags: [],
  address: '',
  taggedAddresses: null,
  meta: null,
  port: 0,
  socketPath: '',
  weights: { passing: 1, warning: 1 },
  enableTagOverride: false,
  ...given,
})

export const checkData = (given: Partial<CheckData> & { readonly id: string }): CheckData => ({
  node: 'n1',
  name: given.id,
  status: 'passing',
  notes: '',
  output: '',
  serviceId: '',
  type: '',
  definition: {},
  ...given,
})

/** A UUID that is told from others by its first digit. */
export const uuid = (digit: string): string => `${digit.repeat(8)}-0000-4000-8000-000000000000`

/** An empty catalog on a store in memory, both closed when the test ends. */
export async function openCatalog(
  t: { readonly teardown: (run: () => unknown) => unknown },
  options: { readonly clock?: Clock; readonly tombstones?: number; readonly store?: Store } = {},
): Promise<{ catalog: Catalog; store: Store }> {
  const store = options.store ?? openMemoryStore()
  const { clock = systemClock, tombstones } = options
  const catalog = await Catalog.open({ store, clock, ...(tombstones === undefined ? {} : { tombstones }) })
  t.teardown(async () => {
    catalog.close()
    await store.close()
  })
  return { catalog, store }
}

/** What stands in a catalog, revisions left out, for comparing whole states. */
export function contents(catalog: CatalogReads): unknown {
  const bare = <T extends object>(value: T): object => ({ ...value, created: undefined, modified: undefined })
  return [...catalog.nodes.all()].map(node => ({
    ...bare(node),
    services: catalog.services.ofNode(node.node).map(bare),
    checks: catalog.checks.ofNode(node.node).map(bare),
  }))
}
