import type { CheckDefinition, ServiceDefinition } from '../../src/config/index.js'

/** A complete check definition: a TTL check of one hour unless told otherwise. */
export const check = (id: string, over: Partial<CheckDefinition> = {}): CheckDefinition => ({
  id,
  name: id,
  notes: '',
  serviceId: '',
  token: '',
  status: 'critical',
  kind: { type: 'ttl', ttl: 3_600_000 },
  successBeforePassing: 0,
  failuresBeforeWarning: 0,
  failuresBeforeCritical: 0,
  outputMaxSize: 4096,
  written: {},
  ...over,
})

/** A complete service definition; its checks are bound to it. */
export const service = (id: string, over: Partial<ServiceDefinition> = {}): ServiceDefinition => ({
  id,
  name: id,
  kind: '',
  tags: [],
  address: '',
  taggedAddresses: null,
  meta: {},
  port: 0,
  socketPath: '',
  weights: { passing: 1, warning: 1 },
  enableTagOverride: false,
  token: '',
  ...over,
  checks: (over.checks ?? []).map(each => ({ ...each, serviceId: id })),
})
