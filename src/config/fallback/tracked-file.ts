import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { errorCode } from '../../common/errors.js'
import { readContent, unreadable } from '../read/content.js'
import type { Content } from '../read/content.js'
import { contributionOf } from '../combine/contribution.js'
import type { Contribution } from '../combine/contribution.js'
import { entriesOf } from '../complete/entries.js'
import type { EntryLimits } from '../complete/entries.js'
import { HeldContent, heldContribution, takesAway } from './held-content.js'
import { danglingAt, missingAt, tooLargeAt, unreadableAt } from '../read/listing.js'
import { decodeUtf8, sizeLimit } from '../read/syntax/index.js'
import type { ConfigFormat } from '../read/syntax/index.js'
import type { Diagnostic } from '../types.js'

/** The newest content, the one that runs, and the one of an earlier process. */
const keptContributions = 3

/** Milliseconds for which an HCL file may still be in the writing: half of one is valid, too. */
const settleDelayMs = 2000
/** Contents from before that a file which changes on and on keeps beside its newest one. */
const maxHeld = 16

/**
 * How a load treats entries that a changed HCL file no longer declares. A number is the time of the load in monotonic
 * milliseconds: such entries are kept for a while. `at once`: they are removed now. `preview`: the result of `at once`,
 * without changing anything.
 */
export type LoadTiming = number | 'at once' | 'preview'

/**
 * One configuration file over its lifetime: what it holds now, what of it runs, and what it held when it was last good.
 */
export class TrackedFile {
  readonly path: string
  readonly format: ConfigFormat
  /** sha256 of the newest bytes, hex. */
  hash = ''
  /** The newest content as read, good or not. */
  newest: Content
  /**
   * What the file is taken to say: the newest content, what ran before it if that is blank, or both for a while, see
   * {@link decide}.
   */
  candidate: Content
  /** The content that the latest load took from this file. */
  running: Content | undefined
  #signature: string | undefined
  /** The newest content is one that no ordinary load (one with a time) has seen. */
  #fresh = false
  /** When what the newest content no longer says is taken away; monotonic milliseconds. */
  #settledAt: number | undefined
  #stored: string | undefined
  #storedContent: Content | undefined
  /** Of the candidate and the fallback; the newest first. */
  #contributions: { readonly max: number; readonly contribution: Contribution }[] = []

  /** `stored` is the file's content when an earlier process last took it. */
  constructor(path: string, format: ConfigFormat, stored: string | undefined) {
    this.path = path
    this.format = format
    this.#stored = stored
    this.newest = this.candidate = unreadable(path, '', [])
  }

  /**
   * Reads the file if it looks different from the last time, or in any case when forced (a time stamp may be too
   * coarse). False when there is no such file any more. Bytes that are the same leave the content as it is.
   */
  refresh(force: boolean): boolean {
    try {
      const stat = fs.statSync(this.path)
      if (!stat.isFile()) return this.fallback !== undefined && this.#dangles()
      // Joined, not a template: that would be kept as a tree of its parts.
      const signature = [stat.dev, stat.ino, stat.size, stat.mtimeMs, stat.ctimeMs].join(':')
      if (signature === this.#signature && !force) return true
      this.#signature = undefined
      if (stat.size > sizeLimit) this.#fail(tooLargeAt(this.path, stat.size, sizeLimit))
      else this.update(fs.readFileSync(this.path))
      this.#signature = signature
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return this.#dangles()
      this.#signature = undefined
      this.#fail(unreadableAt(this.path, error))
    }
    return true
  }

  /** Notes that the file is a link to nothing that can be read. False when it is no link. */
  #dangles(): boolean {
    const finding = danglingAt(this.path)
    this.#signature = undefined
    if (finding !== undefined) this.#fail(finding)
    return finding !== undefined
  }

  /** Takes new bytes. */
  update(bytes: Uint8Array): void {
    const hash = createHash('sha256').update(bytes).digest('hex')
    if (hash === this.hash) return
    this.hash = hash
    const decoded = decodeUtf8(this.path, bytes)
    this.#take(
      decoded.ok ? readContent(this.path, decoded.text, this.format) : unreadable(this.path, '', decoded.diagnostics),
    )
  }

  /**
   * Settles what the file is taken to say. A blank one makes no statement, so what ran stays. What an HCL file no
   * longer says is held for two seconds after its last change, in which its writer may add it.
   */
  decide(timing: LoadTiming, limits: EntryLimits): void {
    const { newest } = this
    if (newest.blank) {
      const { fallback } = this
      this.candidate = fallback?.ok === true ? fallback : newest
      return
    }
    this.candidate = newest
    if (timing === 'preview') return
    if (timing === 'at once') {
      this.#settledAt = undefined
    } else {
      if (this.#fresh) this.#settledAt = timing + settleDelayMs
      if (this.#settledAt !== undefined && timing < this.#settledAt) this.candidate = this.#held(limits)
      if (this.candidate === newest) this.#settledAt = undefined
    }
    this.#fresh = false
  }

  /**
   * When something that the file no longer says will be taken away, if it still does not say it then; monotonic
   * milliseconds.
   */
  get settledAt(): number | undefined {
    return this.candidate instanceof HeldContent && this.candidate.now === this.newest ? this.#settledAt : undefined
  }

  /** The newest content with what it would take away from what runs; itself when that is nothing. */
  #held(limits: EntryLimits): Content {
    const { newest, running, format } = this
    const mayBeHalf = format === 'hcl' && newest.ok && !/^\s*\{/.test(newest.text)
    if (!mayBeHalf || running === undefined) return newest
    if (running instanceof HeldContent && running.now === newest) return running
    const now = this.contribution(newest, limits)
    if (!takesAway(now, this.contribution(running, limits))) return newest
    if (!(running instanceof HeldContent)) return new HeldContent(newest, running)
    const adds = takesAway(now, this.contribution(running.now, limits))
    return new HeldContent(newest, !adds ? running.before : running.depth < maxHeld ? running : running.now)
  }

  /** What may stand in for a broken candidate: what runs, or what an earlier process took last. */
  get fallback(): Content | undefined {
    if (this.running !== undefined) return this.running
    if (this.#stored === undefined) return undefined
    return (this.#storedContent ??=
      this.#stored === this.newest.text ? this.newest : readContent(this.path, this.#stored, this.format))
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
    for (const known of this.#contributions)
      if (known.max === max && known.contribution.content === content) return known.contribution
    const contribution =
      content instanceof HeldContent
        ? heldContribution(content, this.contribution(content.now, limits), this.contribution(content.before, limits))
        : contributionOf(this.path, content, entriesOf(content, limits))
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
    this.#take(unreadable(this.path, '', [diagnostic]))
  }

  #take(content: Content): void {
    this.newest = this.candidate = content
    this.#fresh = true
  }
}
