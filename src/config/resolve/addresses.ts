import { isIP, isIPv4, isIPv6 } from 'node:net'
import { quote } from '../read/finding.js'
import type { Settings } from '../settings.js'
import { expandTemplates, privateAddresses, publicIpv6Addresses } from './address-template.js'
import type { InterfaceAddress } from './interface-address.js'
import type { Reader } from './reader.js'

type Interfaces = (() => readonly InterfaceAddress[]) | undefined

const loopback = '127.0.0.1'
const wildcards = new Set(['0.0.0.0', '::'])

/**
 * Listener and node addresses. `alone`: an agent that others need not reach. `interfaces` undefined: the network is not
 * asked, and 127.0.0.1 stands for what only it knows.
 */
export function resolveAddresses(
  reader: Reader,
  alone: boolean,
  interfaces: Interfaces,
): Pick<Settings, 'bindAddr' | 'advertiseAddr' | 'advertiseAddrWan' | 'clientAddrs' | 'addresses' | 'taggedAddresses'> {
  const bindAddr = resolveBind(reader, alone, interfaces)
  const advertiseAddr = resolveAdvertise(reader, bindAddr, interfaces)
  const clientAddrs = unique(listenerAddresses(reader, 'client_addr', interfaces, false))
  if (clientAddrs.length === 0) clientAddrs.push(loopback)
  const listener = (key: string, sockets: boolean): readonly string[] => {
    const own = unique(listenerAddresses(reader, key, interfaces, sockets))
    return own.length > 0 ? own : clientAddrs
  }
  return {
    bindAddr,
    advertiseAddr,
    clientAddrs,
    advertiseAddrWan: singleAddress(reader, 'advertise_addr_wan', interfaces) ?? advertiseAddr,
    addresses: { dns: listener('addresses.dns', false), http: listener('addresses.http', true), https: [] },
    taggedAddresses: resolveTagged(reader, interfaces),
  }
}

/**
 * A server that is alone needs no network: without a word about addresses it binds to the loopback one, so that a first
 * start on a laptop with several networks does not fail over which of them to tell others about.
 */
function resolveBind(reader: Reader, alone: boolean, interfaces: Interfaces): string {
  if (reader.written('bind_addr') === '')
    reader.report('bind_addr', {
      code: 'bad-address',
      message: 'bind_addr cannot be empty',
      hint: 'name an IP address, or leave it out',
    })
  return (
    singleAddress(reader, 'bind_addr', interfaces)
    ?? (alone && reader.text('advertise_addr') === '' ? loopback : '0.0.0.0')
  )
}

function resolveAdvertise(reader: Reader, bind: string, interfaces: Interfaces): string {
  const written = singleAddress(reader, 'advertise_addr', interfaces)
  if (written !== undefined) {
    if (!wildcards.has(written)) return written
    reader.report('advertise_addr', {
      code: 'bad-address',
      message: 'advertise_addr cannot be 0.0.0.0, :: or [::]',
      hint: 'name the address that others reach',
    })
    return loopback
  }
  if (!wildcards.has(bind)) return bind
  if (interfaces === undefined) return loopback
  return isIPv4(bind)
    ? onlyOne(reader, privateAddresses(interfaces()), 'private IPv4', 'advertise')
    : onlyOne(reader, publicIpv6Addresses(interfaces()), 'public IPv6', 'advertise')
}

function onlyOne(reader: Reader, found: readonly string[], kind: string, key: string): string {
  const [first] = found
  if (first !== undefined && found.length === 1) return first
  const hint = `write "${key}_addr": one of ${found.join(', ')}`
  if (first === undefined)
    reader.report('bind_addr', {
      code: 'no-address',
      message: `No ${kind} address found`,
      hint: 'write "advertise_addr": the address that others reach',
    })
  else
    reader.report('bind_addr', {
      code: 'many-addresses',
      message: `Multiple ${kind} addresses found. Please configure one with 'bind' and/or 'advertise'.`,
      hint,
    })
  return loopback
}

