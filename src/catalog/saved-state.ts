import { revision, type Entry, type Snapshot, type Transaction, type Write } from '../store/index.js'
import { decodeNode, encodeNode } from './entry-codec.js'
import { nodeKey, tableOf } from './keys.js'
import type { Node } from './types.js'

/** Tables that a snapshot keeps. Transient state is left out: liveness, members, lock-delays. */
const savedTables: ReadonlySet<string> = new Set([
  'node',
  'service',
  'check',
  'kv',
  'lock',
  'session',
  'query',
  'query-name',
  'guard',
  'coordinate',
  'autopilot',
  'acl-policy',
  'acl-policy-name',
  'acl-role',
  'acl-role-name',
  'acl-method',
  'acl-binding-rule',
  'acl-token',
  'acl-claim',
  'acl-bootstrap',
])

/** An entry as a snapshot keeps it. */
export type SavedEntry = Pick<Entry, 'key' | 'value'>

/** Whether a snapshot keeps the entry of this key. */
export const isSaved = (key: string): boolean => savedTables.has(tableOf(key))

/** The entries of a store that a snapshot keeps. */
export const savedPart = ({ revision, entries }: Snapshot): Snapshot => ({
  revision,
  entries: entries.filter(({ key }) => isSaved(key)),
})

/**
 * A saved state for the members that there are now. A node with the name of a present member gets that member's id.
 * Otherwise a reinstalled machine would find its name taken for ever, by a node that cannot fail because it is no
 * member.
 * @param memberId of the member of a name; undefined when there is none
 */
export function forMembers(
  saved: readonly SavedEntry[],
  memberId: (node: string) => string | undefined,
): readonly SavedEntry[] {
  const nodes = saved.map(readNode)
  const taken = new Map<string, string>()
  for (const node of nodes) {
    const id = node === undefined ? undefined : memberId(node.node)
    if (node !== undefined && id !== undefined) taken.set(id.toLowerCase(), nodeKey(node.node))
  }
  return saved.map((entry, i) => {
    const node = nodes[i]
    if (node === undefined) return entry
    const owner = taken.get(node.id.toLowerCase())
    const id = memberId(node.node) ?? (owner === undefined || owner === entry.key ? node.id : '')
    return id.toLowerCase() === node.id.toLowerCase() ? entry : { key: entry.key, value: encodeNode({ ...node, id }) }
  })
}

/** Undefined for other entries, and for unreadable ones, which count as absent everywhere. */
function readNode({ key, value }: SavedEntry): Node | undefined {
  if (tableOf(key) !== 'node') return undefined
  try {
    return decodeNode({ key, value, created: revision(1), modified: revision(1) })
  } catch {
    return undefined
  }
}

/**
 * Writes of one transaction when a whole state does not fit in one: what any store takes. An etcd of someone else takes
 * 128, and 1.5 MiB.
 */
const maxWrites = 100
const maxBytes = 1024 * 1024

/**
 * What has to be written so that the saved part of `present` becomes `saved`: the difference, so nothing is announced
 * that stays as it was. Deletions come first, then what others refer to before what refers to it. In one transaction
 * when it fits, else in several.
 */
export function restoreSteps(present: readonly Entry[], saved: readonly SavedEntry[]): readonly Transaction[] {
  const wanted = new Map(saved.filter(({ key }) => isSaved(key)).map(({ key, value }) => [key, value]))
  const kept = new Map(present.filter(({ key }) => isSaved(key)).map(({ key, value }) => [key, value]))
  const deletes = [...kept.keys()]
    .filter(key => !wanted.has(key))
    .map((key): Write => ({ kind: 'delete', key }))
    .sort(backwards)
  const puts = [...wanted]
    .filter(([key, value]) => !isEqual(kept.get(key), value))
    .map(([key, value]): Put => ({ kind: 'put', key, value }))
    .sort(forwards)
  return inSteps([...deletes, ...puts])
}

type Put = Extract<Write, { kind: 'put' }>

/** Tables in the order in which they refer to one another. */
const order = [...savedTables]
const rank = (write: Write): number => (write.kind === 'delete-range' ? 0 : order.indexOf(tableOf(write.key)))
const forwards = (a: Write, b: Write): number => rank(a) - rank(b)
const backwards = (a: Write, b: Write): number => rank(b) - rank(a)

const isEqual = (a: Uint8Array | undefined, b: Uint8Array): boolean => a !== undefined && Buffer.compare(a, b) === 0

function inSteps(writes: readonly Write[]): readonly Transaction[] {
  const steps: Transaction[] = []
  let step: Write[] = []
  let bytes = 0
  for (const write of writes) {
    const size = sizeOf(write)
    if (step.length > 0 && (step.length >= maxWrites || bytes + size > maxBytes)) {
      steps.push({ when: [], then: step })
      step = []
      bytes = 0
    }
    step.push(write)
    bytes += size
  }
  return step.length === 0 ? steps : [...steps, { when: [], then: step }]
}

const sizeOf = (write: Write): number =>
  write.kind === 'put' ? write.key.length + write.value.length : write.kind === 'delete' ? write.key.length : 0
