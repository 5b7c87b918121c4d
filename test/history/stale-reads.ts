import type { Output } from './register.js'

/**
 * A read that may be old: which server answered whom, and the X-Consul-Index that came with it. In the order of the
 * answers.
 */
export interface StaleRead {
  readonly client: string
  readonly server: string
  readonly key: string
  readonly called: number
  readonly returned: number
  readonly index: number
  readonly output: Output
}

/**
 * What is wrong with reads that may be old: for one client at one server time must not go back, a version keeps its
 * index, and what was never written cannot be seen. `written`: the texts of all writes, whatever came of them.
 */
export function staleFaults(reads: readonly StaleRead[], written: ReadonlySet<string>): readonly string[] {
  const faults: string[] = []
  const newest = new Map<string, StaleRead>()
  for (const read of [...reads].sort((a, b) => a.returned - b.returned)) {
    const seen = 'read' in read.output ? read.output.read : undefined
    if (seen !== undefined && !written.has(seen.value))
      faults.push(`${read.client} saw ${seen.value} in ${read.key}, which nobody wrote`)
    const reader = `${read.client} ${read.server} ${read.key}`
    const before = newest.get(reader)
    // Only what was asked after the former answer must be as new.
    if (before !== undefined && before.returned <= read.called && read.index < before.index) {
      faults.push(
        `${read.client} was told index ${before.index} and later ${read.index} for ${read.key} by ${read.server}`,
      )
    }
    if (before === undefined || read.index >= before.index) newest.set(reader, read)
  }
  return faults
}
