import { checkKinds } from './all.js'
import { runKeys } from './common-keys.js'
import type { CheckKey, CheckKeys } from './key.js'

/** The keys of every kind, and those about running a check that all have. */
const all: readonly [name: string, key: CheckKey][] = [...checkKinds.map(({ keys }) => keys), runKeys].flatMap(
  (keys: CheckKeys) => Object.entries(keys),
)

/** A key that HTTP takes: its name in files, its spellings there of which the first one is shown, and what it holds. */
export interface ApiKey {
  readonly name: string
  readonly spellings: readonly [shown: string, ...others: string[]]
  readonly value: CheckKey['value']
  /** Whether the definition in a catalog write may hold it. */
  readonly inCatalog: boolean
}

/** What HTTP takes of what a check does. Who a check is, and whose, is no part of that. */
export const apiKeys: readonly ApiKey[] = all.flatMap(([name, { api, value, inCatalog = true }]) =>
  api === undefined ? [] : [{ name, spellings: api, value, inCatalog }],
)

/** How answers spell a key, by its name in files. */
export const apiNames: ReadonlyMap<string, string> = new Map(apiKeys.map(({ name, spellings }) => [name, spellings[0]]))
