import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { errorCode } from '../common/errors.js'
import { readContent, unreadable } from './content.js'
import type { Content } from './content.js'
import { contributionOf } from './contribution.js'
import type { Contribution } from './contribution.js'
import { entriesOf } from './entries.js'
import type { EntryLimits } from './entries.js'
import { missingAt, tooLargeAt, unreadableAt } from './listing.js'
import { decodeUtf8, sizeLimit } from './syntax/index.js'
import type { ConfigFormat } from './syntax/index.js'
import type { Diagnostic } from './types.js'

/** The newest content, the one that runs, and the one of an earlier process. */
const keptContributions = 3

/** One configuration file over its lifetime: what it holds now, what of it runs, and what it held when it was last good. */
export class TrackedFile {
  readonly path: string
  readonly format: ConfigFormat
  /** sha256 of the newest bytes, hex. */
  hash = ''
  /** The newest content, good or not. */
  candidate: Content
  /** The content that the latest load took from this file. */
  running: Content | undefined
  #signature: string | undefined
  #stored: string | undefined
  #storedContent: Content | undefined
  /** Of the candidate and the fallback; the newest first. */
  #contributions: { readonly max: number; readonly contribution: Contribution }[] = []

  /** `stored` is the file's content when an earlier process last took it. */
  constructor(path: string, format: ConfigFormat, stored: string | undefined) {
    this.path = path
    this.format = format
    this.#stored = stored
    this.candidate = unreadable(path, '', [])
  }

  /**
   * Reads the file if it looks different from the last time, or in any case when forced (a time stamp may be too coarse).
   * False when there is no such file any more. Bytes that are the same leave the content as it is.
   */
  refresh(force: boolean): boolean {
    try {
      const stat = fs.statSync(this.path)
      if (!stat.isFile()) return false
      // Joined, not a template: that would be kept as a tree of its parts.
      const signature = [stat.dev, stat.ino, stat.size, stat.mtimeMs, stat.ctimeMs].join(':')
      if (signature === this.#signature && !force) return true
      this.#signature = undefined
      if (stat.size > sizeLimit) this.#fail(tooLargeAt(this.path, stat.size, sizeLimit))
      else this.update(fs.readFileSync(this.path))
      this.#signature = signature
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return false
      this.#signature = undefined
      this.#fail(unreadableAt(this.path, error))
    }
    return true
  }

  /** Takes new bytes. */
  update(bytes: Uint8Array): void {
    const hash = createHash('sha256').update(bytes).digest('hex')
    if (hash === this.hash) return
    this.hash = hash
    const decoded = decodeUtf8(this.path, bytes)
    this.candidate = decoded.ok ? readContent(this.path, decoded.text, this.format) : unreadable(this.path, '', decoded.diagnostics)
  }

  /** What may stand in for a broken candidate: what runs, or what an earlier process took last. */
  get fallback(): Content | undefined {
    if (this.running !== undefined) return this.running
    if (this.#stored === undefined) return undefined
    return this.#storedContent ??= this.#stored === this.candidate.text ? this.candidate : readContent(this.path, this.#stored, this.format)
  }

  /** Whether this text is what is remembered of the file. */
  remembers(text: string): boolean {
    return this.#stored === text
  }

  /** Notes what is remembered of the file from now on. */
  remember(text: string): void {
    this.#stored = text
    this.#storedContent = undefined
  }

  /** The declarations in one of this file's contents. */
  contribution(content: Content, limits: EntryLimits): Contribution {
    const max = limits.checkOutputMaxSize
    // Asked several times of each file in each load: a closure for each would be megabytes.
    for (const known of this.#contributions) if (known.max === max && known.contribution.content === content) return known.contribution
    const contribution = contributionOf(this.path, content, entriesOf(content, limits))
    this.#contributions = [{ max, contribution }, ...this.#contributions.slice(0, keptContributions - 1)]
    return contribution
  }

  /** Whether a content of this file has no error of its own. */
  usable(content: Content, limits: EntryLimits): boolean {
    return content.ok && this.contribution(content, limits).entries.ok
  }

  /** Notes that a file which should be there is not. */
  vanish(): void {
    this.#signature = undefined
    this.#fail(missingAt(this.path))
  }

  #fail(diagnostic: Diagnostic): void {
    this.hash = ''
    this.candidate = unreadable(this.path, '', [diagnostic])
  }
}
