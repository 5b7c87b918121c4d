import { createHash } from 'node:crypto'
import { MusterError } from '../common/errors.js'
import { lengthFault, maxIdBytes, maxNodeBytes } from '../common/name-limits.js'
import { compareText } from '../common/text-order.js'

/**
 * Keys of the store: `<table>/<component>/...`. Node names are lower-cased in them, since they match without regard to
 * case. Components are escaped, so that `/` separates, nothing unprintable gets into a key, and every key is proper
 * UTF-8. Those of which there are thousands are joined: a template literal's result is kept as a tree of its parts.
 */
export const nodeKey = (node: string): string => `node/${escape(node.toLowerCase())}`
/** Key of a service instance. Service ids keep their case: an agent may run `web` and `WEB`. */
export const serviceKey = (node: string, id: string): string =>
  ['service', escape(node.toLowerCase()), escape(id)].join('/')
/** Key of a check. */
export const checkKey = (node: string, id: string): string =>
  ['check', escape(node.toLowerCase()), escape(id)].join('/')

/** Key of a node's network coordinate. */
export const coordinateKey = (node: string): string => ['coordinate', escape(node.toLowerCase())].join('/')

/** Key of a user event. */
export const eventKey = (id: string): string => `event/${escape(id.toLowerCase())}`

/** Key of a prepared query. */
export const queryKey = (id: string): string => `query/${escape(id.toLowerCase())}`
/**
 * Key that holds a prepared query's name, so that no two have the same; '' for the template that answers to every name.
 */
export const queryNameKey = (name: string): string => `query-name/${escape(name.toLowerCase())}`

/** Key of a KV entry. Its name is not escaped, since the key is never split, only sorted. */
export const kvKey = (key: string): string => `kv/${key}`
/** Key that says who holds a KV entry. */
export const lockKey = (key: string): string => `lock/${key}`
/** Key that is there as long as a KV entry may not be acquired. */
export const lockDelayKey = (key: string): string => `lock-delay/${key}`
/** Key of a session. */
export const sessionKey = (id: string): string => `session/${escape(id)}`
/**
 * Index key of a session under the name of its node. Each session has its own, so that sessions can be created on one
 * node concurrently.
 */
export const nodeSessionKey = (node: string, id: string): string =>
  ['guard', 'node', escape(node.toLowerCase()), escape(id)].join('/')
/**
 * Guard that is written with each lock of a session and each query bound to it, so that a concurrent end of the session
 * conflicts with them. A session has several guards, chosen by the name of the lock or query, so that different locks
 * of one session seldom conflict.
 */
export const sessionGuardKey = (id: string, taken: string): string => guardInBucket(id, bucketOf(taken))

/** Written with each node that takes an id, so that no two take the same one at once. */
export const nodeIdKey = (id: string): string => `guard/node-id/${escape(id.toLowerCase())}`

/** Key of a member's record, by node id. */
export const memberKey = (id: string): string => `member/${escape(id.toLowerCase())}`
/** Leased key that is there as long as a member lives. */
export const aliveKey = (id: string): string => `alive/${escape(id.toLowerCase())}`
/** Leased key that is there until a member that failed or left is to be forgotten. */
export const reapKey = (id: string): string => `reap/${escape(id.toLowerCase())}`
/** Leased key of the server that does the work of which there is one in a cluster, where Raft's leader is not known. */
export const stewardKey = 'steward/holder'
/** Key of autopilot's configuration. */
export const autopilotKey = 'autopilot/configuration'
/** Key of a server of another datacenter. */
export const wanServerKey = (datacenter: string, id: string): string =>
  ['wan', escape(datacenter), escape(id.toLowerCase())].join('/')

/** Key of a token. */
export const aclTokenKey = (accessor: string): string => `acl-token/${escape(accessor.toLowerCase())}`
/**
 * Key that is there for each accessor and each secret, so that no two tokens have the same, and no secret is an
 * accessor. It does not tell the secret.
 */
export const aclClaimKey = (id: string): string => `acl-claim/${createHash('sha256').update(id).digest('hex')}`
/** Key of a policy. */
export const aclPolicyKey = (id: string): string => `acl-policy/${escape(id.toLowerCase())}`
/** Key that holds a policy's name, so that no two have the same. */
export const aclPolicyNameKey = (name: string): string => `acl-policy-name/${escape(name.toLowerCase())}`
/** Key of a role. */
export const aclRoleKey = (id: string): string => `acl-role/${escape(id.toLowerCase())}`
/** Key that holds a role's name, so that no two have the same. */
export const aclRoleNameKey = (name: string): string => `acl-role-name/${escape(name.toLowerCase())}`
/** Key of an auth method. */
export const aclMethodKey = (name: string): string => `acl-method/${escape(name.toLowerCase())}`
/** Key of a binding rule. */
export const aclBindingRuleKey = (id: string): string => `acl-binding-rule/${escape(id.toLowerCase())}`
/** Key that is there once a first token was made; its revision is the index that allows another. */
export const aclBootstrapKey = 'acl-bootstrap/done'

