import type { Readiness as AgentReadiness } from '../../agent/index.js'
import { MusterError } from '../../common/errors.js'
import { isAlone, type Settings } from '../../config/index.js'
import type { Deps } from '../deps.js'
import type { Endpoint } from '../route.js'

/** How often it is looked whether the agent has come as far as requests wait for, in milliseconds. */
const lookEvery = 25

/** Whether this agent may answer. What has not been loaded is never answered from. */
export class Readiness {
  readonly #deps: Pick<Deps, 'agent' | 'catalog' | 'clock'>

  constructor(deps: Pick<Deps, 'agent' | 'catalog' | 'clock'>) {
    this.#deps = deps
  }

  /** Whether every read, of the catalog and of the agent's own entries, may be answered at this moment. */
  now(settings: Settings): boolean {
    if (!this.#deps.catalog.loaded) return false
    const readiness = this.#deps.agent.readiness()
    return readiness.ready || (!isAlone(settings) && readiness.restored === true)
  }

  /**
   * Passes when an endpoint may answer. An agent on its own answers nothing before its own entries are in the catalog.
   * One of a cluster answers for itself as soon as it knows what it runs, and for the catalog as soon as that is
   * loaded, which needs the cluster to have formed. A request that comes earlier waits: whoever reached the port need
   * not know that the agent began to listen a moment ago. One that is ending refuses at once.
   * @throws MusterError 503 NOT_READY, and 500 STORE_NO_LEADER when the catalog was not loaded, within the hold time
   */
  async check(endpoint: Endpoint, settings: Settings): Promise<void> {
    if (endpoint.whileNotReady === true) return
    const { catalog } = this.#deps
    const { rpcHoldTimeout } = settings.cluster
    if (isAlone(settings)) {
      await this.#agentIs(({ ready }) => ready, rpcHoldTimeout)
      if (!catalog.loaded) throw new MusterError('NOT_READY', 'the catalog is being loaded', { status: 503 })
    } else if (endpoint.reach !== 'handed-on') {
      await this.#agentIs(readiness => readiness.ready || readiness.restored === true, rpcHoldTimeout)
    } else if (!catalog.loaded && !(await this.#within(rpcHoldTimeout, () => catalog.loaded))) {
      throw new MusterError('STORE_NO_LEADER', 'No cluster leader', { status: 500 })
    }
  }

  /** Passes when the agent has come so far. */
  async #agentIs(farEnough: (readiness: AgentReadiness) => boolean, ms: number): Promise<void> {
    const { agent } = this.#deps
    const isDecided = (readiness: AgentReadiness): boolean =>
      farEnough(readiness) || (!readiness.ready && readiness.ending === true)
    if (!isDecided(agent.readiness())) await this.#within(ms, () => isDecided(agent.readiness()))
    const readiness = agent.readiness()
    if (!readiness.ready && !farEnough(readiness)) throw new MusterError('NOT_READY', readiness.reason, { status: 503 })
  }

  async #within(ms: number, holds: () => boolean): Promise<boolean> {
    const { clock } = this.#deps
    for (const end = clock.monotonic() + ms; clock.monotonic() < end;) {
      await new Promise<void>(resolve => {
        clock.after(lookEvery, resolve)
      })
      if (holds()) return true
    }
    return false
  }
}
