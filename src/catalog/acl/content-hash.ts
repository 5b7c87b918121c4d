import { createHash } from 'node:crypto'
import type { Grants, PolicyData, RoleData, TokenData } from './types.js'

/** A hash of the content of a policy, role or token, without its ids, revisions and times. 32 bytes in base64. */
export function contentHash(data: PolicyData | RoleData | TokenData): string {
  const content =
    'accessor' in data
      ? [data.description, data.local, data.type, data.rules, data.roles, grantsOf(data)]
      : 'rules' in data
        ? [data.name, data.description, data.rules, data.datacenters]
        : [data.name, data.description, grantsOf(data)]
  return createHash('sha256').update(JSON.stringify(content)).digest('base64')
}

const grantsOf = ({ policies, serviceIdentities, nodeIdentities, templatedPolicies }: Grants): readonly unknown[] => [
  policies,
  serviceIdentities.map(({ service, datacenters }) => [service, datacenters]),
  nodeIdentities.map(({ node, datacenter }) => [node, datacenter]),
  templatedPolicies.map(({ template, name, datacenters }) => [template, name, datacenters]),
]
