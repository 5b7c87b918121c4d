import { nodeRules, serviceRules, templateRules, type Part } from '../../acl/index.js'
import type { CatalogReads } from '../api.js'
import type { Grants, Token } from './types.js'

/** What rights are read from. */
export type AclReads = Pick<CatalogReads, 'tokens' | 'policies' | 'roles' | 'authMethods'>

/**
 * What makes up the rights of a token in a datacenter: its policies, identities and templates and those of its roles,
 * without what is gone or holds elsewhere.
 */
export function partsOf(state: AclReads, token: Token, datacenter: string): readonly Part[] {
  const roles = token.roles.flatMap(id => state.roles.get(id) ?? [])
  return [
    ...[token, ...roles].flatMap(grants => partsOfGrants(state, grants, datacenter)),
    ...(token.rules === '' ? [] : [legacyPart(token)]),
  ]
}

function partsOfGrants(state: AclReads, grants: Grants, datacenter: string): readonly Part[] {
  const holds = (datacenters: readonly string[]): boolean =>
    datacenters.length === 0 || datacenters.includes(datacenter)
  const policies = grants.policies.flatMap(id => state.policies.get(id) ?? [])
  return [
    ...policies
      .filter(({ datacenters }) => holds(datacenters))
      .map(({ id, modified, name, rules }) => part(`policy ${id} ${modified}`, name, rules)),
    ...grants.serviceIdentities
      .filter(({ datacenters }) => holds(datacenters))
      .map(({ service }) => part(`service ${service}`, `service identity ${service}`, serviceRules(service))),
    ...grants.nodeIdentities
      .filter(identity => identity.datacenter === datacenter)
      .map(({ node }) => part(`node ${node}`, `node identity ${node}`, nodeRules(node))),
    ...grants.templatedPolicies
      .filter(({ datacenters }) => holds(datacenters))
      .map(use => {
        const title = `${use.template} ${use.name}`.trimEnd()
        return part(`template ${title}`, `templated policy ${title}`, templateRules(use))
      }),
  ]
}

const part = (id: string, policy: string, rules: string): Part => ({ id, policy, rules, language: 'current' })

const legacyPart = ({ accessor, modified, rules }: Token): Part => ({
  id: `legacy ${accessor} ${modified}`,
  policy: 'rules of the token',
  rules,
  language: 'legacy',
})
