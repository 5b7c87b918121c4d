import { FaultError } from '../../../common/hcl/fault.js'
import { LineMap } from '../../../common/hcl/line-map.js'
import { parseHclItems, type HclItem } from '../../../common/hcl/parser.js'
import type { Diagnostic, Origin } from '../../types.js'
import { diagnose, origin } from './fault.js'

/** A file as written: items in order, blocks with their labels, nothing merged. */
export interface HclFile {
  readonly items: readonly HclItem[]
  /** An offset of the tree as a place in the file. */
  place(at: number): Origin
}

/** What {@link parseHcl} found. */
export type HclResult =
  { readonly ok: true; readonly file: HclFile } | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] }

/** Reads a file of HCL version 1. Never throws: what is wrong is a diagnostic. */
export function parseHcl(file: string, text: string): HclResult {
  const lines = new LineMap(text)
  try {
    return { ok: true, file: { items: parseHclItems(text, lines), place: at => origin(file, lines, at) } }
  } catch (error) {
    if (!(error instanceof FaultError)) throw error
    return { ok: false, diagnostics: [diagnose(file, lines, error.fault)] }
  }
}
