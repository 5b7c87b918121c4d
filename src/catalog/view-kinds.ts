/**
 * What a view of a catalog is of, for those who keep only the parts of it that they are asked about: all instances of a
 * service; a node, by name, id or the beginning of one; or the nodes and services that have an address.
 */
export const viewKinds = ['service', 'node', 'address'] as const
/** One of {@link viewKinds}. */
export type ViewKind = (typeof viewKinds)[number]
