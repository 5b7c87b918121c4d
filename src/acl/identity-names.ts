/** Longest name of an identity, in bytes. */
const maxNameBytes = 256

const identityName = /^[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?$/

/**
 * Whether a service or node may be named in an identity. Such a name stands in rules that are made of it, so it holds
 * nothing that could end a text there.
 */
export const isIdentityName = (name: string): boolean => name.length <= maxNameBytes && identityName.test(name)
