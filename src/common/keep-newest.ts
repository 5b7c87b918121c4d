/** Forgets the oldest entries of a map or set, until there are at most `max`. */
export function keepNewest<Key>(kept: Pick<Set<Key>, 'size' | 'keys' | 'delete'>, max: number): void {
  for (const key of kept.keys()) {
    if (kept.size <= max) return
    kept.delete(key)
  }
}
