import { readRules } from '../../../acl/index.js'
import { errorMessage } from '../../../common/errors.js'
import { sameData } from '../../../common/plain-data.js'
import { invalidAcl, isRootName, permissionDenied } from '../../acl/names.js'
import { anonymousSecret, managementPolicyId } from '../../acl/types.js'
import type { TokenData } from '../../acl/types.js'
import type { Command } from '../../api.js'
import { withoutRevisions } from '../../fields.js'
import { drafted } from '../draft.js'
import { isLegacy } from './token.js'
import { putToken, removeToken } from './token-writes.js'

/** A token as the first ACL system has it: `id` is its secret, `rules` what it may. */
export interface LegacyTokenRequest {
  readonly id: string
  readonly name: string
  /** What the client wrote: `client`, `management`, or '' for a client. */
  readonly type: string
  readonly rules: string
}

/**
 * Writes a token of the first ACL system, or puts it in the place of the one with its id. The result is the id. Refused
 * with ACL_INVALID, in Consul's words.
 * @param accessor for a token that is new
 */
export const putLegacyToken =
  (request: LegacyTokenRequest, accessor: string, now: number): Command<string> =>
  state =>
    drafted(draft => {
      const { id, name, rules } = request
      if (isRootName(id)) throw permissionDenied('Cannot modify root ACL')
      const type = request.type === '' ? 'client' : request.type
      if (type !== 'client' && type !== 'management') throw invalidAcl('Invalid ACL Type')
      const standing = state.tokens.withSecret(id)
      if (standing !== undefined && !isLegacy(standing))
        throw invalidAcl('Cannot use legacy endpoint to modify a non-legacy token')
      assertLegacyRules(rules)
      const data: TokenData = {
        accessor: standing?.accessor ?? accessor,
        secret: id,
        description: name,
        policies: type === 'management' ? [managementPolicyId] : [],
        serviceIdentities: [],
        nodeIdentities: [],
        templatedPolicies: [],
        roles: [],
        local: false,
        createTime: standing?.createTime ?? now,
        type,
        rules: type === 'management' ? '' : rules,
      }
      if (standing === undefined || !sameData(withoutRevisions(standing), data)) putToken(draft, data, standing)
      return id
    })(state)

/** Deletes the token of a secret. One that is not there is fine. Refused for the anonymous one (403). */
export const destroyLegacyToken =
  (id: string): Command<true> =>
  state =>
    drafted(draft => {
      if (id === anonymousSecret) throw permissionDenied('Cannot delete anonymous token')
      const standing = state.tokens.withSecret(id)
      if (standing !== undefined) removeToken(draft, standing)
      return true as const
    })(state)

function assertLegacyRules(rules: string): void {
  try {
    readRules(rules, 'legacy')
  } catch (error) {
    throw invalidAcl(`ACL rule compilation failed: ${errorMessage(error)}`)
  }
}
