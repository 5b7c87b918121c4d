/** Prints one figure: what was measured, ours, and the bare limit or the goal it is held against. */
export function row(area: string, what: string, ours: string, beside: string): void {
  console.log(`${area.padEnd(6)} ${what.padEnd(46)} ${ours.padStart(16)}   ${beside}`)
}

/** Median and the value below which 99 of 100 lie. */
export function quantiles(values: readonly number[]): { readonly median: number; readonly p99: number } {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return { median: at(0.5), p99: at(0.99) }
}
