const groups = [8, 4, 4, 4, 12]

/** What is wrong with a node id, in the words of Consul's UUID reader; undefined when it is a UUID. */
export function nodeIdFault(id: string): string | undefined {
  if (Buffer.byteLength(id) !== 36) return 'uuid string is wrong length'
  const parts = id.split('-')
  if (parts.length !== groups.length || parts.some((part, i) => part.length !== groups[i]))
    return 'uuid is improperly formatted'
  const odd = /[^0-9a-f]/iu.exec(parts.join(''))?.[0]
  if (odd === undefined) return undefined
  const code = (odd.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  return `encoding/hex: invalid byte: U+${code} '${odd}'`
}
