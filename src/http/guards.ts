import { BlockList, isIP } from 'node:net'
import { MusterError } from '../common/errors.js'
import type { Settings } from '../config/index.js'

/** Rules of the settings that stand before every endpoint, prepared once per change of the settings. */
export class Guards {
  readonly #blocked: readonly string[]
  readonly #writers: BlockList | undefined

  constructor(settings: Settings) {
    this.#blocked = settings.http.blockEndpoints
    const allowed = settings.http.allowWriteHttpFrom
    this.#writers = allowed.length === 0 ? undefined : networks(allowed)
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
    if (this.#writers === undefined || address === undefined) return
    const plain = address.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '')
    if (!this.#writers.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4')) {
      throw new MusterError('HTTP_WRITE_REFUSED', 'Access is restricted', { status: 403 })
    }
  }
}

function networks(cidrs: readonly string[]): BlockList {
  const list = new BlockList()
  for (const cidr of cidrs) {
    const [address = '', bits] = cidr.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    list.addSubnet(address, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family)
  }
  return list
}

/** @throws MusterError 500 for a datacenter that is not this one: none else is known. */
export function checkDatacenter(asked: string, settings: Settings): void {
  if (asked !== '' && asked.toLowerCase() !== settings.datacenter.toLowerCase()) {
    throw new MusterError('HTTP_DATACENTER', 'No path to datacenter', { status: 500 })
  }
}
