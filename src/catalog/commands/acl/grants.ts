import {
  joinNodeIdentities,
  joinServiceIdentities,
  joinTemplatedPolicies,
  nodeIdentityFault,
  serviceIdentityFault,
  templatedPolicyFault,
  type NodeIdentity,
  type ServiceIdentity,
  type TemplatedPolicy,
} from '../../../acl/index.js'
import { invalidAcl } from '../../acl/names.js'
import type { Grants } from '../../acl/types.js'

/** A policy or role as somebody names it: by id, or where that is '' by name. */
export interface Link {
  readonly id: string
  readonly name: string
}

/** Where rights are to come from. */
export interface GrantsRequest {
  readonly policies: readonly Link[]
  readonly serviceIdentities: readonly ServiceIdentity[]
  readonly nodeIdentities: readonly NodeIdentity[]
  readonly templatedPolicies: readonly TemplatedPolicy[]
}

/** Most links of one kind in one token or role. People write some ten. */
const maxLinks = 1000

/**
 * What a token or role is granted beside its policies, each thing once, by name.
 * @throws MusterError ACL_INVALID in Consul's words
 */
export function resolveIdentities(
  { serviceIdentities, nodeIdentities, templatedPolicies }: Omit<GrantsRequest, 'policies'>,
  holder: 'token' | 'role',
  isLocal = false,
): Omit<Grants, 'policies'> {
  assertFew('service identities', serviceIdentities)
  assertFew('node identities', nodeIdentities)
  assertFew('templated policies', templatedPolicies)
  refuseFirst(serviceIdentities.map(identity => serviceIdentityFault(identity, holder, isLocal)))
  refuseFirst(nodeIdentities.map(identity => nodeIdentityFault(identity, holder)))
  refuseFirst(templatedPolicies.map(use => templatedPolicyFault(use, holder, isLocal)))
  return {
    serviceIdentities: joinServiceIdentities(serviceIdentities),
    nodeIdentities: joinNodeIdentities(nodeIdentities),
    templatedPolicies: joinTemplatedPolicies(templatedPolicies),
  }
}

/**
 * Ids of what is linked, each once, in the order given.
 * @throws MusterError ACL_INVALID in Consul's words, when one is not there
 */
export function resolveLinks(
  what: 'policy' | 'role',
  links: readonly Link[],
  there: {
    get(id: string): { readonly id: string } | undefined
    named(name: string): { readonly id: string } | undefined
  },
): readonly string[] {
  assertFew(what === 'policy' ? 'policies' : 'roles', links)
  const ids = links.map(({ id, name }) => {
    const found = id === '' ? there.named(name) : there.get(id)
    if (found !== undefined) return found.id
    throw invalidAcl(
      id === ''
        ? `No such ACL ${what} with name ${JSON.stringify(name)}`
        : `No such ACL ${what} with ID ${JSON.stringify(id)}`,
    )
  })
  return [...new Set(ids)]
}

function refuseFirst(faults: readonly (string | undefined)[]): void {
  const fault = faults.find(text => text !== undefined)
  if (fault !== undefined) throw invalidAcl(fault)
}

function assertFew(what: string, list: readonly unknown[]): void {
  if (list.length > maxLinks) throw invalidAcl(`${list.length} ${what} are given, at most ${maxLinks} are allowed`)
}
