import { managementPolicy } from '../../acl/management.js'
import { invalidAcl, permissionDenied } from '../../acl/names.js'
import { anonymousAccessor, anonymousSecret, managementPolicyId } from '../../acl/types.js'
import type { TokenData } from '../../acl/types.js'
import type { Revision } from '../../../store/index.js'
import type { Command } from '../../api.js'
import { aclBootstrapKey } from '../../keys.js'
import { drafted } from '../draft.js'
import type { KeyDraft } from '../key-draft.js'
import { policyWrites } from './policy.js'
import { putToken, type TokenIds } from './token-writes.js'

const nothing = new Uint8Array(0)

/**
 * Creates the first token, which may do everything. The result is its accessor. Refused once there was one (403),
 * unless the index is given that the refusal names; a wrong one is refused with ACL_INVALID.
 * @param resetIndex what an operator wrote into the file that allows another; undefined where there is none
 */
export const bootstrapAcl =
  (made: TokenIds, now: number, resetIndex?: number): Command<string> =>
  state =>
    drafted(draft => {
      const done = state.aclBootstrap.get('done')
      if (done !== undefined && resetIndex === undefined)
        throw permissionDenied(`ACL bootstrap no longer allowed (reset index: ${done})`)
      if (done !== undefined && resetIndex !== done)
        throw invalidAcl(`Invalid bootstrap reset index (specified ${resetIndex}, reset index: ${done})`)
      markBootstrapped(draft, done)
      putToken(draft, managementToken(made, 'Bootstrap Token (Global Management)', now))
      return made.accessor
    })(state)

/** What is founded. */
export interface AclFounding {
  /** In ms since 1970. */
  readonly now: number
  /** A token from the configuration that may do everything, with an accessor for it where it is new. */
  readonly initial?: TokenIds
}

/**
 * Founds and repairs what is builtin, as a new leader does: the policy that allows everything, the token of those who
 * bring none, and the token that the configuration names, which takes the place of the first one. The result tells
 * whether anything was written.
 */
export const foundAcl =
  ({ now, initial }: AclFounding): Command<boolean> =>
  state =>
    drafted(draft => {
      const standing = state.policies.get(managementPolicyId)
      const { rules, datacenters } = managementPolicy
      if (standing === undefined) policyWrites.put(draft, managementPolicy, undefined)
      else if (standing.rules !== rules || standing.datacenters.length > 0)
        policyWrites.put(draft, { ...managementPolicy, ...standing, rules, datacenters }, standing)
      if (state.tokens.get(anonymousAccessor) === undefined) putToken(draft, anonymousToken(now))
      if (initial !== undefined && state.tokens.withSecret(initial.secret) === undefined) {
        putToken(draft, { ...managementToken(initial, 'Master Token', now), type: 'management' })
        if (!state.aclBootstrap.has('done')) markBootstrapped(draft, undefined)
      }
      return draft.size > 0
    })(state)

function markBootstrapped(draft: KeyDraft, done: Revision | undefined): void {
  draft.relyOnKey(aclBootstrapKey, done)
  draft.put(aclBootstrapKey, nothing)
}

const anonymousToken = (now: number): TokenData => ({
  ...withoutRights,
  accessor: anonymousAccessor,
  secret: anonymousSecret,
  description: 'Anonymous Token',
  createTime: now,
})

const managementToken = ({ accessor, secret }: TokenIds, description: string, now: number): TokenData => ({
  ...withoutRights,
  accessor,
  secret,
  description,
  policies: [managementPolicyId],
  createTime: now,
})

const withoutRights = {
  policies: [],
  serviceIdentities: [],
  nodeIdentities: [],
  templatedPolicies: [],
  roles: [],
  local: false,
  type: '',
  rules: '',
} as const
