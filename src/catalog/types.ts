import type { Revision } from '../store/index.js'

/** Addresses of a node or service by network name (`lan`, `wan`, `lan_ipv4`, ...). */
export type NodeAddresses = Readonly<Record<string, string>>
/** A service's addresses by network name. */
export type ServiceAddresses = Readonly<Record<string, { readonly address: string; readonly port: number }>>
/** SRV weights by health. */
export interface Weights {
  readonly passing: number
  readonly warning: number
}

/** Revisions that created and last changed an entry; Consul's CreateIndex and ModifyIndex. */
export interface Revisions {
  readonly created: Revision
  readonly modified: Revision
}

/**
 * A node as a write gives it. `null` maps are kept apart from empty ones: a foreign node registered without them shows
 * `null`. `id` is a UUID, or '' for a foreign node without one.
 */
export interface NodeData {
  readonly node: string
  readonly id: string
  readonly address: string
  readonly taggedAddresses: NodeAddresses | null
  readonly meta: Readonly<Record<string, string>> | null
}

/**
 * What was registered of a service for a service mesh, of which there is none: kept and shown as it came (CamelCase
 * keys), without effect.
 */
export interface MeshData {
  readonly proxy?: Readonly<Record<string, unknown>>
  readonly connect?: Readonly<Record<string, unknown>>
}

/** A service instance as a write gives it, bound to the node that it runs on. `address` '' means the node's. */
export interface ServiceData {
  readonly node: string
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly tags: readonly string[]
  readonly address: string
  readonly taggedAddresses: ServiceAddresses | null
  readonly meta: Readonly<Record<string, string>> | null
  readonly port: number
  readonly socketPath: string
  readonly weights: Weights
  readonly enableTagOverride: boolean
  readonly mesh?: MeshData
}

/**
 * A check as a write gives it. `serviceId` '' makes it a check of the node. `status` is one of the three states for
 * agents' checks; foreign registrations may hold any word. `definition` is kept and shown as it came (CamelCase keys),
 * `{}` when none. `interval` and `timeout` are shown as whoever registered the check wrote them (`10s`); left out where
 * nothing was said of them. `since`: wall-clock ms of the last change of `status`; missing where whoever wrote it did
 * not say, and in records of earlier versions.
 */
export interface CheckData {
  readonly node: string
  readonly id: string
  readonly name: string
  readonly status: string
  readonly notes: string
  readonly output: string
  readonly serviceId: string
  readonly type: string
  readonly definition: Readonly<Record<string, unknown>>
  readonly interval?: string
  readonly timeout?: string
  readonly since?: number
}

/** A node in the catalog's memory. */
export interface Node extends NodeData, Revisions {}
/** A service instance in the catalog's memory. */
export interface Service extends ServiceData, Revisions {}
/**
 * A check in the catalog's memory; name and tags of its service are those at the time of its last write, as in Consul.
 */
export interface Check extends CheckData, Revisions {
  readonly serviceName: string
  readonly serviceTags: readonly string[]
}

/** What the catalog holds of one node, of one moment. `node` is undefined for one that it does not know. */
export interface NodeContents {
  readonly node: Node | undefined
  readonly services: readonly Service[]
  readonly checks: readonly Check[]
}

/** One instance of a service with all that decides its health: its own checks and its node's checks. */
export interface Instance {
  readonly node: Node
  readonly service: Service
  readonly checks: readonly Check[]
}
