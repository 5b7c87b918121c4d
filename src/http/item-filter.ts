import { compileFilter, selectors } from './filter/index.js'
import type { Query } from './query.js'

/** The shapes of items that a filter can be written for. */
export type FilterView = keyof typeof selectors

/** What `?filter=` keeps of items of one shape; undefined when there is no filter. @throws MusterError for an expression that is none */
export function itemFilter(query: Query, view: FilterView): ((item: object) => boolean) | undefined {
  const expression = query.first('filter')
  return expression === '' ? undefined : compileFilter(expression, selectors[view])
}
