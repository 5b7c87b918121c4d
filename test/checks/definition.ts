import type { CheckKindOptions } from '../../src/check-kinds/index.js'
import type { CheckDefinition } from '../../src/config/index.js'

/** A complete check definition around one kind, of service `web` unless told otherwise. */
export const definition = (kind: CheckKindOptions, overrides: Partial<CheckDefinition> = {}): CheckDefinition => ({
  id: 'c',
  name: 'c',
  notes: '',
  serviceId: 'web',
  token: '',
  status: 'critical',
  kind,
  successBeforePassing: 0,
  failuresBeforeWarning: 0,
  failuresBeforeCritical: 0,
  outputMaxSize: 4096,
  written: {},
  ...overrides,
})

/** Options of a tcp check that is never really asked. */
export const someTcp = (interval: number): Extract<CheckKindOptions, { type: 'tcp' }> => ({
  type: 'tcp',
  address: '127.0.0.1:1',
  useTls: false,
  tlsServerName: '',
  tlsSkipVerify: false,
  interval,
  timeout: 1000,
})

/** A context that nobody aborts. */
export const context = (outputMaxSize = 4096): { readonly signal: AbortSignal; readonly outputMaxSize: number } => ({
  signal: new AbortController().signal,
  outputMaxSize,
})
