import { lstatSync, statSync, type Stats } from 'node:fs'

/** What tells one content of a file from another without reading it. */
interface Signature {
  size: number
  mtime: number
  ctime: number
  inode: number
  device: number
  link: boolean
}

/** What has become of a file since it was looked at last. */
export type Verdict = 'same' | 'changed' | 'gone'

/**
 * Remembers sizes, times and inodes of files, and says which have changed. Links are followed; what is no regular file
 * is not there.
 */
export class FileSignatures {
  readonly #known = new Map<string, Signature>()
  /** Links that led to no file when last looked at. */
  readonly #dangling = new Set<string>()

  /** Paths that were there when last looked at. */
  paths(): Iterable<string> {
    return this.#known.keys()
  }

  has(path: string): boolean {
    return this.#known.has(path)
  }

  /** Whether the path itself was a symbolic link when last looked at, to a file or to nothing. */
  isLink(path: string): boolean {
    return this.#known.get(path)?.link === true || this.#dangling.has(path)
  }

  /** All such links. */
  links(): readonly string[] {
    return [...[...this.#known].flatMap(([path, { link }]) => (link ? path : [])), ...this.#dangling]
  }

  /** Looks at a file. `changed` includes new ones; a file that is gone is `gone` only once, then `same`. */
  look(path: string): Verdict {
    const stat = statOf(path)
    const known = this.#known.get(path)
    if (stat === undefined) {
      if (isLink(path)) this.#dangling.add(path)
      else this.#dangling.delete(path)
      return this.#known.delete(path) ? 'gone' : 'same'
    }
    this.#dangling.delete(path)
    if (
      known?.size === stat.size
      && known.mtime === stat.mtimeMs
      && known.ctime === stat.ctimeMs
      && known.inode === stat.ino
      && known.device === stat.dev
    ) {
      return 'same'
    }
    this.#known.set(path, {
      size: stat.size,
      mtime: stat.mtimeMs,
      ctime: stat.ctimeMs,
      inode: stat.ino,
      device: stat.dev,
      link: isLink(path),
    })
    return 'changed'
  }

  /** The newest of the times at which content or entry changed, for a file that is there. */
  changedAt(path: string): number | undefined {
    const known = this.#known.get(path)
    return known === undefined ? undefined : Math.max(known.mtime, known.ctime)
  }

  forget(path: string): void {
    this.#known.delete(path)
    this.#dangling.delete(path)
  }
}

function statOf(path: string): Stats | undefined {
  try {
    const stat = statSync(path, { throwIfNoEntry: false })
    return stat?.isFile() === true ? stat : undefined
  } catch {
    // A circle of links, or a directory without access: no file can be read there.
    return undefined
  }
}

const isLink = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
