/** What is wrong with an id, in the words of Consul's index of UUIDs; undefined when it is one. */
export function uuidFault(id: string): string | undefined {
  if (Buffer.byteLength(id) !== 36) return 'index error: UUID must be 36 characters'
  const hyphens = id.split('-').length - 1
  if (hyphens > 4) return `index error: UUID should have maximum of 4 "-"; got ${hyphens}`
  const digits = id.replaceAll('-', '')
  if (digits.length % 2 !== 0) return 'index error: Input (without hyphens) must be even length'
  // The places of the hyphens are not checked: tests of clients send 36 hex digits and expect "no such session", not
  // "invalid id".
  const [wrong] = /[^0-9a-f]/iu.exec(digits) ?? []
  if (wrong === undefined) return undefined
  return `index error: Invalid UUID: encoding/hex: invalid byte: U+${(Buffer.from(wrong)[0] ?? 0).toString(16).toUpperCase().padStart(4, '0')} '${wrong}'`
}
