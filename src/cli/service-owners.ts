import type { Client } from './client.js'

/** A node that the catalog has a service under a certain id for. */
export interface ServiceOwner {
  readonly node: string
  readonly service: string
  /**
   * `live`: its agent answers for it. `failed`: its agent is gone. `none`: no agent, someone registered it in the
   * catalog.
   */
  readonly agent: 'live' | 'failed' | 'none'
}

interface Node {
  readonly Node: string
}
interface Services {
  readonly Services: readonly { readonly ID: string; readonly Service: string }[] | null
}
interface Check {
  readonly CheckID: string
  readonly Status: string
}

/** How many nodes are asked for at a time. */
const together = 16

/**
 * Which nodes have a service of this id: all of them are asked, since ids are unique on a node only.
 * @throws MusterError CLI_ANSWER, CLI_UNREACHABLE
 */
export async function serviceOwners(client: Client, id: string): Promise<readonly ServiceOwner[]> {
  const nodes = (await client.get<Node[]>('/v1/catalog/nodes')).map(({ Node }) => Node)
  const owners: ServiceOwner[] = []
  const work = async (): Promise<void> => {
    for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
      const service = await serviceOn(client, node, id)
      if (service !== undefined) owners.push({ node, service, agent: await agentOf(client, node) })
    }
  }
  await Promise.all(Array.from({ length: together }, work))
  return owners.sort((a, b) => (a.node < b.node ? -1 : 1))
}

async function serviceOn(client: Client, node: string, id: string): Promise<string | undefined> {
  const found = await client.get<Services | null>(`/v1/catalog/node-services/${encodeURIComponent(node)}`, {
    filter: `ID == ${JSON.stringify(id)}`,
  })
  return found?.Services?.find(({ ID }) => ID === id)?.Service
}

async function agentOf(client: Client, node: string): Promise<ServiceOwner['agent']> {
  const checks = await client.get<Check[]>(`/v1/health/node/${encodeURIComponent(node)}`)
  const liveness = checks.find(({ CheckID }) => CheckID === 'serfHealth')
  return liveness === undefined ? 'none' : liveness.Status === 'critical' ? 'failed' : 'live'
}
