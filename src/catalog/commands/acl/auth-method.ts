import { sameData } from '../../../common/plain-data.js'
import { authMethodTypes, readAuthConfig } from '../../../acl/index.js'
import { encodeAuthMethod } from '../../acl/acl-codec.js'
import { assertNamed, invalidAcl } from '../../acl/names.js'
import type { AuthMethodData } from '../../acl/types.js'
import type { CatalogReads, Command } from '../../api.js'
import { withoutRevisions } from '../../fields.js'
import { aclBindingRuleKey, aclBindingRulesRange, aclMethodKey } from '../../keys.js'
import { drafted } from '../draft.js'
import { assertMaxTokenTtl } from './token-expiry.js'
import { removeToken } from './token-writes.js'

/** What an auth method is to be, as a client writes it: `type` '' for that of the one that is there. */
export interface AuthMethodRequest extends Omit<AuthMethodData, 'type' | 'tokenLocality' | 'instance'> {
  readonly type: string
  readonly tokenLocality: string
}

/** How many tokens of a method go with it; those that are left count no more, and are deleted a little later. */
const maxTokens = 30

/**
 * What a request comes to. Its `config` is judged as far as that is possible without asking others: whether they answer
 * is to be found out by those who write it, between this and the writing.
 * @throws MusterError ACL_INVALID in Consul's words
 */
export function readAuthMethod(
  state: Pick<CatalogReads, 'authMethods'>,
  request: AuthMethodRequest,
): Omit<AuthMethodData, 'instance'> {
  assertNamed('Auth Method', request.name, request.description)
  const standing = state.authMethods.get(request.name)
  const written = request.type === '' && standing !== undefined ? standing.type : request.type
  if (standing !== undefined && written !== standing.type)
    throw invalidAcl('the Type field of an Auth Method is immutable')
  const type = authMethodTypes.find(known => known === written)
  if (type === undefined) throw invalidAcl(`Invalid Auth Method: Type should be one of: [${authMethodTypes.join(' ')}]`)
  assertMaxTokenTtl(request.maxTokenTtl)
  const { tokenLocality } = request
  if (tokenLocality !== '' && tokenLocality !== 'local' && tokenLocality !== 'global')
    throw invalidAcl("Invalid Auth Method: TokenLocality should be one of 'local' or 'global'")
  readAuthConfig(type, request.config)
  return { ...request, type, tokenLocality }
}

/**
 * Creates an auth method, or puts it in the place of the one with its name. Written only when it differs. The result is
 * the name. Refused as {@link readAuthMethod} does.
 * @param instance what tells it from others that had the name, where it is new
 */
export const setAuthMethod =
  (request: AuthMethodRequest, instance: string): Command<string> =>
  state =>
    drafted(draft => {
      const standing = state.authMethods.get(request.name)
      const data: AuthMethodData = {
        ...readAuthMethod(state, request),
        name: standing?.name ?? request.name,
        instance: standing?.instance ?? instance,
      }
      if (standing !== undefined && sameData(withoutRevisions(standing), data)) return data.name
      draft.relyOnKey(aclMethodKey(data.name), standing?.modified)
      draft.put(aclMethodKey(data.name), encodeAuthMethod(data))
      return data.name
    })(state)

/**
 * Deletes an auth method with its binding rules and its tokens. One that is not there is fine. Of many tokens some are
 * left to be reaped, which count no more.
 */
export const deleteAuthMethod =
  (name: string): Command<true> =>
  state =>
    drafted(draft => {
      const standing = state.authMethods.get(name)
      if (standing === undefined) return true as const
      draft.relyOnKey(aclMethodKey(standing.name), standing.modified)
      draft.delete(aclMethodKey(standing.name))
      // Fail if another server adds a binding rule at the same time: it would refer to a deleted method.
      draft.relyOnQuiet(aclBindingRulesRange)
      for (const rule of state.bindingRules.all())
        if (rule.authMethod === standing.name) draft.delete(aclBindingRuleKey(rule.id))
      const tokens = state.tokens.all().filter(({ login }) => login?.instance === standing.instance)
      for (const token of tokens.slice(0, maxTokens)) removeToken(draft, token)
      return true as const
    })(state)
