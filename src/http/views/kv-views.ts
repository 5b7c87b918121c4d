import type { KvEntry } from '../../catalog/index.js'

/**
 * A KV entry as JSON text: Flags may be larger than a JavaScript number can say. A value of no bytes shows as null, as
 * one that is not to be shown does.
 */
export function kvJson(
  { key, flags, value, lockIndex, session, created, modified }: KvEntry,
  withValue = true,
): string {
  const shown = withValue && value.length > 0 ? `"${value.toString('base64')}"` : 'null'
  const holder = session === '' ? '' : `"Session":${JSON.stringify(session)},`
  return `{"LockIndex":${lockIndex},"Key":${JSON.stringify(key)},"Flags":${flags},"Value":${shown},${holder}"CreateIndex":${created},"ModifyIndex":${modified}}`
}

/** Names below a prefix, cut behind the first separator that follows it; what is the same after the cut shows once. */
export function foldKeys(keys: Iterable<string>, prefix: string, separator: string): readonly string[] {
  if (separator === '') return [...keys]
  const folded: string[] = []
  let last: string | undefined
  for (const key of keys) {
    const found = key.indexOf(separator, prefix.length)
    const cut = found < 0 ? key : key.slice(0, found + separator.length)
    if (found >= 0 && cut === last) continue
    folded.push(cut)
    if (found >= 0) last = cut
  }
  return folded
}
