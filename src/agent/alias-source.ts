import type { AliasedCheck, AliasSource } from '../checks/index.js'
import type { CatalogReads, Check } from '../catalog/index.js'
import type { CheckStatus } from '../common/health.js'
import { isCheckStatus } from '../common/health.js'
import type { LocalState } from './local-state.js'

/** Milliseconds after which the wait on another node is begun again. */
const waitFor = 600_000

/**
 * What alias checks mirror: this node's services from the local state, those of other nodes from the catalog. The
 * checks of the target's node count too, since they take the target out of DNS as well.
 */
export function aliasSource(node: string, local: LocalState, catalog: CatalogReads): AliasSource & { close(): void } {
  const listeners = new Set<() => void>()
  /** Other nodes that an alias has asked about, and how to end the wait for each. */
  const watched = new Map<string, AbortController>()
  const wake = (): void => {
    for (const run of [...listeners]) run()
  }
  // Ignore changes of the output alone: they do not change the health, and aliases of each other would notify each
  // other without end.
  const subscription = local.subscribe(change => {
    if (change.what !== 'output') wake()
  })

  const follow = async (name: string): Promise<void> => {
    const stop = new AbortController()
    watched.set(name, stop)
    while (!stop.signal.aborted) {
      const topic = catalog.nodes.topics.one(name)
      if (await catalog.wait(topic, topic.index, waitFor, stop.signal)) wake()
    }
  }
  const stopFollowing = (): void => {
    for (const stop of watched.values()) stop.abort()
    watched.clear()
  }

  return {
    statusOf: alias => {
      if (alias.node === '' || alias.node.toLowerCase() === node.toLowerCase()) return ofThisNode(local, alias.service)
      if (!watched.has(alias.node)) void follow(alias.node)
      return ofOtherNode(catalog, alias.node, alias.service)
    },
    onChange: run => {
      listeners.add(run)
      return {
        close: () => {
          listeners.delete(run)
          if (listeners.size === 0) stopFollowing()
        },
      }
    },
    close: () => {
      subscription.close()
      listeners.clear()
      stopFollowing()
    },
  }
}

function ofThisNode(local: LocalState, service: string): readonly AliasedCheck[] | 'absent' {
  const ofNode = local.checksOfService('')
  if (service === '') return ofNode
  return local.services().has(service) ? [...local.checksOfService(service), ...ofNode] : 'absent'
}

function ofOtherNode(catalog: CatalogReads, node: string, service: string): readonly AliasedCheck[] | 'absent' {
  const found = catalog.nodes.find(node)
  if (found === undefined) return 'absent'
  if (service !== '' && catalog.services.get(found.node, service) === undefined) return 'absent'
  return catalog.checks
    .ofNode(found.node)
    .filter(check => check.serviceId === '' || check.serviceId === service)
    .map(aliased)
}

const aliased = (check: Check): AliasedCheck => ({
  name: check.name,
  status: known(check.status),
  output: check.output,
})

/**
 * Foreign registrations may have any status. An unknown one removes the service from DNS, so it counts as critical.
 */
const known = (status: string): CheckStatus => (isCheckStatus(status) ? status : 'critical')
