import { configKeys } from '../../generated/keys.js'
import type { KeyNode } from '../../generated/keys.js'
import type { ListKeys } from './syntax/index.js'

/** Where a value stands inside a file: keys, and indexes of lists. */
export type Path = readonly (string | number)[]

/** The keys of a file that declare something; all others are settings of the agent. */
export const declaringKeys: ReadonlySet<string> = new Set([
  'service',
  'services',
  'check',
  'checks',
  'watches',
  '$schema',
])

/**
 * The key of an object under the name as a file spells it. Keys are matched without regard to case, as Consul does it;
 * a key that is spelled exactly costs one look-up.
 */
export function findKey(node: KeyNode, name: string): { readonly name: string; readonly node: KeyNode } | undefined {
  if (node.keys === undefined) return undefined
  const exact = ownKey(node.keys, name)
  if (exact !== undefined) return { name, node: exact }
  const lower = name.toLowerCase()
  const found = ownKey(node.keys, lower)
  return found === undefined ? undefined : { name: lower, node: found }
}

const ownKey = (keys: Readonly<Record<string, KeyNode>>, name: string): KeyNode | undefined =>
  Object.hasOwn(keys, name) ? keys[name] : undefined

/**
 * What the schemas say about the value at the end of `path`, from the root of a file; undefined where they say nothing.
 */
export function nodeAt(path: Path): KeyNode | undefined {
  let node: KeyNode | undefined = configKeys
  for (const step of path) {
    if (node === undefined) return undefined
    node = typeof step === 'number' || node.kind !== 'object' ? node.item : findKey(node, step)?.node
  }
  return node
}

/** Tells the HCL reader which repeated blocks are lists. */
export const listKeys: ListKeys = path => {
  const node = nodeAt(path)
  if (node === undefined || node.kind === 'scalar') return 'unknown'
  return node.kind === 'list' ? 'list' : 'object'
}

/** The declaration or setting that a path lies in: `services/3`, `check`, `dns_config`. */
export const partOf = ([first, second]: Path): string =>
  second !== undefined && (first === 'services' || first === 'checks' || first === 'watches')
    ? `${first}/${second}`
    : String(first)

/** A path as people write it: `service.checks[0].interval`. */
export function dotted(path: Path): string {
  let text = ''
  for (const step of path) text += typeof step === 'number' ? `[${step}]` : text === '' ? step : `.${step}`
  return text
}
