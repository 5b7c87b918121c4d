import type { SnapshotRecord } from './types.js'

/** How many records of one type there are, and their bytes. */
export interface RecordCount {
  readonly type: string
  readonly count: number
  readonly size: number
}

/** Keys of the KV store below one prefix. */
export interface KvPrefix {
  readonly prefix: string
  readonly count: number
  readonly size: number
}

/** Types as Consul's `snapshot inspect` names them, by table. */
const types: Readonly<Record<string, string>> = {
  'node': 'Register',
  'service': 'Register',
  'check': 'Register',
  'kv': 'KVS',
  'lock': 'KVS',
  'session': 'Session',
  'query': 'PreparedQuery',
  'query-name': 'PreparedQuery',
  'coordinate': 'CoordinateBatchUpdate',
  'autopilot': 'Autopilot',
  'event': 'UserEvent',
  'guard': 'Index',
  'acl-policy': 'ACLPolicy',
  'acl-policy-name': 'ACLPolicy',
  'acl-role': 'ACLRole',
  'acl-role-name': 'ACLRole',
  'acl-method': 'ACLAuthMethod',
  'acl-binding-rule': 'ACLBindingRule',
  'acl-token': 'ACLToken',
  'acl-claim': 'ACLToken',
  'acl-bootstrap': 'ACLBootstrap',
}

const sizeOf = ({ key, value }: SnapshotRecord): number => Buffer.byteLength(key) + value.length

/** Types with their counts, the largest first. */
export function countRecords(records: readonly SnapshotRecord[]): readonly RecordCount[] {
  const counts = new Map<string, { count: number; size: number }>()
  for (const record of records) add(counts, types[record.key.split('/')[0] ?? ''] ?? 'Other', sizeOf(record))
  return bySize([...counts].map(([type, sums]) => ({ type, ...sums })))
}

/**
 * KV entries summed by the first `depth` parts of their names.
 * @param below only names that begin so
 */
export function countKv(records: readonly SnapshotRecord[], depth: number, below: string): readonly KvPrefix[] {
  const counts = new Map<string, { count: number; size: number }>()
  for (const record of records) {
    if (!record.key.startsWith('kv/')) continue
    const name = record.key.slice('kv/'.length)
    if (name.startsWith(below)) add(counts, name.split('/').slice(0, depth).join('/'), sizeOf(record))
  }
  return bySize([...counts].map(([prefix, sums]) => ({ prefix, ...sums })))
}

function add(counts: Map<string, { count: number; size: number }>, name: string, size: number): void {
  const sums = counts.get(name) ?? { count: 0, size: 0 }
  counts.set(name, { count: sums.count + 1, size: sums.size + size })
}

const bySize = <Sum extends { readonly size: number }>(sums: readonly Sum[]): readonly Sum[] =>
  [...sums].sort((a, b) => b.size - a.size)
