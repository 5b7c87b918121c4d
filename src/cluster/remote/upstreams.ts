import { MusterError } from '../../common/errors.js'
import type { RequestRoute, RpcClient } from '../../rpc/index.js'
import { isUnreachable } from '../../rpc/index.js'

/**
 * Agents of which any may answer a request of the API. Addresses are `ip:port` of their LAN or WAN ports, the best
 * first, asked again for each request.
 */
export interface Candidates {
  addresses(): readonly string[]
  /** Told of one that could not be reached. */
  failed?(address: string): void
}

/** Most agents that one request is offered to: each that is cut off costs the client seconds. */
const maxTries = 5

/** Hands requests to the first of the candidates that can be reached. */
export function upstreams(rpc: RpcClient, candidates: Candidates): RequestRoute {
  return {
    proxy: async (request, response, options) => {
      for (const address of candidates.addresses().slice(0, maxTries)) {
        if (await rpc.proxy(address, request, response, options)) return true
        candidates.failed?.(address)
      }
      return false
    },
    ask: async (request, signal) => {
      for (const address of candidates.addresses().slice(0, maxTries)) {
        try {
          return await rpc.ask(address, request, signal)
        } catch (error) {
          if (!isUnreachable(error)) throw error
          if (signal.aborted) throw new MusterError('CLUSTER_ABORTED', 'the request was given up', { cause: error })
          candidates.failed?.(address)
        }
      }
      return undefined
    },
  }
}
