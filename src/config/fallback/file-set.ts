import path from 'node:path'
import { emptyFolderAt, listPath, replacedAt, skippedAt, withName } from '../read/listing.js'
import type { Listing } from '../read/listing.js'
import type { ConfigFormat } from '../read/syntax/index.js'
import { TrackedFile } from './tracked-file.js'
import type { LoadTiming } from './tracked-file.js'
import type { Diagnostic } from '../types.js'

/** What of the file system can change what is declared. */
export interface WatchTargets {
  /** Folders in which any file may appear, change or go; also those that symbolic links lead to. */
  readonly folders: readonly string[]
  /** Files named on their own: watch the folder that each is in, since editors replace files. */
  readonly files: readonly string[]
}

interface Root {
  readonly given: string
  readonly resolved: string
  listing: Listing
}

/**
 * The configuration files that the command line's paths stand for, kept up to date with as little reading as possible.
 */
export class FileSet {
  readonly #roots: readonly Root[]
  readonly #format: ConfigFormat | undefined
  readonly #stored: Map<string, string>
  #skipped: ReadonlyMap<string, Diagnostic> = new Map()
  #tracked = new Map<string, TrackedFile>()
  #rootOf = new Map<string, Root>()
  #files: readonly TrackedFile[] = []
  #listed = false

