/** What rules are about that has names: each rule holds for one name, or for all that begin with a text. */
export type NamedResource = 'agent' | 'event' | 'key' | 'node' | 'query' | 'service' | 'session'
/** What rules are about as a whole. */
export type WholeResource = 'acl' | 'keyring' | 'mesh' | 'operator'
/** All that may be asked about. Rights on intentions come from rules of services. */
export type Resource = NamedResource | WholeResource | 'intention'

/** What one may do with a resource, the lesser first; each includes those before it. `list` is known of keys alone. */
export type Access = 'read' | 'list' | 'write'
