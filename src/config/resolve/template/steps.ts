import { compileRegex } from '../../../common/regex.js'
import { alternatives, quote } from '../../read/finding.js'
import { addressFlags, attributes, byNetwork, entryText, interfaceFlags, orders, sorted } from './entries.js'
import type { Entry, Order } from './entries.js'
import { bitsOf } from './ip-address.js'
import { isForwardable, isOfRfc, knownRfcs } from './special-networks.js'

/** What is wrong with a template, and what would be right. */
export class TemplateFault extends Error {
  constructor(
    message: string,
    readonly hint: string,
  ) {
    super(message)
  }
}

type Filter = (entries: readonly Entry[]) => readonly Entry[]

/**
 * A function of templates: how many arguments it takes, and what it makes of them. Throws {@link TemplateFault} for bad
 * ones.
 */
type Step =
  | { readonly kind: 'source'; readonly takes: 0; readonly make: () => Filter }
  | { readonly kind: 'filter'; readonly takes: 1 | 2; readonly make: (first: string, second: string) => Filter }
  | {
      readonly kind: 'text'
      readonly takes: 1 | 2
      readonly make: (first: string, second: string) => (entries: readonly Entry[]) => string
    }
  /** Begins and ends a template alone. */
  | {
      readonly kind: 'whole'
      readonly takes: 0 | 1
      readonly make: (first: string) => (entries: readonly Entry[]) => string
    }

const preferred: readonly Order[] = ['default', 'type', 'size'].flatMap(name => orders[name] ?? [])
const reachable: Filter = entries =>
  sorted(
    entries.filter(({ ip, flags }) => isForwardable(ip) && (flags & interfaceFlags.up) !== 0),
    preferred,
  )
const privateOnes: Filter = entries => reachable(entries).filter(({ ip }) => isOfRfc('6890', ip))
const publicOnes: Filter = entries => reachable(entries).filter(({ ip }) => !isOfRfc('6890', ip))

/** The interface of that name, or where there is none those that the expression matches, as go-sockaddr has it. */
function ofInterface(name: string): Filter {
  const matches = expression(name)
  return entries => {
    const named = entries.filter(entry => entry.name === name)
    const found = named.length > 0 ? named : entries.filter(entry => matches(entry.name) && isForwardable(entry.ip))
    // Link-local addresses need a zone that a plain address cannot carry.
    return sorted(
      found.filter(entry => addressFlags['link-local unicast']?.(entry) !== true),
      ['type', 'size'].flatMap(order => orders[order] ?? []),
    )
  }
}

const addressOf = (entry: Entry | undefined): string => (entry === undefined ? '' : (attributes.address?.(entry) ?? ''))
const one =
  (filter: Filter) =>
  (entries: readonly Entry[]): string =>
    addressOf(filter(entries)[0])
const all =
  (filter: Filter) =>
  (entries: readonly Entry[]): string =>
    filter(entries).map(addressOf).join(' ')

/** Every function that is understood, by name. */
export const steps: ReadonlyMap<string, Step> = new Map<string, Step>([
  ['GetAllInterfaces', { kind: 'source', takes: 0, make: () => entries => entries }],
  [
    'GetDefaultInterfaces',
    { kind: 'source', takes: 0, make: () => entries => entries.filter(({ isDefault }) => isDefault) },
  ],
  ['GetPrivateInterfaces', { kind: 'source', takes: 0, make: () => privateOnes }],
  ['GetPublicInterfaces', { kind: 'source', takes: 0, make: () => publicOnes }],
  ['GetPrivateIP', { kind: 'whole', takes: 0, make: () => one(privateOnes) }],
  ['GetPrivateIPs', { kind: 'whole', takes: 0, make: () => all(privateOnes) }],
  ['GetPublicIP', { kind: 'whole', takes: 0, make: () => one(publicOnes) }],
  ['GetPublicIPs', { kind: 'whole', takes: 0, make: () => all(publicOnes) }],
  ['GetInterfaceIP', { kind: 'whole', takes: 1, make: name => one(ofInterface(name)) }],
  ['GetInterfaceIPs', { kind: 'whole', takes: 1, make: name => all(ofInterface(name)) }],
  [
    'include',
    {
      kind: 'filter',
      takes: 2,
      make: (by, what) => {
        const wanted = matcher(by, what)
        return entries => entries.filter(wanted)
      },
    },
  ],
  [
    'exclude',
    {
      kind: 'filter',
      takes: 2,
      make: (by, what) => {
        const unwanted = matcher(by, what)
        return entries => entries.filter(entry => !unwanted(entry))
      },
    },
  ],
  [
    'sort',
    {
      kind: 'filter',
      takes: 1,
      make: by => {
        const wanted = by.split(',').map(orderOf)
        return entries => sorted(entries, wanted)
      },
    },
  ],
  [
    'limit',
    {
      kind: 'filter',
      takes: 1,
      make: text => {
        const max = wholeNumber('limit', text, /^\d+$/)
        return entries => entries.slice(0, max)
      },
    },
  ],
  [
    'offset',
    {
      kind: 'filter',
      takes: 1,
      make: text => {
        const from = wholeNumber('offset', text, /^-?\d+$/)
        return entries => entries.slice(from)
      },
    },
  ],
  ['unique', { kind: 'filter', takes: 1, make: unique }],
  [
    'attr',
    {
      kind: 'text',
      takes: 1,
      make: name => {
        const read = attribute(name)
        return entries => (entries[0] === undefined ? '' : (read(entries[0]) ?? ''))
      },
    },
  ],
  [
    'join',
    {
      kind: 'text',
      takes: 2,
      make: (name, separator) => {
        const read = attribute(name)
        return entries => entries.flatMap(entry => read(entry) ?? []).join(separator)
      },
    },
  ],
])

