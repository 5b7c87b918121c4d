import { Catalog, type CatalogReads } from '../catalog/index.js'
import {
  askDatacenters,
  openViews,
  ViewHub,
  type ServerPool,
  type Views,
  type ViewsOptions,
  type Wan,
} from '../cluster/index.js'
import { hostPort } from '../common/host-port.js'
import { errorMessage } from '../common/errors.js'
import type { DnsViews } from '../dns/index.js'
import { Repeats } from '../telemetry/index.js'
import type { RoleParts } from './role.js'

/** Other datacenters as DNS sees them: live views of what was asked for. */
export interface RemoteViews extends DnsViews {
  /** Undefined for a datacenter that is not known (any more). */
  of(datacenter: string): CatalogReads | undefined
}

type Ready = Views['ready']
type Parts = Pick<RoleParts, 'calls' | 'clock' | 'log' | 'opened'>
/** One datacenter's views. `ready` as {@link Views.ready}, and the catalog on them has been loaded as well. */
interface Remote {
  readonly catalog: Catalog
  readonly ready: Ready
}

/** Opens each datacenter's views with the first question for it. */
function openOnce(
  { calls, clock, log, opened }: Parts,
  from: (datacenter: string) => Pick<ViewsOptions, 'servers' | 'datacenter'>,
): Remotes {
  const remotes = new Map<string, Remote>()
  return {
    known: datacenter => remotes.get(datacenter),
    open: datacenter => {
      const known = remotes.get(datacenter)
      if (known !== undefined) return known
      const views = openViews({ rpc: calls.client, clock, log: log.child('views'), ...from(datacenter) })
      opened.add(`views of ${datacenter}`, () => {
        views.close()
      })
      const failures = new Repeats(log, clock)
      const catalog = Catalog.follow({
        store: Promise.resolve(views.store),
        clock,
        onLoadFailure: error => {
          failures.tell('error', 'another datacenter cannot be shown', errorMessage(error), {
            datacenter,
            error: errorMessage(error),
          })
        },
      })
      opened.add(`catalog of ${datacenter}`, () => {
        catalog.close()
      })
      const remote: Remote = {
        catalog,
        ready: (kind, name) => {
          const ready = views.ready(kind, name)
          return catalog.loaded ? ready : catalog.whenLoaded.then(() => ready)
        },
      }
      remotes.set(datacenter, remote)
      return remote
    },
  }
}

interface Remotes {
  known(datacenter: string): Remote | undefined
  open(datacenter: string): Remote
}

/**
 * Views of other datacenters for a server, from their servers. This datacenter's own catalog is whole. `hub` serves
 * them to client agents, which reach no WAN port.
 */
export function serverRemoteViews(
  parts: Parts,
  wan: Wan,
): RemoteViews & { hub(datacenter: string): ViewHub | undefined } {
  const remotes = openOnce(parts, datacenter => ({
    servers: {
      addresses: () => wan.servers(datacenter).map(({ wanAddress, ports }) => hostPort(wanAddress, ports.wan)),
    },
  }))
  const hubs = new Map<string, ViewHub>()
  const isKnown = (datacenter: string): boolean => wan.servers(datacenter).length > 0
  return {
    of: datacenter => (isKnown(datacenter) ? remotes.open(datacenter).catalog : undefined),
    partial: datacenter => datacenter !== '',
    ready: (datacenter, kind, name) => {
      if (datacenter === '') return true
      return isKnown(datacenter) || remotes.known(datacenter) !== undefined
        ? remotes.open(datacenter).ready(kind, name)
        : true
    },
    hub: name => {
      const datacenter = name.toLowerCase()
      const known = hubs.get(datacenter)
      if (known !== undefined || !isKnown(datacenter)) return known
      const { catalog, ready } = remotes.open(datacenter)
      const hub = new ViewHub({ catalog, clock: parts.clock, ready })
      hubs.set(datacenter, hub)
      return hub
    },
  }
}

/** Milliseconds for which an answer about which datacenters there are is kept. */
const knownDatacentersTtlMs = 10_000

/** Views of other datacenters for a client agent, handed on by its servers; `own` are those of this datacenter. */
export function clientRemoteViews(parts: Parts, pool: ServerPool, own: Ready): RemoteViews {
  const { clock } = parts
  const remotes = openOnce(parts, datacenter => ({
    datacenter,
    servers: {
      addresses: () => pool.addresses(),
      failed: address => {
        pool.failed(address)
      },
    },
  }))
  let names: ReadonlySet<string> = new Set()
  let asked = -Infinity
  let asking: Promise<void> | undefined
  const ask = async (): Promise<void> => {
    try {
      names = new Set(await askDatacenters(pool))
      asked = clock.monotonic()
    } catch {
      // Keep the last known list of datacenters.
    } finally {
      asking = undefined
    }
  }
  return {
    of: datacenter => (names.has(datacenter) ? remotes.open(datacenter).catalog : undefined),
    partial: () => true,
    ready: (datacenter, kind, name) => {
      if (datacenter === '') return own(kind, name)
      if (clock.monotonic() - asked >= knownDatacentersTtlMs) asking ??= ask()
      if (names.has(datacenter)) return remotes.open(datacenter).ready(kind, name)
      return asking === undefined
        ? true
        : asking.then(() =>
            names.has(datacenter)
              ? remotes.open(datacenter).ready(kind, name)
              : clock.monotonic() - asked < knownDatacentersTtlMs,
          )
    },
  }
}
