import type { Membership } from './types.js'

/** A membership that does some things in another way; everything else is asked of `inner`, whenever it is asked. */
export const decorated = (inner: Membership, overrides: Partial<Membership>): Membership => ({
  get operator() {
    return inner.operator
  },
  members: () => inner.members(),
  wanMembers: () => inner.wanMembers(),
  servers: () => inner.servers(),
  leader: () => inner.leader(),
  peers: () => inner.peers(),
  datacenters: () => inner.datacenters(),
  stats: () => inner.stats(),
  join: (addresses, wan) => inner.join(addresses, wan),
  forceLeave: (name, prune) => inner.forceLeave(name, prune),
  start: () => inner.start(),
  leave: () => inner.leave(),
  close: () => inner.close(),
  ...overrides,
})
