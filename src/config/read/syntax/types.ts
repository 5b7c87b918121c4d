import type { Diagnostic } from '../../types.js'
import type { LineColumn } from '../../../common/hcl/line-map.js'

/** `json` is read as JSON5, so `.json` and `.json5` files are both; `hcl` is version 1 of that language. */
export type ConfigFormat = 'json' | 'hcl'

/** A file's content and where each part of it stands. */
export interface Document {
  /** The keys as written; `{}` for an empty file. Never holds a `__proto__` key. */
  readonly value: Readonly<Record<string, unknown>>
  /**
   * The place of a key or value, e.g. `['services', 3, 'check', 'http']`, or of its nearest existing parent; by default
   * the value's. Computed at the first question. Paths of one or two steps are cheap, also for thousands of files.
   */
  locate(path: readonly (string | number)[], what?: 'key' | 'value'): LineColumn
}

/** `diagnostics` beside a document are errors that still leave a value, e.g. `duplicate-key`. */
export type ParseResult =
  | { readonly ok: true; readonly document: Document; readonly diagnostics: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] }

/**
 * What the schema says about the key at the end of `path` (numbers are list indexes): HCL writes a list of objects and
 * a single object the same way. `unknown` keys become an object when they stand once, a list when they are repeated.
 */
export type ListKeys = (path: readonly (string | number)[]) => 'list' | 'object' | 'unknown'
