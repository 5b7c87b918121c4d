import type { Duration } from '../../common/duration.js'
import { sameData } from '../../common/plain-data.js'
import type { CatalogReads, Command } from '../api.js'
import { assertId, wanServerKey } from '../keys.js'
import { encodeWanServer } from '../members/member-codec.js'
import type { AgentInfo } from '../members/types.js'

/**
 * How a server of another datacenter is kept: for `ttl` from the write on, without one for ever. `renew`: written even
 * if nothing differs.
 */
export interface WanServerLife {
  readonly ttl?: Duration
  readonly renew?: boolean
}

/**
 * Keeps a server of another datacenter, in the place of what was known of it. Written only when it differs; the result
 * tells whether it was.
 */
export const putWanServer =
  (info: AgentInfo, { ttl, renew = false }: WanServerLife = {}): Command<boolean> =>
  state => {
    assertId('datacenter', info.datacenter)
    assertId('node id', info.id)
    const standing = known(state, info.datacenter, info.id)
    if (!renew && standing !== undefined && sameData(standing.info, info)) return { when: [], then: [], result: false }
    const key = wanServerKey(info.datacenter, info.id)
    return {
      when: [],
      then: [{ kind: 'put', key, value: encodeWanServer(info), ...(ttl !== undefined && { ttl }) }],
      result: true,
    }
  }

/** Forgets a server of another datacenter. The result tells whether it was known. */
export const removeWanServer =
  (datacenter: string, id: string): Command<boolean> =>
  state =>
    known(state, datacenter, id) === undefined
      ? { when: [], then: [], result: false }
      : { when: [], then: [{ kind: 'delete', key: wanServerKey(datacenter, id) }], result: true }

const known = (state: CatalogReads, datacenter: string, id: string) =>
  state.wanServers.of(datacenter).find(({ info }) => info.id.toLowerCase() === id.toLowerCase())
