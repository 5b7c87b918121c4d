import { isIPv4 } from 'node:net'
import type { InterfaceAddress } from './interface-address.js'
import { entriesOf } from './template/entries.js'
import { compileTemplate } from './template/pipeline.js'
import type { Template } from './template/pipeline.js'
import { TemplateFault } from './template/steps.js'

/** A text whose templates are replaced; `unknown` when that needs the network and it must not be asked. */
export type Expanded =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'error'; readonly message: string; readonly hint: string }

const template = /\{\{(?:-\s)?(.*?)(?:\s-)?\}\}/gs

/**
 * Replaces go-sockaddr templates such as `{{ GetInterfaceIP "eth0" }}` by addresses of this machine. A plural form
 * gives all addresses, separated by spaces. `interfaces` undefined: only the form of the templates is judged.
 */
export function expandTemplates(text: string, interfaces: (() => readonly InterfaceAddress[]) | undefined): Expanded {
  let expanded = ''
  let end = 0
  for (const match of text.matchAll(template)) {
    const result = evaluate((match[1] ?? '').trim(), interfaces)
    if (result.kind === 'error') return result
    if (result.kind === 'text') expanded += text.slice(end, match.index) + result.text
    end = match.index + match[0].length
  }
  const rest = text.slice(end)
  if (/\{\{|\}\}/.test(rest))
    return {
      kind: 'error',
      message: 'a template is opened by "{{" and closed by "}}"',
      hint: 'write e.g. {{ GetPrivateIP }}',
    }
  return end > 0 && interfaces === undefined ? { kind: 'unknown' } : { kind: 'text', text: expanded + rest }
}

function evaluate(expression: string, interfaces: (() => readonly InterfaceAddress[]) | undefined): Expanded {
  const compiled = compile(expression)
  if (typeof compiled !== 'function') return compiled
  if (interfaces === undefined) return { kind: 'unknown' }
  const all = interfaces()
  const text = compiled(entriesOf(all))
  if (text !== '') return { kind: 'text', text }
  const names = [...new Set(all.map(address => address.name))].join(', ')
  return {
    kind: 'error',
    message: `the template {{ ${expression} }} finds no address on this machine`,
    hint: `its interfaces are ${names}`,
  }
}

function compile(expression: string): Template | Extract<Expanded, { kind: 'error' }> {
  try {
    return compileTemplate(expression)
  } catch (error) {
    if (!(error instanceof TemplateFault)) throw error
    return { kind: 'error', message: error.message, hint: error.hint }
  }
}

/** IPv4 addresses of networks that are not routed on the internet (RFC 6890), without loopback and link-local ones. */
export const privateAddresses = (all: readonly InterfaceAddress[]): string[] => addresses(all).filter(isPrivate)

/** IPv6 addresses that are routed on the internet. */
export const publicIpv6Addresses = (all: readonly InterfaceAddress[]): string[] =>
  all.filter(({ family, address }) => family === 6 && /^[23]/.test(address)).map(({ address }) => address)

const addresses = (all: readonly InterfaceAddress[]): string[] =>
  all.map(({ address }) => address).filter(address => isIPv4(address))
const isPrivate = (address: string): boolean =>
  /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/.test(address)
