import type { Draft } from '../commands/draft.js'
import { nodeIdFault } from '../commands/node-id.js'
import { placeNode } from '../commands/place-node.js'
import { completeCheck, completeService } from '../commands/register.js'
import { checkKey, nodeKey, serviceKey } from '../keys.js'
import type { Check, Node, Service } from '../types.js'
import { failure, quoted } from './failure.js'
import type { After } from './kv-verbs.js'
import type { CheckOp, NodeOp, ServiceOp, TxnResult } from './types.js'

const none: After = () => []

/** Puts one operation on a node into a draft. @throws MusterError when it fails */
export function runNodeOp(draft: Draft, { verb, node: wanted, index }: NodeOp): After {
  const { node: name, id } = wanted
  if (verb === 'get') {
    const found = id === '' ? draft.nodeNamed(name) : draft.nodeWithId(id)
    if (found === undefined) throw failure(`node ${quoted(name)} doesn't exist`)
    draft.relyOnKey(nodeKey(found.node), found.modified)
    return () => node(found)
  }
  if (!['set', 'cas', 'delete', 'delete-cas'].includes(verb)) throw failure(`unknown Node verb ${quoted(verb)}`)
  if (name === '') throw failure('Must provide node')
  const fault = id === '' ? undefined : nodeIdFault(id)
  if (fault !== undefined) throw failure(`Bad node ID: ${fault}`)
  const standing = draft.nodeNamed(name)
  if (verb === 'cas' && !matches(draft, nodeKey(name), standing, index))
    throw failure(`failed to set node ${quoted(name)}, index is stale`)
  if (verb === 'delete-cas' && (index === 0 || !matches(draft, nodeKey(name), standing, index))) {
    throw failure(`failed to delete node ${quoted(name)}, index is stale`)
  }
  if (verb.startsWith('delete')) {
    if (standing !== undefined) draft.deleteNode(standing)
    return none
  }
  const placed = placeNode(draft, wanted)
  return state => node(state.nodes.find(placed))
}

/** Puts one operation on a service into a draft. @throws MusterError when it fails */
export function runServiceOp(draft: Draft, { verb, node: on, service: given, index }: ServiceOp): After {
  const id = given.id === undefined || given.id === '' ? (given.name ?? '') : given.id
  const standing = draft.state.services.get(on, id)
  const which = `service ${quoted(id)} on node ${quoted(on)}`
  switch (verb) {
    case 'get':
      if (standing === undefined) throw failure(`${which} doesn't exist`)
      draft.relyOnKey(serviceKey(on, id), standing.modified)
      return () => service(standing)
    case 'delete-cas':
      if (index === 0 || !matches(draft, serviceKey(on, id), standing, index))
        throw failure(`failed to delete ${which}, index is stale`)
      break
    case 'cas':
      if (!matches(draft, serviceKey(on, id), standing, index)) throw failure(`failed to set ${which}, index is stale`)
      break
    case 'set':
    case 'delete':
      break
    default:
      throw failure(`unknown Service verb ${quoted(verb)}`)
  }
  if (verb.startsWith('delete')) {
    if (standing !== undefined) draft.deleteService(standing)
    return none
  }
  const complete = completeService(given)
  const owner = ownerOf(draft, on)
  draft.putService({ ...complete, node: owner })
  return state => service(state.services.get(owner, complete.id))
}

/** Puts one operation on a check into a draft. @throws MusterError when it fails */
export function runCheckOp(draft: Draft, { verb, check: given, index }: CheckOp): After {
  const on = given.node ?? ''
  const id = given.id === undefined || given.id === '' ? (given.name ?? '') : given.id
  const standing = draft.state.checks.get(on, id)
  const which = `check ${quoted(id)} on node ${quoted(on)}`
  switch (verb) {
    case 'get':
      if (standing === undefined) throw failure(`${which} doesn't exist`)
      draft.relyOnKey(checkKey(on, id), standing.modified)
      return () => check(standing)
    case 'delete-cas':
      if (index === 0 || !matches(draft, checkKey(on, id), standing, index))
        throw failure(`failed to delete ${which}, index is stale`)
      break
    case 'cas':
      if (!matches(draft, checkKey(on, id), standing, index)) throw failure(`failed to set ${which}, index is stale`)
      break
    case 'set':
    case 'delete':
      break
    default:
      throw failure(`unknown Check verb ${quoted(verb)}`)
  }
  if (verb.startsWith('delete')) {
    if (standing !== undefined) draft.deleteCheck(standing)
    return none
  }
  const owner = ownerOf(draft, on)
  const { serviceId = '' } = given
  if (serviceId !== '' && draft.state.services.get(owner, serviceId) === undefined)
    throw failure('Missing service registration')
  // Unlike a registration, a transaction stores the type as it was given.
  const complete = { ...completeCheck(given, on), type: given.type ?? '', node: owner }
  draft.putCheck(complete)
  return state => check(state.checks.get(owner, complete.id))
}

/** The registered spelling of a node's name; the node must be there when this is committed. */
function ownerOf(draft: Draft, name: string): string {
  const found = draft.nodeNamed(name)
  if (found === undefined) throw failure('Missing node registration')
  draft.requireNode(found.node)
  return found.node
}

/** Whether an entry was last changed at `index`; 0: whether there is none. The plan then relies on that. */
function matches(draft: Draft, key: string, standing: Node | Service | Check | undefined, index: number): boolean {
  if ((standing?.modified ?? 0) !== index) return false
  draft.relyOnKey(key, standing?.modified)
  return true
}

const node = (entry: Node | undefined): readonly TxnResult[] => (entry === undefined ? [] : [{ kind: 'node', entry }])
const service = (entry: Service | undefined): readonly TxnResult[] =>
  entry === undefined ? [] : [{ kind: 'service', entry }]
const check = (entry: Check | undefined): readonly TxnResult[] =>
  entry === undefined ? [] : [{ kind: 'check', entry }]
