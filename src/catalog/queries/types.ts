import type { Revisions } from '../types.js'

type Texts = Readonly<Record<string, string>>

/**
 * What a prepared query looks for. In a template every text of it may hold `${...}`. Lists and maps that a client left
 * out are null, which is shown as it is and asks for nothing.
 */
export interface ServiceQuery {
  readonly service: string
  /** Where to look when there is nothing here: the nearest so many datacenters, then the named ones. */
  readonly failover: { readonly nearestN: number; readonly datacenters: readonly string[] | null }
  /** Leave out instances with a warning, too. */
  readonly onlyPassing: boolean
  /** Checks that do not count. */
  readonly ignoreCheckIds: readonly string[] | null
  /** Node whose neighbours come first; `_agent` the one that was asked, `_ip` the one that asks; '' none. */
  readonly near: string
  /** All of these; with `!` before it none of these. */
  readonly tags: readonly string[] | null
  readonly nodeMeta: Texts | null
  readonly serviceMeta: Texts | null
  /** Only instances of the service mesh, of which there are none here. */
  readonly connect: boolean
}

/** Makes a query answer to more names than its own. `type` '' for a plain query. */
export interface QueryTemplate {
  readonly type: string
  /** RE2 expression over the name asked for, whose groups `${match(N)}` gives; '' none. */
  readonly regexp: string
  readonly removeEmptyTags: boolean
}

/**
 * A prepared query as a write gives it. `session` '' when it is bound to none; `ttl` in Go's duration syntax, '' for
 * the service's.
 */
export interface QueryData {
  readonly id: string
  readonly name: string
  readonly session: string
  readonly token: string
  readonly template: QueryTemplate
  readonly service: ServiceQuery
  readonly ttl: string
}

/** A prepared query in the catalog's memory. */
export interface PreparedQuery extends QueryData, Revisions {}

/** Whether a query answers to more names than its own. */
export const isTemplate = (query: Pick<QueryData, 'template'>): boolean => query.template.type !== ''
