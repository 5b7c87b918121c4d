import { managementPolicyId } from './types.js'
import type { PolicyData } from './types.js'

const words = ['agent', 'event', 'key', 'node', 'query', 'service', 'session'] as const

/** The policy that allows everything, as it is founded; its rules cannot be changed. */
export const managementPolicy: PolicyData = {
  id: managementPolicyId,
  name: 'global-management',
  description: 'Builtin Policy that grants unlimited access',
  rules: [
    ...['acl', 'keyring', 'mesh', 'operator'].map(word => `${word} = "write"`),
    ...words.map(
      word => `${word}_prefix "" {\n\tpolicy = "write"${word === 'service' ? '\n\tintentions = "write"' : ''}\n}`,
    ),
  ].join('\n'),
  datacenters: [],
}
