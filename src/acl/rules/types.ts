import type { Access, NamedResource, WholeResource } from '../../common/access.js'

/** What a rule grants. */
export type Level = 'deny' | Access

/** A rule about all there is of a resource. */
export interface WholeRule {
  readonly match: 'whole'
  readonly resource: WholeResource
  readonly level: Level
}

/** A rule about one name, or about all names that begin with a text. */
export interface NamedRule {
  readonly match: 'exact' | 'prefix'
  readonly resource: NamedResource
  readonly name: string
  readonly level: Level
  /** What a rule of services says of intentions, where it does. */
  readonly intentions?: Level
}

/** One statement of a policy. */
export type Rule = WholeRule | NamedRule
