import { CheckTable } from './tables/checks.js'
import { NodeTable } from './tables/nodes.js'
import { ServiceTable } from './tables/services.js'
import type { Table } from './tables/table.js'
import type { Topics } from './topics.js'

/** The tables of a catalog, empty. One line each; those that mark topics of others take them. */
export function createTables(topics: Topics) {
  const services: ServiceTable = new ServiceTable(topics, node => nodes.named(node) !== undefined)
  const nodes = new NodeTable(topics, services)
  const checks = new CheckTable(topics, services)
  return { nodes, services, checks } satisfies Record<string, Table>
}

/** All tables by name. */
export type Tables = ReturnType<typeof createTables>
