import { Catalog } from '../catalog/index.js'
import { Quorum, serverStanding, serverUnheard, type ServerFacts, type StandingSource } from '../cluster/index.js'
import { errorMessage, type MusterError } from '../common/errors.js'
import type { Store } from '../store/index.js'
import { Repeats } from '../telemetry/index.js'
import type { RoleParts } from './role.js'

/** The catalog of a server whose store other servers write as well. */
export function followStore({ settings, clock, log, opened }: RoleParts, store: Promise<Store>): Catalog {
  const failures = new Repeats(log, clock)
  const catalog = Catalog.follow({
    store,
    clock,
    onUnreadable: unreadable(log),
    holdTimeout: settings.cluster.rpcHoldTimeout,
    onLoadFailure: error => {
      failures.tell('warn', 'the catalog cannot be loaded yet', errorMessage(error), { error: errorMessage(error) })
    },
  })
  opened.add('catalog', () => {
    catalog.close()
  })
  return catalog
}

/** How a server stands that is one of several. */
export const standingFrom = (facts: () => ServerFacts): StandingSource => ({
  standing: () => Promise.resolve(serverStanding(facts())),
  unheard: () => serverUnheard(facts()),
})

/** Asks again and again whether a majority answers. */
export function openQuorum({ clock, opened }: RoleParts, catalog: Catalog): Quorum {
  const quorum = new Quorum({ ask: () => catalog.barrier(), clock })
  quorum.start()
  opened.add('questions to the majority', () => {
    quorum.close()
  })
  return quorum
}

/** An entry that this version cannot read. */
export const unreadable =
  (log: RoleParts['log']) =>
  (key: string, error: MusterError): void => {
    log.error('an entry of the store cannot be read and counts as absent', { key, error: error.message })
  }
