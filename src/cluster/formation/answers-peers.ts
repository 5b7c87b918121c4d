import { askPeerPort } from '../../etcd/index.js'
import { parseHostPort } from '../../common/host-port.js'

/** Milliseconds that an etcd has for its answer. */
const timeoutMs = 1000

/** Whether an etcd answers on its peer port. `address` is a Raft address, `ip:port`. */
export async function answersPeers(address: string): Promise<boolean> {
  const place = parseHostPort(address, 0)
  return place !== undefined && (await askPeerPort(place.host, place.port, timeoutMs)) !== undefined
}
