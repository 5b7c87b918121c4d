import type { Document } from './syntax/index.js'

/**
 * Findings about two files that are at odds with each other go back and forth between them; more than a few at once
 * there never are.
 */
const maxKept = 4

/** A small cache of parsed documents, since lookups in one file mostly follow each other. */
export class RecentDocuments<Holder extends object> {
  #kept: readonly { readonly holder: Holder; readonly document: Document | undefined }[] = []

  /** The document of `holder`, parsed by `parse` unless it is one of the latest. */
  get(holder: Holder, parse: () => Document | undefined): Document | undefined {
    const known = this.#kept.find(entry => entry.holder === holder)
    if (known !== undefined) return known.document
    const document = parse()
    this.#kept = [{ holder, document }, ...this.#kept.slice(0, maxKept - 1)]
    return document
  }
}
