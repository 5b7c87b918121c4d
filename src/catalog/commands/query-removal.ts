import { queryKey, queryNameKey } from '../keys.js'
import { isTemplate } from '../queries/types.js'
import type { PreparedQuery, QueryData } from '../queries/types.js'
import type { KeyDraft } from './key-draft.js'

/** The key that holds a query's name; undefined for one that has none. */
export const heldName = (query: Pick<QueryData, 'name' | 'template'>): string | undefined =>
  query.name !== '' || isTemplate(query) ? queryNameKey(query.name) : undefined

/** Deletes a prepared query, if it is still as it was seen, and frees its name. */
export function removeQuery(draft: KeyDraft, query: PreparedQuery): void {
  draft.relyOnKey(queryKey(query.id), query.modified)
  draft.delete(queryKey(query.id))
  const held = heldName(query)
  if (held !== undefined) draft.delete(held)
}

/**
 * Deletes the prepared queries that are bound to a session. The end of the session relies on its guard, to detect a
 * query that is bound concurrently.
 */
export function endQueries(draft: KeyDraft, session: { readonly id: string }): void {
  for (const query of draft.state.queries.ofSession(session.id)) removeQuery(draft, query)
}
