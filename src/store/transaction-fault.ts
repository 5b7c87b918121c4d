import type { MusterError } from '../common/errors.js'
import { invalid } from './errors.js'
import { isEncodable, isKey, isWithin } from './key-order.js'
import type { Condition, Transaction, Write } from './store.js'

/** Which rule of the contract a transaction breaks by itself, whatever the store holds. */
export function transactionFault({ when, then }: Transaction): MusterError | undefined {
  for (const condition of when) {
    const wrong = conditionFault(condition)
    if (wrong !== undefined) return invalid(wrong)
  }
  for (const write of then) {
    const wrong = writeFault(write)
    if (wrong !== undefined) return invalid(wrong)
  }
  return then.length > 1 ? overlap(then) : undefined
}

function conditionFault(condition: Condition): string | undefined {
  if (condition.test === 'quiet') return rangeFault(condition)
  return isKey(condition.key) ? undefined : `a condition names ${JSON.stringify(condition.key)}, which cannot be a key`
}

function writeFault(write: Write): string | undefined {
  if (write.kind === 'delete-range') return rangeFault(write)
  return isKey(write.key)
    ? undefined
    : `${JSON.stringify(write.key)} cannot be a key: keys are non-empty UTF-8 text that does not begin with NUL`
}

const rangeFault = ({ from, to }: { readonly from: string; readonly to: string }): string | undefined =>
  isEncodable(from) && isEncodable(to)
    ? undefined
    : `the range from ${JSON.stringify(from)} to ${JSON.stringify(to)} has an end that is not UTF-8 text`

function overlap(then: readonly Write[]): MusterError | undefined {
  const seen = new Set<string>()
  const ranges: (Write & { readonly kind: 'delete-range' })[] = []
  for (const write of then) {
    if (write.kind === 'delete-range') {
      if (ranges.some(({ from, to }) => isWithin(write.from, from, to) || isWithin(from, write.from, write.to))) {
        return invalid(`one transaction deletes overlapping ranges, the later one from ${JSON.stringify(write.from)}`)
      }
      ranges.push(write)
      continue
    }
    if (seen.has(write.key)) return invalid(`one transaction writes key ${JSON.stringify(write.key)} twice`)
    seen.add(write.key)
  }
  for (const { from, to } of ranges) {
    for (const key of seen)
      if (isWithin(key, from, to))
        return invalid(`one transaction writes key ${JSON.stringify(key)} and deletes a range around it`)
  }
  return undefined
}
