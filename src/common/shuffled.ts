/** A copy of a list in random order (Fisher and Yates). `random` gives numbers from 0 to below 1. */
export function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  const copy = [...items]
  for (let last = copy.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const item = copy[last]
    copy[last] = copy[other] as Item
    copy[other] = item as Item
  }
  return copy
}