  /** `stored` is what is remembered of files from an earlier process, by path. */
  constructor(paths: readonly string[], format: ConfigFormat | undefined, stored: ReadonlyMap<string, string>) {
    this.#roots = paths.map(given => ({
      given,
      resolved: path.resolve(given),
      listing: { folder: false, files: [], linked: [], skipped: [] },
    }))
    this.#format = format
    this.#stored = new Map(stored)
  }

  /** All files in the order in which they count, later ones winning. */
  get files(): readonly TrackedFile[] {
    return this.#files
  }

  get watchTargets(): WatchTargets {
    const folders = this.#roots.filter(root => root.listing.folder).map(root => root.given)
    return {
      folders: [...new Set([...folders, ...this.#roots.flatMap(root => root.listing.linked)])],
      files: this.#roots.filter(root => !root.listing.folder).map(root => root.given),
    }
  }

  /** Errors of the paths themselves; a folder that cannot be listed keeps the files that it had. */
  get pathErrors(): readonly Diagnostic[] {
    return this.#roots.flatMap(root => root.listing.error ?? [])
  }

  /** Warnings about folders in which nothing is declared. */
  get pathWarnings(): readonly Diagnostic[] {
    return this.#roots.flatMap(({ given, listing }) =>
      listing.folder && listing.error === undefined && listing.files.length === 0 ? emptyFolderAt(given) : [],
    )
  }

  /**
   * Brings the files up to date: all that look different, or only those at `changed` when all of these are in places
   * where nothing else can have changed with them. A folder that is away keeps its files, and so does one that another,
   * empty one has taken the place of, unless all is to be settled at once. Returns warnings about names that are not
   * read.
   */
  refresh(changed: ReadonlySet<string> | undefined, timing: LoadTiming): readonly Diagnostic[] {
    const resolved = [...(changed ?? [])].map(file => path.resolve(file))
    const few = changed !== undefined && this.#narrow(resolved)
    if (!few) this.#list(timing)
    const forced = new Set(resolved.flatMap(file => this.#givenPath(file)?.given ?? []))
    const gone = new Set<string>()
    for (const file of few ? [...forced].flatMap(given => this.#tracked.get(given) ?? []) : this.#files) {
      const listing = this.#rootOf.get(file.path)?.listing
      // Keep the files of a folder that cannot be listed: an error is no request to remove everything.
      if (listing?.folder === true && listing.error !== undefined) continue
      if (file.refresh(forced.has(file.path))) continue
      if (listing?.folder === true) gone.add(file.path)
      else file.vanish()
    }
    for (const root of new Set([...gone].flatMap(file => this.#rootOf.get(file) ?? []))) {
      // Keep the files as well when the whole folder has disappeared.
      const error = this.#faultOf(root, listPath(root.given, this.#format), timing)
      if (error === undefined) continue
      root.listing = { ...root.listing, error }
      for (const { path: file } of root.listing.files) gone.delete(file)
    }
    if (gone.size > 0) {
      for (const root of this.#roots)
        root.listing = { ...root.listing, files: root.listing.files.filter(file => !gone.has(file.path)) }
      this.#track()
    }
    return this.#skippedNames(gone)
  }

  /** Adds changed paths that are new to the listings; false when only a full listing can tell what they mean. */
  #narrow(changed: readonly string[]): boolean {
    if (!this.#listed || this.#roots.some(root => root.listing.error !== undefined)) return false
    let added = false
    for (const resolved of changed) {
      const found = this.#givenPath(resolved)
      if (found === undefined) return false
      const { root, given } = found
      if (this.#tracked.has(given)) continue
      // The changed name may be part of a symbolic link's target, so only a full listing can tell what changed.
      if (root.listing.linked.length > 0 || !root.listing.folder) return false
      const listing = withName(root.listing, root.given, path.basename(resolved), this.#format)
      if (listing === undefined) return false
      added ||= listing.files !== root.listing.files
      root.listing = listing
    }
    if (added) this.#track()
    return true
  }

  /** An absolute path as the command line's paths make it, if it is in reach of one of these. */
  #givenPath(resolved: string): { readonly root: Root; readonly given: string } | undefined {
    const root = this.#roots.find(
      ({ listing, resolved: base }) => base === (listing.folder ? path.dirname(resolved) : resolved),
    )
    return root && { root, given: root.listing.folder ? path.join(root.given, path.basename(resolved)) : root.given }
  }

  #list(timing: LoadTiming): void {
    for (const root of this.#roots) {
      const listing = listPath(root.given, this.#format)
      const error = this.#faultOf(root, listing, timing)
      root.listing = error === undefined ? listing : { ...root.listing, error }
    }
    this.#listed = true
    this.#track()
  }

  /** Why a root keeps the files that it had, although it is listed so now. */
  #faultOf({ given, listing: before }: Root, now: Listing, timing: LoadTiming): Diagnostic | undefined {
    if (now.error !== undefined) return now.error
    const replaced = now.folder && now.files.length === 0 && before.files.length > 0 && now.identity !== before.identity
    return replaced && timing !== 'at once' ? replacedAt(given) : undefined
  }

  #track(): void {
    const tracked = new Map<string, TrackedFile>()
    const rootOf = new Map<string, Root>()
    const seen = new Set<string>()
    const files: TrackedFile[] = []
    for (const root of this.#roots) {
      for (const { path: file, format } of root.listing.files) {
        if (this.#roots.length > 1) {
          const resolved = path.resolve(file)
          if (seen.has(resolved)) continue
          seen.add(resolved)
        }
        const known = this.#tracked.get(file) ?? new TrackedFile(file, format, this.#stored.get(file))
        tracked.set(file, known)
        rootOf.set(file, root)
        files.push(known)
      }
    }
    this.#tracked = tracked
    this.#rootOf = rootOf
    this.#files = files
    // Forget a removed file: a new file of the same name must not fall back to content that an earlier process read.
    if (this.#roots.every(({ listing }) => listing.error === undefined))
      for (const file of this.#stored.keys()) if (!tracked.has(file)) this.#stored.delete(file)
  }

  /**
   * Also of links that lead to no file: these were listed, and turned out to be gone. Each name is looked at once,
   * while it is there.
   */
  #skippedNames(gone: ReadonlySet<string>): readonly Diagnostic[] {
    const named = this.#roots.flatMap(root => root.listing.skipped.map(name => path.join(root.given, name)))
    const before = this.#skipped
    this.#skipped = new Map(
      [...named, ...gone].flatMap(file => {
        const finding = before.get(file) ?? skippedAt(file, this.#format)
        return finding === undefined ? [] : [[file, finding] as const]
      }),
    )
    return [...this.#skipped.values()]
  }
}
