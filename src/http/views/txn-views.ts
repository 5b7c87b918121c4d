import type { TxnOutcome, TxnResult } from '../../catalog/index.js'
import { checkView, nodeServiceView, nodeView } from './catalog-views.js'
import { kvJson } from './kv-views.js'

/** How a transaction ended, as the members of a JSON object. */
export function txnJson(outcome: TxnOutcome, datacenter: string): string {
  if ('errors' in outcome)
    return `"Results":null,"Errors":${JSON.stringify(outcome.errors.map(({ opIndex, what }) => ({ OpIndex: opIndex, What: what })))}`
  return `"Results":[${outcome.results.map(one => resultJson(one, datacenter)).join(',')}],"Errors":null`
}

/** Unlike elsewhere, a list of tags that is empty shows as null. */
function resultJson(result: TxnResult, datacenter: string): string {
  switch (result.kind) {
    case 'kv':
      return `{"KV":${kvJson(result.entry, result.withValue)}}`
    case 'node':
      return JSON.stringify({ Node: nodeView(result.entry, datacenter) })
    case 'service':
      return JSON.stringify({ Service: { ...nodeServiceView(result.entry), Tags: nullIfEmpty(result.entry.tags) } })
    case 'check':
      return JSON.stringify({
        Check: { ...checkView(result.entry), ServiceTags: nullIfEmpty(result.entry.serviceTags) },
      })
  }
}

const nullIfEmpty = (list: readonly string[]): readonly string[] | null => (list.length === 0 ? null : list)
