import { sameData } from '../../../common/plain-data.js'
import { isUuid } from '../../../common/uuid.js'
import { readAuthConfig, variablesOf } from '../../../acl/index.js'
import { encodeBindingRule } from '../../acl/acl-codec.js'
import { bindName } from '../../acl/bind-name.js'
import { assertDescription, invalidAcl } from '../../acl/names.js'
import type { AuthMethod, BindingRule, BindingRuleData } from '../../acl/types.js'
import type { CatalogReads, Command } from '../../api.js'
import { withoutRevisions } from '../../fields.js'
import { aclBindingRuleKey, aclMethodKey } from '../../keys.js'
import { drafted } from '../draft.js'
import type { KeyDraft } from '../key-draft.js'

/** What a binding rule is to be, as a client writes it. */
export interface BindingRuleRequest extends Omit<BindingRuleData, 'bindType'> {
  readonly bindType: string
}

/**
 * Judges the selector of a rule, given its method.
 * @throws MusterError ACL_INVALID when it is none
 */
export type AssertSelector = (selector: string, method: AuthMethod) => void

/** Creates a binding rule under a new id. The result is the id. Refused with ACL_INVALID. */
export const createBindingRule =
  (request: BindingRuleRequest, assertSelector: AssertSelector): Command<string> =>
  state =>
    drafted(draft => {
      putRule(draft, state, request, undefined, assertSelector)
      return request.id
    })(state)

/**
 * Puts a binding rule in the place of the one with its id, whose auth method it keeps. Written only when it differs.
 * Refused with ACL_INVALID, in Consul's words.
 */
export const updateBindingRule =
  (request: BindingRuleRequest, assertSelector: AssertSelector): Command<string> =>
  state =>
    drafted(draft => {
      if (!isUuid(request.id)) throw invalidAcl('Binding Rule ID invalid UUID')
      const standing = state.bindingRules.get(request.id)
      if (standing === undefined) throw invalidAcl(`cannot find binding rule ${request.id}`)
      const authMethod = request.authMethod === '' ? standing.authMethod : request.authMethod
      if (authMethod !== standing.authMethod) throw invalidAcl('the AuthMethod field of an Binding Rule is immutable')
      putRule(draft, state, { ...request, id: standing.id, authMethod }, standing, assertSelector)
      return standing.id
    })(state)

/** Deletes a binding rule. One that is not there is fine. */
export const deleteBindingRule =
  (id: string): Command<true> =>
  state =>
    drafted(draft => {
      const standing = state.bindingRules.get(id)
      if (standing === undefined) return true as const
      draft.relyOnKey(aclBindingRuleKey(standing.id), standing.modified)
      draft.delete(aclBindingRuleKey(standing.id))
      return true as const
    })(state)

function putRule(
  draft: KeyDraft,
  state: CatalogReads,
  request: BindingRuleRequest,
  standing: BindingRule | undefined,
  assertSelector: AssertSelector,
): void {
  if (request.authMethod === '') throw invalidAcl('Invalid Binding Rule: no AuthMethod is set')
  const method = state.authMethods.get(request.authMethod)
  if (method === undefined) throw invalidAcl(`cannot find auth method with name ${JSON.stringify(request.authMethod)}`)
  if (request.selector !== '') assertSelector(request.selector, method)
  const data = { ...request, authMethod: method.name, bindType: bindTypeOf(request) }
  assertBindName(data, method)
  assertDescription('Binding Rule', data.description)
  if (standing !== undefined && sameData(withoutRevisions(standing), data)) return
  // The bind name was validated against this version of the method.
  draft.relyOnKey(aclMethodKey(method.name), method.modified)
  draft.relyOnKey(aclBindingRuleKey(data.id), standing?.modified)
  draft.put(aclBindingRuleKey(data.id), encodeBindingRule(data))
}

function bindTypeOf({ bindType, bindName: name }: BindingRuleRequest): BindingRuleData['bindType'] {
  if (bindType === '') throw invalidAcl('Invalid Binding Rule: no BindType is set')
  if (name === '') throw invalidAcl('Invalid Binding Rule: no BindName is set')
  if (bindType !== 'service' && bindType !== 'node' && bindType !== 'role')
    throw invalidAcl(`Invalid Binding Rule: unknown BindType ${JSON.stringify(bindType)}`)
  return bindType
}

/** A trial with a value for each variable that there may be. */
function assertBindName(data: BindingRuleData, method: AuthMethod): void {
  const variables = variablesOf(readAuthConfig(method.type, method.config))
  const bound = bindName(data, new Map(variables.map(variable => [variable, 'fake'])))
  if (!bound.ok) throw invalidAcl(`Invalid Binding Rule: invalid BindName: ${bound.problem}`)
  if (!bound.isValid) throw invalidAcl('Invalid Binding Rule: invalid BindName')
}
