import { sameData } from '../../common/plain-data.js'
import type { CatalogReads, Command } from '../api.js'
import { queryKey, sessionGuardKey, sessionKey } from '../keys.js'
import { encodeQuery } from '../queries/query-codec.js'
import { isUuid } from '../../common/uuid.js'
import { isTemplate } from '../queries/types.js'
import type { PreparedQuery, QueryData } from '../queries/types.js'
import { drafted } from './draft.js'
import type { Draft } from './draft.js'
import { assertQuery, invalidQuery } from './query-data.js'
import { heldName, removeQuery } from './query-removal.js'

const nothing = new Uint8Array(0)

/**
 * Creates a prepared query under a new id. The result is the id. Refused with QUERY_INVALID or
 * QUERY_TEMPLATE, in Consul's words.
 */
export const createQuery =
  (data: QueryData): Command<string> =>
  state =>
    drafted(draft => {
      assertQuery(data)
      draft.relyOnKey(queryKey(data.id), undefined)
      place(draft, state, data, undefined)
      return data.id
    })(state)

/**
 * Puts a prepared query in the place of the one with its id. Written only when it differs. Refused as {@link
 * createQuery} does, and when there is none.
 */
export const updateQuery =
  (data: QueryData): Command<true> =>
  state =>
    drafted(draft => {
      const standing = existing(state, data.id)
      assertQuery(data)
      draft.relyOnKey(queryKey(standing.id), standing.modified)
      place(draft, state, { ...data, id: standing.id }, standing)
      return true as const
    })(state)

/** Deletes a prepared query. Refused when there is none. */
export const deleteQuery =
  (id: string): Command<true> =>
  state =>
    drafted(draft => {
      removeQuery(draft, existing(state, id))
      return true as const
    })(state)

function existing(state: CatalogReads, id: string): PreparedQuery {
  const found = state.queries.get(id)
  if (found === undefined) throw invalidQuery(`Cannot modify non-existent prepared query: '${id}'`)
  return found
}

function place(draft: Draft, state: CatalogReads, data: QueryData, standing: PreparedQuery | undefined): void {
  if (standing !== undefined && sameQuery(standing, data)) return
  takeName(draft, state, data, standing)
  if (data.session !== '') bind(draft, data)
  draft.put(queryKey(data.id), encodeQuery(data))
}

/** Names are unique, and no name is another query's id: it would be found in that one's place. */
function takeName(draft: Draft, state: CatalogReads, data: QueryData, standing: PreparedQuery | undefined): void {
  const wanted = heldName(data)
  const held = standing === undefined ? undefined : heldName(standing)
  const holder =
    data.name !== '' ? state.queries.named(data.name) : isTemplate(data) ? state.queries.templateFor('') : undefined
  if (holder !== undefined && holder.id !== standing?.id) {
    throw invalidQuery(
      data.name === ''
        ? 'raft apply failed: a query template with an empty name already exists'
        : `raft apply failed: name '${data.name}' aliases an existing query name`,
    )
  }
  if (isUuid(data.name)) {
    if (state.queries.get(data.name) !== undefined)
      throw invalidQuery(`raft apply failed: name '${data.name}' aliases an existing query ID`)
    draft.relyOnKey(queryKey(data.name), undefined)
  }
  if (wanted === held) return
  if (wanted !== undefined) {
    draft.relyOnKey(wanted, undefined)
    draft.put(wanted, Buffer.from(data.id))
  }
  if (held !== undefined) draft.delete(held)
}

/**
 * The session must live until the commit, and its guard is written, so that a concurrent end of the session conflicts.
 */
function bind(draft: Draft, { id: queryId, session: id }: QueryData): void {
  const session = draft.state.sessions.get(id)
  if (session === undefined) throw invalidQuery(`raft apply failed: invalid session ${JSON.stringify(id)}`)
  draft.relyOnKey(sessionKey(session.id), session.modified)
  draft.put(sessionGuardKey(session.id, queryId), nothing)
}

const sameQuery = (a: QueryData, b: QueryData): boolean =>
  a.id === b.id
  && a.name === b.name
  && a.session === b.session
  && a.token === b.token
  && a.ttl === b.ttl
  && sameData(a.template, b.template)
  && sameData(a.service, b.service)
