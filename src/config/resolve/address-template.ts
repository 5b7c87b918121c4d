import { isIPv4 } from 'node:net'

/** An address of this machine. */
export interface InterfaceAddress { readonly name: string; readonly address: string; readonly family: 4 | 6 }

/** A text whose templates are replaced; `unknown` when that needs the network and it must not be asked. */
export type Expanded = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'unknown' } | { readonly kind: 'error'; readonly message: string; readonly hint: string }

const template = /\{\{(.*?)\}\}/gs

/** The templates that are understood, for hints. */
const supported = '{{ GetPrivateIP }}, {{ GetPublicIP }}, {{ GetInterfaceIP "eth0" }} and their plural forms'

/**
 * Replaces go-sockaddr templates such as `{{ GetInterfaceIP "eth0" }}` by addresses of this machine. A plural form gives
 * all addresses, separated by spaces. `interfaces` undefined: only the form of the templates is judged.
 */
export function expandTemplates(text: string, interfaces: (() => readonly InterfaceAddress[]) | undefined): Expanded {
  let expanded = ''
  let end = 0
  let unknown = false
  for (const match of text.matchAll(template)) {
    const result = evaluate((match[1] ?? '').trim(), interfaces)
    if (result.kind === 'error') return result
    if (result.kind === 'unknown') unknown = true
    else expanded += text.slice(end, match.index) + result.text
    end = match.index + match[0].length
  }
  if (unknown) return { kind: 'unknown' }
  const rest = text.slice(end)
  if (/\{\{|\}\}/.test(rest)) return { kind: 'error', message: 'a template is opened by "{{" and closed by "}}"', hint: `${supported} are understood` }
  return { kind: 'text', text: expanded + rest }
}

function evaluate(expression: string, interfaces: (() => readonly InterfaceAddress[]) | undefined): Expanded {
  const match = /^(Get(?:Private|Public|Interface)IPs?)(?:\s+"([^"]*)")?$/.exec(expression)
  const [, call = '', name] = match ?? []
  if (match === null || call.startsWith('GetInterface') !== (name !== undefined)) {
    return { kind: 'error', message: `the template {{ ${expression} }} is not understood`, hint: `${supported} are` }
  }
  if (interfaces === undefined) return { kind: 'unknown' }
  const all = interfaces()
  const found = call.startsWith('GetPrivate') ? privateAddresses(all) : call.startsWith('GetPublic') ? publicAddresses(all) : ofInterface(all, name ?? '')
  if (found.length > 0) return { kind: 'text', text: call.endsWith('s') ? found.join(' ') : found[0] ?? '' }
  const names = [...new Set(all.map(address => address.name))].join(', ')
  return { kind: 'error', message: `the template {{ ${expression} }} finds no address on this machine`, hint: `its interfaces are ${names}` }
}

/** IPv4 before IPv6, in the machine's order; link-local ones need a zone that a plain address cannot carry. */
const ofInterface = (all: readonly InterfaceAddress[], name: string): string[] => [4, 6].flatMap(family =>
  all.filter(address => address.name === name && address.family === family && !/^fe80:/i.test(address.address)).map(({ address }) => address))

/** IPv4 addresses of networks that are not routed on the internet (RFC 6890), without loopback and link-local ones. */
export const privateAddresses = (all: readonly InterfaceAddress[]): string[] => addresses(all).filter(isPrivate)

/** IPv4 addresses that are routed on the internet. */
const publicAddresses = (all: readonly InterfaceAddress[]): string[] => addresses(all).filter(address => !isPrivate(address) && !isLocal(address))

/** IPv6 addresses that are routed on the internet. */
export const publicIpv6Addresses = (all: readonly InterfaceAddress[]): string[] =>
  all.filter(({ family, address }) => family === 6 && /^[23]/.test(address)).map(({ address }) => address)

const addresses = (all: readonly InterfaceAddress[]): string[] => all.map(({ address }) => address).filter(address => isIPv4(address))
const isPrivate = (address: string): boolean => /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/.test(address)
const isLocal = (address: string): boolean => /^(127\.|169\.254\.|0\.)/.test(address)
