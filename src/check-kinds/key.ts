/** What stands under a key of a check; `textsMap` is an object that has a list of texts under each key. */
export type KeyValue = 'text' | 'flag' | 'count' | 'duration' | 'texts' | 'textsMap'

/**
 * One key of a check: what files and HTTP bodies may have there. The JSON Schema, the tables that requests are read by
 * and the spelling of answers follow from it.
 */
export interface CheckKey {
  readonly value: KeyValue
  /** What editors and the reference page say of it. */
  readonly description: string
  readonly default?: unknown
  /** How HTTP spells it, in any case; the first one is what answers show. Without it only files have the key. */
  readonly api?: readonly [shown: string, ...others: string[]]
  /** False where the definition that a catalog write may bring does not hold it. */
  readonly inCatalog?: false
  /** The key that this one is another spelling of, in files. */
  readonly aliasOf?: string
  /** Further keywords of its schema: `enum`, `minimum`, and those of `tools/generate.mjs` that begin with `x-`. */
  readonly schema?: Readonly<Record<string, unknown>>
}

/** Keys by the name that files have for them. */
export type CheckKeys = Readonly<Record<string, CheckKey>>
