import { isIP, isIPv6 } from 'node:net'

/** Why an address gives no DNS answer, and what to write. */
export interface AddressFault {
  readonly text: string
  readonly hint: string
}

/** Most letters of a host name (RFC 1035, 2.3.4). */
const maxNameLength = 253
/** A label of a host name (RFC 1123, 2.1), with the underscore that many have in fact. */
const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i

/**
 * Why DNS cannot answer with an address: it is neither an IP address nor a host name. Undefined for a valid one, and
 * for an empty one, which falls back to the node's. HTTP shows the text in any case.
 */
export function addressFault(address: string): AddressFault | undefined {
  if (address === '' || isPlainIp(address)) return undefined
  const fault = (why: string, hint: string): AddressFault => ({
    text: `${shown(address)} cannot be answered over DNS: ${why}`,
    hint,
  })
  if (/\s/.test(address)) return fault('it holds blanks', 'write one IP address or one host name')
  if (address.includes('://')) return fault('it is a URL', 'write the host alone, and its port into "port"')
  if (address.includes('%') && isIP(address) === 6)
    return fault('the zone behind "%" means something on this machine only', 'write an address that others can reach')
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(address)
  if (bracketed !== null && isIPv6(bracketed[1] ?? '')) {
    const [, inside = '', port] = bracketed
    return fault(port === undefined ? 'it has brackets' : 'it has brackets and a port', withPort(inside, port))
  }
  const [, host = '', port] = /^([^:]+):(\d+)$/.exec(address) ?? []
  if (port !== undefined) return fault('it has a port', withPort(host, port))
  return nameFault(address, fault)
}

function nameFault(address: string, fault: (why: string, hint: string) => AddressFault): AddressFault | undefined {
  const name = address.replace(/\.$/, '')
  const hint = 'write an IP address or a host name'
  if (name.length > maxNameLength)
    return fault(`a host name has ${maxNameLength} letters at most, this one has ${name.length}`, hint)
  if (/^[\d.]+$/.test(name)) return fault('it is no IPv4 address', hint)
  const bad = name.split('.').find(part => !label.test(part))
  if (bad === undefined) return undefined
  return fault(
    bad === ''
      ? 'a part between two dots is empty'
      : bad.length > 63
        ? 'a part between two dots has more than 63 letters'
        : `${shown(bad)} is no part of a host name`,
    hint,
  )
}

const isPlainIp = (address: string): boolean => isIP(address) !== 0 && !address.includes('%')

const withPort = (host: string, port: string | undefined): string =>
  `write "address": "${host}"${port === undefined ? '' : `, "port": ${port}`}`

const shown = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text)