/** Keys that the agent fills in itself, from the advertise addresses. */
const derived = new Set(['lan', 'wan', 'lan_ipv4', 'lan_ipv6', 'wan_ipv4', 'wan_ipv6'])

function resolveTagged(reader: Reader, interfaces: Interfaces): Settings['taggedAddresses'] {
  const tagged: Record<string, string> = {}
  for (const [name, address] of Object.entries(reader.map('tagged_addresses'))) {
    const key = `tagged_addresses.${name}`
    if (derived.has(name)) {
      const use = name.startsWith('wan') ? 'advertise_addr_wan' : 'advertise_addr'
      reader.report(key, {
        severity: 'warning',
        code: 'ignored-key',
        message: `${quote(key)} is ignored: it is always the advertised address`,
        hint: `use "${use}"`,
      })
    } else tagged[name] = address
  }
  for (const [name, family] of [
    ['ipv4', 4],
    ['ipv6', 6],
    ['wan_ipv4', 4],
    ['wan_ipv6', 6],
  ] as const) {
    const key = `advertise_addr_${name}`
    const address = singleAddress(reader, key, interfaces)
    if (address === undefined) continue
    if (isIP(address) !== family)
      reader.report(key, {
        code: 'bad-address',
        message: `${quote(key)} must be an IPv${family} address, found ${quote(address)}`,
      })
    tagged[name.startsWith('wan') ? name : `lan_${name}`] = address
  }
  return tagged
}

/** One IP address under a key; undefined where nothing (or nothing right) stands there. */
export function singleAddress(reader: Reader, key: string, interfaces: Interfaces): string | undefined {
  const [first, second] = listenerAddresses(reader, key, interfaces, false)
  if (second !== undefined)
    reader.report(key, {
      code: 'bad-address',
      message: `${quote(key)} takes one address, found ${quote(reader.text(key))}`,
    })
  return first
}

/** The addresses under a key, templates replaced, each an IP without brackets or `unix://` where that is allowed. */
function listenerAddresses(reader: Reader, key: string, interfaces: Interfaces, sockets: boolean): string[] {
  return expandAddress(reader, key, reader.text(key), interfaces)
    .split(/\s+/)
    .filter(text => text !== '')
    .flatMap(text => {
      if (text.startsWith('unix://')) {
        if (sockets && text.length > 'unix://'.length) return [text]
        const what = key.endsWith('.dns') ? 'DNS address' : quote(key)
        reader.report(key, {
          code: 'bad-address',
          message: sockets ? `${text} names no path` : `${what} cannot be a unix socket`,
          hint: sockets ? 'write unix:///path' : 'name an IP address',
        })
        return []
      }
      const address = stripBrackets(text)
      if (isIP(address) !== 0) return [address]
      const hint =
        text === 'localhost'
          ? 'write "127.0.0.1"'
          : 'write an IP address, or a template such as {{ GetInterfaceIP "eth0" }}'
      reader.report(key, {
        code: 'bad-address',
        message: `${quote(key)} must be an IP address, found ${quote(text)}`,
        hint,
      })
      return []
    })
}

/**
 * A text with its address templates replaced; errors are reported under `key`. Empty where the network must not be
 * asked.
 */
export function expandAddress(reader: Reader, key: string, text: string, interfaces: Interfaces): string {
  if (!text.includes('{{') && !text.includes('}}')) return text
  const expanded = expandTemplates(text, interfaces)
  if (expanded.kind === 'error')
    reader.report(key, { code: 'bad-template', message: `${quote(key)}: ${expanded.message}`, hint: expanded.hint })
  return expanded.kind === 'text' ? expanded.text : ''
}

/** `[::1]` without its brackets. */
export const stripBrackets = (text: string): string =>
  text.startsWith('[') && text.endsWith(']') && isIPv6(text.slice(1, -1)) ? text.slice(1, -1) : text

const unique = (items: readonly string[]): string[] => [...new Set(items)]
