import type { AutopilotConfiguration } from '../../common/autopilot.js'
import type { Duration } from '../../common/duration.js'
import type { LeaseId } from '../../store/index.js'
import type { Revisions } from '../types.js'

/**
 * What the cluster keeps about an agent: how others reach it. `lan` and `wan` are cluster ports, `raft` is the port of
 * its etcd; 0: none.
 */
export interface AgentInfo {
  /** Node id: stays the same when name and address change. */
  readonly id: string
  readonly name: string
  readonly datacenter: string
  /** IP without a port. */
  readonly address: string
  readonly wanAddress: string
  readonly ports: { readonly raft: number; readonly lan: number; readonly wan: number }
  readonly build: string
  readonly server: boolean
}

const memberStatuses = ['alive', 'leaving', 'left', 'failed'] as const

/**
 * What is known of a member. `alive` becomes `failed` when its lease has lapsed and the steward has seen to what
 * follows from that.
 */
export type MemberStatus = (typeof memberStatuses)[number]

/** Whether a text that came from a store or from another agent is a status. */
export const isMemberStatus = (text: string): text is MemberStatus =>
  (memberStatuses as readonly string[]).includes(text)

/** What a write gives a member's record. */
export interface MemberData {
  readonly info: AgentInfo
  readonly tags: Readonly<Record<string, string>>
  readonly state: MemberStatus
}

/** A member in the catalog's memory. */
export interface MemberRecord extends MemberData, Revisions {}

/** The value of a leased key: its lease, so that every server can renew it, and the node id of its writer. */
export interface LeaseMarkData {
  readonly lease: LeaseId
  readonly ttl: Duration
  readonly holder: string
}

/** A leased key in the catalog's memory; it is there as long as its lease lives. */
export interface LeaseMark extends LeaseMarkData, Revisions {}

/** Autopilot's configuration in the catalog's memory. */
export interface AutopilotRecord extends Revisions {
  readonly configuration: AutopilotConfiguration
}

/** A server of another datacenter in the catalog's memory. */
export interface WanServer extends Revisions {
  readonly info: AgentInfo
}
