import { isIP } from 'node:net'
import { MusterError } from '../../common/errors.js'
import { parseHostPort } from '../../common/host-port.js'
import { isObject } from '../../common/plain-data.js'

/** A server that is left, as `raft/peers.json` names it. `id` is '' in the short form. */
export interface SurvivingServer {
  readonly id: string
  /** Raft address `ip:port`. */
  readonly address: string
}

/**
 * Reads `raft/peers.json`, the list of the servers that are left when the others are lost: `["10.0.1.8:8300"]`, or
 * objects `{"id": "<node id>", "address": "10.0.1.8:8300", "non_voter": false}`.
 * @throws MusterError CLUSTER_RECOVERY_FILE naming file, line and column
 */
export async function readSurvivors(file: string, text: string): Promise<readonly SurvivingServer[]> {
  // Loaded on demand, since recoveries are rare.
  const { parse, evaluate } = await import('@humanwhocodes/momoa')
  const refuse = ({ line, column }: { readonly line: number; readonly column: number }, what: string): MusterError =>
    new MusterError('CLUSTER_RECOVERY_FILE', `${file}:${line}:${column}: ${what}`, {
      hint: 'write the Raft addresses of the servers that are left, ["10.0.1.8:8300"], or delete the file',
    })
  let body
  try {
    ;({ body } = parse(text, { mode: 'json' }))
  } catch (error) {
    const place = error as { readonly line?: number; readonly column?: number; readonly message: string }
    throw refuse({ line: place.line ?? 1, column: place.column ?? 1 }, place.message.replace(/ \(\d+:\d+\)$/, ''))
  }
  if (body.type !== 'Array' || body.elements.length === 0) throw refuse(body.loc.start, 'is no list of servers')
  return body.elements.map(({ value }) => {
    const survivor = readSurvivor(evaluate(value))
    if (typeof survivor === 'string') throw refuse(value.loc.start, survivor)
    return survivor
  })
}

function readSurvivor(item: unknown): SurvivingServer | string {
  const { id, address } = isObject(item) ? { id: '', address: undefined, ...item } : { id: '', address: item }
  if (typeof address !== 'string' || typeof id !== 'string')
    return 'a server is written as "ip:port" or as {"id": "...", "address": "ip:port"}'
  const place = parseHostPort(address, 0)
  if (place === undefined || isIP(place.host) === 0) return `'${address.slice(0, 100)}' is no ip:port`
  return { id, address }
}
