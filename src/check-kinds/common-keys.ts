import type { CheckKeys } from './key.js'

/** Who a check is, whatever it does. How HTTP spells these depends on where the check stands. */
export const entryKeys: CheckKeys = {
  id: {
    value: 'text',
    description:
      'Unique on this node. Default: `name`; in a service `service:<service id>`, numbered where there are several.',
    default: '',
  },
  name: { value: 'text', description: 'Shown to people. Required outside of a service.', default: '' },
  notes: { value: 'text', description: 'Free text.', default: '' },
  service_id: {
    value: 'text',
    description: 'Service that this check belongs to. Empty: the node.',
    default: '',
  },
  serviceid: { value: 'text', description: 'Another spelling of `service_id`.', aliasOf: 'service_id' },
  token: {
    value: 'text',
    description: 'ACL token for this check.',
    default: '',
    schema: {
      'x-effect': 'none',
      'x-effect-note': 'there are no access rules yet: whoever reaches the HTTP port may read and write',
    },
  },
  status: {
    value: 'text',
    description: 'Status before the first result: critical if not given.',
    default: 'critical',
    schema: { enum: ['passing', 'warning', 'critical', ''] },
  },
}

/** How often a check runs, over what, and what its results come to: for several kinds or all. */
export const runKeys: CheckKeys = {
  interval: {
    value: 'duration',
    description: 'Pause between runs; at least 1s. Required except for `ttl` and `alias_*` checks.',
    api: ['Interval'],
  },
  timeout: {
    value: 'duration',
    description: 'How long a run may take. Default: 10s; scripts 30s.',
    api: ['Timeout'],
  },
  tls_server_name: {
    value: 'text',
    description: 'Name expected in the certificate.',
    default: '',
    api: ['TLSServerName', 'tls_server_name'],
  },
  tls_skip_verify: {
    value: 'flag',
    description: 'Accept any certificate.',
    default: false,
    api: ['TLSSkipVerify', 'tls_skip_verify'],
  },
  tlsskipverify: { value: 'flag', description: 'Another spelling of `tls_skip_verify`.', aliasOf: 'tls_skip_verify' },
  output_max_size: {
    value: 'count',
    description: 'Most bytes kept of the output; the lower one of this and `check_output_max_size` applies.',
    default: 4096,
    api: ['OutputMaxSize'],
  },
  success_before_passing: {
    value: 'count',
    description: 'Results in a row before it passes again.',
    default: 0,
    api: ['SuccessBeforePassing'],
    schema: { minimum: 0 },
    inCatalog: false,
  },
  failures_before_warning: {
    value: 'count',
    description: 'Results in a row before it warns. Default: `failures_before_critical`.',
    default: 0,
    api: ['FailuresBeforeWarning'],
    schema: { minimum: 0 },
    inCatalog: false,
  },
  failures_before_critical: {
    value: 'count',
    description: 'Results in a row before it is critical.',
    default: 0,
    api: ['FailuresBeforeCritical'],
    schema: { minimum: 0 },
    inCatalog: false,
  },
  deregister_critical_service_after: {
    value: 'duration',
    description: 'Remove the service when this check has been critical for so long; at least 1m.',
    api: ['DeregisterCriticalServiceAfter', 'deregister_critical_service_after'],
  },
  deregistercriticalserviceafter: {
    value: 'duration',
    description: 'Another spelling of `deregister_critical_service_after`.',
    aliasOf: 'deregister_critical_service_after',
  },
}

const ofPaidEdition = {
  'x-effect': 'none',
  'x-effect-note': 'it belongs to a paid edition of Consul',
}

/** Keys of Consul's paid edition, which only files take. */
export const editionKeys: CheckKeys = {
  namespace: { value: 'text', description: 'Namespace.', default: '', schema: ofPaidEdition },
  partition: { value: 'text', description: 'Admin partition.', default: '', schema: ofPaidEdition },
}