function matcher(by: string, what: string): (entry: Entry) => boolean {
  const words = what.toLowerCase().split('|')
  switch (by.toLowerCase()) {
    case 'address': {
      const matches = expression(what)
      return entry => matches(entryText(entry))
    }
    case 'name': {
      const matches = expression(what)
      return ({ name }) => matches(name)
    }
    case 'flag':
    case 'flags':
      return flagMatcher(words)
    case 'network':
      return (
        byNetwork(what)
        ?? fault(`${quote(what)} is no network`, 'write e.g. "10.0.0.0/8", several with "|" between them')
      )
    case 'port': {
      const matches = expression(what)
      return () => matches('0')
    }
    case 'rfc':
    case 'rfcs': {
      const unknown = words.find(rfc => !knownRfcs.includes(rfc))
      return unknown === undefined
        ? ({ ip }) => words.some(rfc => isOfRfc(rfc, ip))
        : fault(`RFC ${quote(unknown)} is not known`, `known are ${knownRfcs.join(', ')}`)
    }
    case 'size': {
      const bits = wholeNumber('size', what, /^\d+$/)
      return ({ ip }) => ip.prefix === bits
    }
    case 'type': {
      const unknown = words.find(type => !['ip', 'ipv4', 'ipv6', 'unix'].includes(type))
      if (unknown !== undefined) return fault(`the type ${quote(unknown)} is not known`, 'write IP, IPv4 or IPv6')
      return ({ ip }) => words.includes('ip') || words.includes(`ipv${ip.family}`)
    }
    default:
      return fault(
        `${quote(by)} is nothing to choose by`,
        `choose by ${alternatives(['address', 'flags', 'name', 'network', 'port', 'rfc', 'size', 'type'])}`,
      )
  }
}

/**
 * Of several flags an interface must have all that are about interfaces; or its address one of those about addresses.
 */
function flagMatcher(words: readonly string[]): (entry: Entry) => boolean {
  const bits: Readonly<Record<string, number>> = interfaceFlags
  const known = [...new Set([...Object.keys(bits), ...Object.keys(addressFlags), 'down'])]
  const unknown = words.find(word => !known.includes(word))
  if (unknown !== undefined) return fault(`the flag ${quote(unknown)} is not known`, `known are ${known.join(', ')}`)
  const ofInterfaces = words.filter(word => bits[word] !== undefined)
  const wanted = ofInterfaces.reduce((sum, word) => sum | (bits[word] ?? 0), 0)
  const ofAddresses = words.flatMap(word => addressFlags[word] ?? [])
  return entry =>
    (ofInterfaces.length > 0 && (entry.flags & wanted) === wanted)
    || (words.includes('down') && (entry.flags & interfaceFlags.up) === 0)
    || ofAddresses.some(matches => matches(entry))
}

function orderOf(clause: string): Order {
  const [, sign, name = ''] = /^\s*([+-]?)(\w+)\s*$/.exec(clause.toLowerCase()) ?? []
  const order = orders[name]
  if (order === undefined)
    return fault(
      `${quote(clause)} is nothing to sort by`,
      `sort by ${alternatives(Object.keys(orders))}, with "-" before it for the other way round`,
    )
  return sign === '-' ? (a, b) => order(b, a) : order
}

function unique(by: string): Filter {
  if (by !== 'address' && by !== 'name')
    return fault(`${quote(by)} is nothing to be unique by`, 'write "address" or "name"')
  const read = attribute(by)
  return entries => entries.filter((entry, i) => i === 0 || read(entry) !== read(entries[i - 1] ?? entry))
}

function attribute(name: string): (entry: Entry) => string | undefined {
  const read = Object.hasOwn(attributes, name.toLowerCase()) ? attributes[name.toLowerCase()] : undefined
  return read ?? fault(`${quote(name)} is no attribute`, `the attributes are ${Object.keys(attributes).join(', ')}`)
}

function wholeNumber(what: string, text: string, form: RegExp): number {
  return form.test(text) && Number(text) <= Math.max(bitsOf(6), 1_000_000)
    ? Number(text)
    : fault(`${what} takes a whole number, found ${quote(text)}`, `write e.g. ${what} 1`)
}

function expression(source: string): (text: string) => boolean {
  try {
    const regex = compileRegex(source)
    return text => regex.test(text)
  } catch {
    return fault(`${quote(source)} is no regular expression`, 'write it as for Go (RE2)')
  }
}

function fault(message: string, hint: string): never {
  throw new TemplateFault(message, hint)
}
