import type { AuthMethodType, NodeIdentity, ServiceIdentity, TemplatedPolicy } from '../../acl/index.js'
import type { Duration } from '../../common/duration.js'
import type { Revisions } from '../types.js'

/** Prefix of all builtin ids. Other ids must not begin with it. */
export const reservedPrefix = '00000000-0000-0000-0000-0000000000'
/** Id of the policy that allows everything. */
export const managementPolicyId = `${reservedPrefix}01`
/** Accessor of the anonymous token, which applies to requests without a token. */
export const anonymousAccessor = `${reservedPrefix}02`
/** Secret of the anonymous token, which applies to requests without a token. */
export const anonymousSecret = 'anonymous'

/** A policy as a write gives it: rules under a name. No `datacenters`: it holds everywhere. */
export interface PolicyData {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly rules: string
  readonly datacenters: readonly string[]
}

/** Where somebody's rights come from. Policies are named by id, whether they still exist or not. */
export interface Grants {
  readonly policies: readonly string[]
  readonly serviceIdentities: readonly ServiceIdentity[]
  readonly nodeIdentities: readonly NodeIdentity[]
  readonly templatedPolicies: readonly TemplatedPolicy[]
}

/** Rights under a name, for tokens to link to. */
export interface RoleData extends Grants {
  readonly id: string
  readonly name: string
  readonly description: string
}

/** The auth method that a token comes from: its name, and which of those that had the name one after the other. */
export interface LoginSource {
  readonly method: string
  readonly instance: string
}

/**
 * A token as a write gives it. `accessor` is its public name, `secret` what its holder brings. Times are in ms since
 * 1970. `type` and `rules` are those of the first ACL system: `type` '' for a token of today's.
 */
export interface TokenData extends Grants {
  readonly accessor: string
  readonly secret: string
  readonly description: string
  /** Ids of roles, whether they still exist or not. */
  readonly roles: readonly string[]
  /** Valid in this datacenter only. */
  readonly local: boolean
  readonly createTime: number
  readonly expirationTime?: number
  readonly login?: LoginSource
  readonly type: '' | 'client' | 'management'
  readonly rules: string
}

/**
 * A way to log in: an external service that verifies identities. `config` depends on the type, and is validated by its
 * users.
 */
export interface AuthMethodData {
  readonly name: string
  readonly type: AuthMethodType
  readonly displayName: string
  readonly description: string
  /** How long tokens live; 0 for ever. */
  readonly maxTokenTtl: Duration
  /** Whether tokens are valid here only, '' for the same as `local`. */
  readonly tokenLocality: '' | 'local' | 'global'
  readonly config: Readonly<Record<string, unknown>>
  /** Tells it from others that had the name before, whose tokens are not this one's. */
  readonly instance: string
}

/** What a token gets that comes from an auth method. */
export interface BindingRuleData {
  readonly id: string
  readonly authMethod: string
  /** A filter over who it is; '' for all. */
  readonly selector: string
  readonly bindType: 'service' | 'node' | 'role'
  /** A name that may hold `${...}`. */
  readonly bindName: string
  readonly description: string
}

/** A policy in the catalog's memory. */
export interface Policy extends PolicyData, Revisions {}
/** A role in the catalog's memory. */
export interface Role extends RoleData, Revisions {}
/** A token in the catalog's memory. */
export interface Token extends TokenData, Revisions {}
/** An auth method in the catalog's memory. */
export interface AuthMethod extends AuthMethodData, Revisions {}
/** A binding rule in the catalog's memory. */
export interface BindingRule extends BindingRuleData, Revisions {}
