import { sameData } from '../../../common/plain-data.js'
import { isUuid } from '../../../common/uuid.js'
import { readRules } from '../../../acl/index.js'
import { encodePolicy } from '../../acl/acl-codec.js'
import { assertNamed, invalidAcl } from '../../acl/names.js'
import { managementPolicyId } from '../../acl/types.js'
import type { Policy, PolicyData } from '../../acl/types.js'
import type { Command } from '../../api.js'
import { withoutRevisions } from '../../fields.js'
import { aclPolicyKey, aclPolicyNameKey } from '../../keys.js'
import { drafted } from '../draft.js'
import { namedWrites } from './named.js'

/**
 * Creates a policy under a new id. The result is the id. Refused with ACL_INVALID or ACL_RULES_INVALID, in
 * Consul's words.
 */
export const createPolicy =
  (data: PolicyData): Command<string> =>
  state =>
    drafted(draft => {
      assertNamed('Policy', data.name, data.description)
      if (state.policies.named(data.name) !== undefined)
        throw invalidAcl(`Invalid Policy: A Policy with Name ${JSON.stringify(data.name)} already exists`)
      readRules(data.rules)
      policyWrites.put(draft, data, undefined)
      return data.id
    })(state)

/**
 * Puts a policy in the place of the one with its id. Written only when it differs. Refused as {@link createPolicy}
 * does, when there is none, and when what is builtin would change.
 */
export const updatePolicy =
  (data: PolicyData): Command<string> =>
  state =>
    drafted(draft => {
      assertNamed('Policy', data.name, data.description)
      if (!isUuid(data.id)) throw invalidAcl('Policy ID invalid UUID')
      const standing = state.policies.get(data.id)
      if (standing === undefined) throw invalidAcl(`cannot find policy ${data.id}`)
      const holder = state.policies.named(data.name)
      if (holder !== undefined && holder.id !== standing.id)
        throw invalidAcl(`Invalid Policy: A policy with name ${JSON.stringify(data.name)} already exists`)
      if (standing.id === managementPolicyId) assertStillManages(standing, data)
      readRules(data.rules)
      const after = { ...data, id: standing.id }
      if (!sameData(withoutRevisions(standing), after)) policyWrites.put(draft, after, standing)
      return standing.id
    })(state)

/** Deletes a policy; links to it say nothing from then on. One that is not there is fine. Refused for the builtin. */
export const deletePolicy =
  (id: string): Command<true> =>
  state =>
    drafted(draft => {
      if (id.toLowerCase() === managementPolicyId)
        throw invalidAcl('Delete operation not permitted on the builtin global-management policy')
      const standing = state.policies.get(id)
      if (standing !== undefined) policyWrites.remove(draft, standing)
      return true as const
    })(state)

function assertStillManages(standing: Policy, { datacenters, rules }: PolicyData): void {
  const what = datacenters.length > 0 ? 'Datacenters' : rules === standing.rules ? undefined : 'Rules'
  if (what !== undefined)
    throw invalidAcl(`Changing the ${what} for the builtin global-management policy is not permitted`)
}

/** Writes a policy and takes its name, or removes both; nothing is judged. */
export const policyWrites = namedWrites<PolicyData>(aclPolicyKey, aclPolicyNameKey, encodePolicy)
