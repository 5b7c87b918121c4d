import type { Catalog } from '../catalog/index.js'
import {
  asServer,
  clientTags,
  decorated,
  heartbeat,
  isRefusal,
  joinAddresses,
  readHelloAnswer,
  serverMethods,
  ServerPool,
  type AgentInfo,
  type Membership,
  type ServerInfo,
} from '../cluster/index.js'
import { hostPort } from '../common/host-port.js'
import { MusterError, errorMessage } from '../common/errors.js'
import { becomeClient } from './history.js'
import type { RoleParts } from './role.js'
import { selfServer } from './self.js'

interface LoneParts extends RoleParts {
  readonly catalog: Catalog
  readonly startAnew: () => void
}

/** How long the answer to `join` has to get out before the agent starts again, in ms. */
const answerTime = 100

/**
 * The membership of an agent that nobody told what it is: a server of its own until it is told to join others. Then it
 * becomes a client agent of theirs, unless it keeps something that would be lost with its catalog.
 */
export function loneMembership(inner: Membership, parts: LoneParts): Membership {
  return decorated(inner, {
    join: async (addresses, wan) => {
      const others = wan ? [] : addresses.filter(address => !isOwn(address, parts))
      if (others.length === 0) return inner.join(addresses, wan)
      return becomeMember(addresses, parts)
    },
  })
}

function isOwn(address: string, { settings, calls }: LoneParts): boolean {
  const { advertiseAddr, bindAddr } = settings
  return [advertiseAddr, bindAddr].some(own => address === own || address === hostPort(own, calls.server.ports.lan))
}

async function becomeMember(addresses: readonly string[], parts: LoneParts): Promise<number> {
  const { settings, nodeId, calls, clock, log, catalog, startAnew } = parts
  refuseLoss(catalog, settings.nodeName)
  if (calls.server.ports.lan === 0) {
    throw new MusterError('CLUSTER_JOIN_FAILED', 'this agent has no cluster port: another program has it', {
      hint: 'start it with another -bind address, or another ports.serf_lan',
    })
  }
  const server = selfServer(settings, nodeId, calls.server)
  const self: AgentInfo = { ...server, server: false, ports: { ...server.ports, raft: 0, wan: 0 } }
  const greeted: string[] = []
  const servers: ServerInfo[] = []
  const joined = await joinAddresses(addresses, {
    port: settings.ports.serfLan,
    greet: async address => {
      const {
        datacenter,
        self: other,
        servers: known,
      } = readHelloAnswer(await calls.client.call(address, serverMethods.hello, { from: self, known: [] }))
      if (datacenter !== settings.datacenter)
        throw new MusterError(
          'CLUSTER_WRONG_DATACENTER',
          `Member '${other.name}' part of wrong datacenter '${datacenter}'`,
        )
      greeted.push(address)
      servers.push(...known, ...asServer(other))
    },
  })
  await announce(self, servers, parts)
  becomeClient(settings.dataDir, greeted)
  log.info('told to join others: this agent starts anew as a client agent of theirs', { addresses: greeted })
  clock.after(answerTime, startAnew)
  return joined
}

/**
 * Makes this agent a member before `join` is answered: whoever told it to join looks for it among the members next. A
 * cluster that can take nobody now (it has no leader) gets it when it has started again. Rejects with what a server has
 * against this agent, which then stays what it is.
 */
async function announce(
  self: AgentInfo,
  servers: readonly ServerInfo[],
  { calls, clock, log }: LoneParts,
): Promise<void> {
  const others = servers.filter(({ id, datacenter }) => id !== self.id && datacenter === self.datacenter)
  try {
    await heartbeat(
      new ServerPool({ agentId: self.id, initial: others, rpc: calls.client, clock }),
      self,
      clientTags(self),
    )
  } catch (error) {
    if (error instanceof MusterError && isRefusal(error)) throw error
    log.warn('no server takes this agent as a member yet', { error: errorMessage(error) })
  }
}

/** @throws MusterError when the catalog of this agent has more in it than the agent itself brings along */
function refuseLoss(catalog: Catalog, node: string): void {
  const keys = [...catalog.kv.keysBelow('')].length
  const nodes = [...catalog.nodes.all()].filter(one => one.node.toLowerCase() !== node.toLowerCase()).length
  const queries = catalog.queries.all().length
  const kept = [
    keys > 0 && `${keys} keys`,
    nodes > 0 && `${nodes} other nodes`,
    queries > 0 && `${queries} prepared queries`,
  ].filter(one => one !== false)
  if (kept.length === 0) return
  throw new MusterError(
    'CLUSTER_JOIN_FAILED',
    `this agent has been a server of its own, and keeps ${kept.join(' and ')} that would be lost`,
    {
      hint: 'save them with "muster snapshot save", then start the agent with -server=false and another -data-dir, or make it one of several servers with -server -bootstrap-expect',
    },
  )
}
