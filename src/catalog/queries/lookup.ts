import { MusterError } from '../../common/errors.js'
import { isUuid } from '../../common/uuid.js'
import type { CatalogReads } from '../api.js'
import { uuidFault } from '../uuid-fault.js'
import { fillTemplate } from './template.js'
import { isTemplate } from './types.js'
import type { PreparedQuery } from './types.js'

/**
 * Longest name that is looked up, in characters; none longer can be stored. With it the work that a template makes is
 * bounded.
 */
const maxLookup = 1024

/** @throws MusterError QUERY_INVALID, in Consul's words, when a text cannot be the id of a prepared query. */
export function assertQueryId(text: string): void {
  const fault = uuidFault(text)
  if (fault !== undefined) throw new MusterError('QUERY_INVALID', `failed prepared query lookup: ${fault}`)
}

/**
 * The query that an id or a name means, ready to be run: by id, else by its exact name, else the template with the
 * longest beginning of the name, filled for it.
 * @throws MusterError QUERY_IS_TEMPLATE for a template's id: it says nothing without a name
 */
export function lookUp(reads: Pick<CatalogReads, 'queries'>, idOrName: string): PreparedQuery | undefined {
  if (idOrName === '' || idOrName.length > maxLookup) return undefined
  const identified = isUuid(idOrName) ? reads.queries.get(idOrName) : undefined
  if (identified !== undefined) {
    if (!isTemplate(identified)) return identified
    throw new MusterError('QUERY_IS_TEMPLATE', 'prepared query templates can only be resolved up by name, not by ID')
  }
  const found = reads.queries.named(idOrName) ?? reads.queries.templateFor(idOrName)
  return found === undefined || !isTemplate(found) ? found : fillTemplate(found, idOrName)
}
