import { isIdentityName } from '../../acl/index.js'
import { isAclName } from './names.js'
import type { BindingRuleData } from './types.js'

/** A name with its variables filled in, or why that cannot be. */
export type BoundName =
  | { readonly ok: true; readonly name: string; readonly isValid: boolean }
  | { readonly ok: false; readonly problem: string }

/**
 * Fills the variables of a binding rule's name in, in small letters: `web-${value.team}`.
 * @param variables values by name, e.g. `value.team`
 */
export function bindName(
  { bindType, bindName: pattern }: Pick<BindingRuleData, 'bindType' | 'bindName'>,
  variables: ReadonlyMap<string, string>,
): BoundName {
  let name = ''
  let at = 0
  for (let open = pattern.indexOf('${'); open >= 0; open = pattern.indexOf('${', at)) {
    const close = pattern.indexOf('}', open)
    if (close < 0) return { ok: false, problem: `1:${open + 1}: expected "}" but found end of string` }
    const variable = pattern.slice(open + 2, close).trim()
    const value = variables.get(variable)
    if (value === undefined) return { ok: false, problem: `1:${open + 3}: unknown variable accessed: ${variable}` }
    name += pattern.slice(at, open) + value.toLowerCase()
    at = close + 1
  }
  name += pattern.slice(at)
  return { ok: true, name, isValid: bindType === 'role' ? isAclName('Role', name) : isIdentityName(name) }
}
