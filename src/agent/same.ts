/**
 * Equality of the small lists and maps of entries. Thousands of them are compared in one go, which a general deep
 * comparison would do ten times slower, with nobody answered meanwhile.
 */

/** Whether two lists of texts are equal, order included. */
export const sameTexts = (a: readonly string[], b: readonly string[]): boolean =>
  a === b || (a.length === b.length && a.every((text, at) => text === b[at]))

/** Whether two maps are equal, `null` counting as an empty one. `same` compares their values. */
export function sameMap<Value>(
  a: Readonly<Record<string, Value>> | null,
  b: Readonly<Record<string, Value>> | null,
  same: (a: Value, b: Value) => boolean = Object.is,
): boolean {
  if (a === b) return true
  const left = a ?? {}
  const right = b ?? {}
  let count = 0
  for (const key in left) {
    count++
    const value = left[key]
    const other = right[key]
    if (value === undefined || other === undefined || !same(value, other)) return false
  }
  for (const key in right) if (left[key] === undefined) return false
  return count === Object.keys(right).length
}
