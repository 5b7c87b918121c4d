import type { SelectorTree } from './selector-tree.js'

/* Everything that the JSON shows may be selected, but indexes and service-mesh keys, as in Consul. */

const weights = { struct: { Passing: 'number', Warning: 'number' } } as const
const addresses = { map: { struct: { Address: 'string', Port: 'number' } } } as const

const node = {
  ID: 'string',
  Node: 'string',
  Address: 'string',
  Datacenter: 'string',
  TaggedAddresses: { map: 'string' },
  Meta: { map: 'string' },
} as const satisfies SelectorTree

const check = {
  Node: 'string',
  CheckID: 'string',
  Name: 'string',
  Status: 'string',
  Notes: 'string',
  Output: 'string',
  ServiceID: 'string',
  ServiceName: 'string',
  ServiceTags: 'strings',
  Type: 'string',
  Interval: 'string',
  Timeout: 'string',
  ExposedPort: 'number',
} as const satisfies SelectorTree

const nodeService = {
  Kind: 'string',
  ID: 'string',
  Service: 'string',
  Tags: 'strings',
  Address: 'string',
  TaggedAddresses: addresses,
  Meta: { map: 'string' },
  Port: 'number',
  SocketPath: 'string',
  Weights: weights,
  EnableTagOverride: 'boolean',
} as const satisfies SelectorTree

/** The shapes that `?filter=` can be written for, by view. */
export const selectors = {
  /** `/v1/catalog/nodes` */
  node,
  /** `/v1/catalog/service/:name` */
  catalogService: {
    ID: 'string',
    Node: 'string',
    Address: 'string',
    Datacenter: 'string',
    TaggedAddresses: { map: 'string' },
    NodeMeta: { map: 'string' },
    ServiceKind: 'string',
    ServiceID: 'string',
    ServiceName: 'string',
    ServiceTags: 'strings',
    ServiceAddress: 'string',
    ServiceTaggedAddresses: addresses,
    ServiceWeights: weights,
    ServiceMeta: { map: 'string' },
    ServicePort: 'number',
    ServiceSocketPath: 'string',
    ServiceEnableTagOverride: 'boolean',
  },
  /** The services of `/v1/catalog/node/:name` and `/v1/catalog/node-services/:name` */
  nodeService,
  /** `/v1/health/service/:name` and the instances counted in `/v1/internal/ui/services` */
  healthEntry: { Node: { struct: node }, Service: { struct: nodeService }, Checks: { structs: check } },
  /** `/v1/health/node`, `/v1/health/checks`, `/v1/health/state` and `/v1/agent/checks` */
  check,
  /** `/v1/agent/services` */
  agentService: { ...nodeService, Datacenter: 'string', Origin: 'string' },
  /** `/v1/internal/ui/nodes` */
  nodeInfo: {
    ID: 'string',
    Node: 'string',
    Address: 'string',
    TaggedAddresses: { map: 'string' },
    Meta: { map: 'string' },
    Services: { structs: nodeService },
    Checks: { structs: check },
  },
} as const satisfies Readonly<Record<string, SelectorTree>>
