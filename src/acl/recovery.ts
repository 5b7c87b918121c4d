import { Authorizer } from './authorizer.js'

/**
 * What an agent's own recovery token may, which works without servers: everything on that agent, and to see nodes. All
 * else is denied, whatever holds by default.
 * @param node the agent's name, which need not be that of an identity
 */
export const recoveryAuthorizer = (node: string): Authorizer =>
  new Authorizer(
    [
      {
        policy: 'recovery token of the agent',
        rules: [
          { match: 'exact', resource: 'agent', name: node, level: 'write' },
          { match: 'prefix', resource: 'node', name: '', level: 'read' },
        ],
      },
    ],
    'deny',
  )
