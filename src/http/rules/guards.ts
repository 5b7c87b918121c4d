import { MusterError } from '../../common/errors.js'
import { networks, type Networks } from '../../common/networks.js'
import type { Settings } from '../../config/index.js'

/**
 * Rules of the settings that stand before every endpoint, prepared once per change of the settings. They also apply to
 * forwarded requests, with the address of the forwarding agent, which has already applied its own rules to its client.
 * So a client gains nothing by pretending to be an agent.
 */
export class Guards {
  readonly #blocked: readonly string[]
  readonly #writers: Networks | undefined

  constructor(settings: Settings) {
    this.#blocked = settings.http.blockEndpoints
    this.#writers = networks(settings.http.allowWriteHttpFrom)
  }

  /** @throws MusterError 403 for a path that `http_config.block_endpoints` holds a prefix of. */
  checkPath(path: string): void {
    if (this.#blocked.some(prefix => path.startsWith(prefix))) {
      throw new MusterError('HTTP_BLOCKED', 'Endpoint is blocked by agent configuration', { status: 403 })
    }
  }

  /**
   * Peers on a unix socket have no address: the socket's mode decides about them.
   * @throws MusterError 403 for a writer outside `allow_write_http_from`.
   */
  checkWriter(address: string | undefined): void {
    if (address !== undefined && this.#writers?.has(address) === false)
      throw new MusterError('HTTP_WRITE_REFUSED', 'Access is restricted', { status: 403 })
  }
}