/** The keys from `from` up to and without `to`. */
export interface KeyRange {
  readonly from: string
  readonly to: string
}

/** All keys of the services of a node. */
export const servicesRange = (node: string): KeyRange => prefixRange(`service/${escape(node.toLowerCase())}/`)
/** All keys of the checks on a node. */
export const checksRange = (node: string): KeyRange => prefixRange(`check/${escape(node.toLowerCase())}/`)

/**
 * All keys of {@link nodeSessionKey} of a node. The end of all its sessions relies on this range, to detect a session
 * that is created concurrently.
 */
export const nodeSessionsRange = (node: string): KeyRange => prefixRange(`guard/node/${escape(node.toLowerCase())}/`)

/** All keys of {@link sessionGuardKey} of a session. */
export const sessionGuardsRange = (id: string): KeyRange => prefixRange(`guard/session/${escape(id)}/`)
/** Every key of {@link sessionGuardKey} that a session can have. */
export const sessionGuardKeys = (id: string): readonly string[] =>
  Array.from({ length: sessionGuards }, (_, bucket) => guardInBucket(id, bucket))

/** All keys of binding rules. */
export const aclBindingRulesRange = prefixRange('acl-binding-rule/')

/** How many guards a session has at most. */
const sessionGuards = 64

const guardInBucket = (id: string, bucket: number): string => ['guard', 'session', escape(id), String(bucket)].join('/')

function bucketOf(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  return (hash >>> 0) % sessionGuards
}

/**
 * All keys that begin with a text; it must not be empty. The end is the next text in byte order that does not begin so.
 */
export function prefixRange(prefix: string): KeyRange {
  const points = [...prefix]
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const code = last.codePointAt(0) ?? 0
    if (code < 0x10ffff)
      return { from: prefix, to: points.join('') + String.fromCodePoint(code === 0xd7ff ? 0xe000 : code + 1) }
  }
  return { from: prefix, to: '' }
}

/** Whether a key is in a range; an empty `to` is no end. */
export const inRange = ({ from, to }: KeyRange, key: string): boolean =>
  compareText(key, from) >= 0 && (to === '' || compareText(key, to) < 0)

/** The table that a key belongs to: the text before its first `/`. */
export function tableOf(key: string): string {
  const slash = key.indexOf('/')
  return slash < 0 ? key : key.slice(0, slash)
}

const loneSurrogate = '[\\ud800-\\udbff](?![\\udc00-\\udfff])|(?<![\\ud800-\\udbff])[\\udc00-\\udfff]'
const unsafe = new RegExp(`[%/\\u0000-\\u001f\\u007f-\\u009f]|${loneSurrogate}`, 'g')

/** Nearly every name: printable ASCII that needs no escape. */
const plain = /^[ -$&-.0-~]*$/

function escape(component: string): string {
  if (plain.test(component)) return component
  return component.replace(unsafe, unit => {
    const code = unit.charCodeAt(0)
    return code < 0x100 ? `%${code.toString(16).padStart(2, '0')}` : `%u${code.toString(16)}`
  })
}

/** Longest name of a KV entry in bytes: ten times what people write, and no burden for an index. */
const maxKvKeyBytes = 4096

/** @throws MusterError CATALOG_NAME_TOO_LONG when a node name would not fit into a key. */
export const assertNodeName = (name: string): void => {
  assertLength('node name', name, maxNodeBytes)
}
/** @throws MusterError CATALOG_NAME_TOO_LONG when an id or service name (`what`) would not fit into a key. */
export const assertId = (what: string, id: string): void => {
  assertLength(what, id, maxIdBytes)
}
/** @throws MusterError CATALOG_NAME_TOO_LONG when the name of a KV entry is too long. */
export const assertKvKey = (key: string): void => {
  assertLength('key', key, maxKvKeyBytes)
}

/** Whether a KV entry may have this name. */
export const isKvKey = (key: string): boolean => lengthFault('key', key, maxKvKeyBytes) === undefined

function assertLength(what: string, text: string, limit: number): void {
  const fault = lengthFault(what, text, limit)
  if (fault !== undefined) throw new MusterError('CATALOG_NAME_TOO_LONG', fault, { status: 400 })
}
