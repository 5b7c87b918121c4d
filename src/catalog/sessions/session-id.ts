/** What is wrong with a session id, in the words of Consul's index of UUIDs; undefined when it is one. */
export function sessionIdFault(id: string): string | undefined {
  if (Buffer.byteLength(id) !== 36) return 'index error: UUID must be 36 characters'
  const hyphens = id.split('-').length - 1
  if (hyphens > 4) return `index error: UUID should have maximum of 4 "-"; got ${hyphens}`
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id) ? undefined : 'index error: Invalid UUID'
}
