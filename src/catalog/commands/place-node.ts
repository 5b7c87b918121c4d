import { MusterError } from '../../common/errors.js'
import { serfHealthCheckId } from '../../common/health.js'
import { assertNodeName, checkKey } from '../keys.js'
import type { Node, NodeData } from '../types.js'
import type { Draft } from './draft.js'

/**
 * Writes a node under the rules of node identity: the id decides who a node is. A known id under a new name renames the
 * node, and what ran under the old name goes. A name that is in use by another id may be taken over when its owner is
 * down (serfHealth critical), has no agent (no serfHealth) or never had an id; else it is refused. A write without an
 * id says nothing about it, so a known one is kept.
 * @returns the spelling of the name to use for the node's services and checks
 * @throws MusterError CATALOG_NODE_NAME_TAKEN, CATALOG_NAME_TOO_LONG
 */
export function placeNode(draft: Draft, wanted: NodeData): string {
  assertNodeName(wanted.node)
  const holder = draft.nodeNamed(wanted.node)
  const known = wanted.id === '' ? undefined : draft.nodeWithId(wanted.id)
  const renamed = known !== undefined && known.node.toLowerCase() !== wanted.node.toLowerCase()
  if (holder !== undefined && wanted.id !== '' && holder.id.toLowerCase() !== wanted.id.toLowerCase()) {
    assertNameIsFree(draft, wanted, holder, renamed)
  }
  if (renamed) draft.deleteNode(known)
  const node = holder !== undefined && wanted.id === '' ? holder.node : wanted.node
  // These commands never leave services or checks without a node, so such leftovers come from another writer.
  if (holder === undefined) draft.deleteContents(wanted.node)
  draft.putNode({ ...wanted, node, id: wanted.id === '' ? (holder?.id ?? '') : wanted.id })
  if (holder !== undefined && holder.node !== node) respell(draft, holder, node)
  return node
}

function assertNameIsFree(draft: Draft, wanted: NodeData, holder: Node, renamed: boolean): void {
  if (holder.id === '' && !renamed) return
  const liveness = draft.state.checks.get(holder.node, serfHealthCheckId)
  // A node without this check has no agent. It was registered by an external program, which often uses a fresh id for
  // each registration.
  if (liveness === undefined) {
    draft.relyOnKey(checkKey(holder.node, serfHealthCheckId), undefined)
    return
  }
  if (liveness.status === 'critical') {
    draft.relyOn(liveness)
    return
  }
  const place = renamed ? ` (${wanted.address})` : ''
  throw new MusterError(
    'CATALOG_NODE_NAME_TAKEN',
    `failed inserting node: Error while renaming Node ID: "${wanted.id}"${place}: `
      + `Node name ${wanted.node} is reserved by node ${holder.id} with name ${holder.node} (${holder.address})`,
    {
      hint: 'choose another node name, or stop the other agent: its name is free once it has left or is seen as failed',
    },
  )
}

/** Upper and lower case of a node's own name changed: what runs on it shows the new spelling. */
function respell(draft: Draft, holder: Node, node: string): void {
  for (const service of draft.state.services.ofNode(holder.node)) draft.putService({ ...service, node })
  for (const check of draft.state.checks.ofNode(holder.node)) draft.putCheck({ ...check, node })
}
