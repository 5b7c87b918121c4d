import { addressFault } from '../../common/dns-address.js'
import { filled } from '../../common/filled.js'
import { metaFault } from '../../common/meta-limits.js'
import { lengthFault, maxServiceIdBytes } from '../../common/name-limits.js'
import type { WrittenService } from '../../generated/types.js'
import { isWildcard } from './build-service.js'
import type { Problems } from './problem.js'

/** Most letters in one label of a DNS name (RFC 1035). */
const labelLimit = 63

/** Judges a service in a file, its checks apart. */
export function judgeService(written: WrittenService, problems: Problems): void {
  const { name, address, port = 0, socket_path: socket, meta } = written
  if (!filled(name)) problems.error([], 'missing-name', 'the service has no name', 'write name: "..."')
  else judgeName(name, problems)
  if (filled(written.id)) judgeLength('id', written.id, problems)
  if (filled(address)) judgeAddress(address, problems)
  judgePort(port, ['port'], problems)
  if (written.tagged_addresses !== undefined) judgeTagged(written.tagged_addresses, problems)
  if (filled(socket) && (filled(address) || port !== 0)) {
    const other = filled(address) ? 'address' : 'port'
    problems.error(
      ['socket_path'],
      'conflict',
      `a service is either at a socket or at an address, this one has socket_path and ${other}`,
      `remove socket_path or ${other}`,
    )
  }
  judgeWeights(written, problems)
  if (meta === undefined) return
  const fault = metaFault(meta)
  if (fault !== undefined)
    problems.error(fault.key === undefined ? ['meta'] : ['meta', fault.key], 'bad-meta', fault.text)
}

function judgeLength(key: 'id' | 'name', text: string, problems: Problems): boolean {
  const fault = lengthFault(`the service ${key}`, text, maxServiceIdBytes)
  if (fault !== undefined) problems.error([key], 'too-long', fault, `write a shorter ${key}`)
  return fault === undefined
}

function judgeName(name: string, problems: Problems): void {
  if (!judgeLength('name', name, problems)) return
  if (/[^A-Za-z0-9-]/.test(name)) {
    problems.warning(
      ['name'],
      'dns-name',
      `the name "${name}" may not be found over DNS: letters, digits and dashes are safe there`,
      'rename it if it is looked up over DNS',
    )
  } else if (name.length > labelLimit) {
    problems.warning(
      ['name'],
      'dns-name',
      `the name "${name}" cannot be found over DNS: it has ${name.length} letters, ${labelLimit} fit`,
      'shorten it if it is looked up over DNS',
    )
  }
}

function judgeAddress(address: string, problems: Problems): void {
  if (isWildcard(address))
    problems.error(['address'], 'bad-address', wildcard(address), "leave address out for the node's own address")
  else judgeForDns(address, ['address'], problems)
}

function judgeForDns(address: string, path: readonly string[], problems: Problems): void {
  const fault = addressFault(address)
  if (fault !== undefined) problems.warning(path, 'dns-address', fault.text, fault.hint)
}

function judgeTagged(tagged: NonNullable<WrittenService['tagged_addresses']>, problems: Problems): void {
  for (const [tag, { address, port = 0 }] of Object.entries(tagged)) {
    judgePort(port, ['tagged_addresses', tag, 'port'], problems)
    const path = ['tagged_addresses', tag, 'address']
    if (isWildcard(address))
      problems.error(path, 'bad-address', wildcard(address), 'write the address that others can reach')
    else judgeForDns(address, path, problems)
  }
}

function judgePort(port: number, path: readonly string[], problems: Problems): void {
  if (port < 0 || port > 65535) problems.error(path, 'out-of-range', `port is ${port}; 0 to 65535 are allowed`)
}

function judgeWeights({ weights }: WrittenService, problems: Problems): void {
  if (weights === undefined) return
  const { passing = 1, warning = 1 } = weights
  if (passing < 1 || passing > 65535)
    problems.error(['weights', 'passing'], 'out-of-range', `weight passing is ${passing}; 1 to 65535 are allowed`)
  if (warning < 0 || warning > 65535)
    problems.error(['weights', 'warning'], 'out-of-range', `weight warning is ${warning}; 0 to 65535 are allowed`)
}

const wildcard = (address: string): string =>
  `"${address}" is where a program listens, not an address that others can reach`
