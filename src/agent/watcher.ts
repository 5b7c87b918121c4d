import { readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Clock, Timer } from '../common/clock.js'
import { errorMessage } from '../common/errors.js'
import { addTo } from '../common/grouped.js'
import { nextTurn } from '../common/next-turn.js'
import type { Logger } from '../telemetry/index.js'
import { ChangeGatherer } from './change-gatherer.js'
import { watchDirectory, type DirectoryWatch } from './directory-watch.js'
import { FileSignatures } from './file-signatures.js'
import { followLinks, type Chain } from './link-chain.js'

/** A configuration file, or a directory whose configuration files count (not those of directories below). */
export interface WatchTarget {
  readonly path: string
  readonly kind: 'file' | 'directory'
}

/** What a {@link ConfigWatcher} works with. */
export interface WatcherDependencies {
  readonly targets: readonly WatchTarget[]
  /** Whether a file of that name in a directory is a configuration file. */
  readonly isConfigFile: (name: string) => boolean
  /** Called with the paths (directory as given, joined with the name) that were added, changed or removed. */
  readonly onChange: (changed: ReadonlySet<string>) => void
  readonly clock: Clock
  readonly log: Logger
}

/** Milliseconds in which the sweep looks at every file once: with the wait for quiet this stays below two seconds. */
const sweepTime = 1000
/** Files checked in one go: about 0.3 ms, so that requests are not delayed. */
const sliceSize = 100
/** Directories watched for the sake of linked files, beyond which only the sweep finds their changes. */
const maxLinkDirectories = 128

/**
 * Sees changes of configuration files, however they are made. Native watches on the directories (never on files, whose
 * inodes editors replace) and on everything that a symbolic link on the way hangs from give the name at once; each name
 * costs one stat, however large the directory is. A slow sweep over sizes and times finds what they miss: bind mounts,
 * hard links, network file systems.
 */
export class ConfigWatcher {
  readonly #deps: WatcherDependencies
  readonly #signatures = new FileSignatures()
  readonly #gatherer: ChangeGatherer
  readonly #watches = new Map<string, DirectoryWatch>()
  /**
   * Names that matter, by real directory: links on the way to a target or a linked file, and files that are targets.
   */
  #holders = new Map<string, Set<string>>()
  /** Target directories by what they really are. */
  #directories = new Map<string, string[]>()
  #chains = new Map<string, Chain>()
  #recheckDue: Timer | undefined
  #sweepDue: Timer | undefined
  #sweeping: string[] = []
  #told = new Set<string>()
  #started = false
  #closed = false

  constructor(deps: WatcherDependencies) {
    this.#deps = deps
    this.#gatherer = new ChangeGatherer(deps.clock, path => this.#signatures.has(path), deps.onChange)
  }

  /**
   * Resolves when the watches are in place. `read` are the files that were there when the configuration was read, which
   * began at `since` (wall-clock milliseconds): what changed between that and the watches is reported.
   */
  async start(read: Iterable<string>, since: number): Promise<void> {
    await this.#inSlices(this.#everyFile(), path => {
      this.#signatures.look(path)
    })
    this.#rewire()
    await Promise.all([...this.#watches.values()].map(watch => watch.ready))
    const before = new Set(read)
    await this.#inSlices(new Set([...this.#everyFile(), ...before, ...this.#signatures.paths()]), path => {
      // File times come in ticks of up to 10 ms, so a little earlier counts too.
      const moved = (this.#signatures.changedAt(path) ?? 0) >= since - 10
      if (!this.#look(path) && (moved || before.has(path) !== this.#signatures.has(path))) this.#gatherer.add(path)
    })
    this.#started = true
    this.#planSlice()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#recheckDue?.cancel()
    this.#sweepDue?.cancel()
    this.#gatherer.close()
    const watches = [...this.#watches.values()]
    this.#watches.clear()
    await Promise.all(watches.map(watch => watch.close()))
  }

  /** Others have their turn after every few files. */
  async #inSlices(paths: Iterable<string>, run: (path: string) => void): Promise<void> {
    let done = 0
    for (const path of paths) {
      if (++done % sliceSize === 0) await nextTurn()
      if (this.#closed) return
      run(path)
    }
  }

  #event(directory: string, name: string | undefined): void {
    if (this.#closed) return
    const targets = this.#directories.get(directory) ?? []
    const isHolder = name === undefined || this.#holders.get(directory)?.has(name) === true
    if (name !== undefined && this.#deps.isConfigFile(name))
      for (const target of targets) this.#look(join(target, name))
    // inotify reports the directory's own name when it is deleted or moved.
    if (isHolder || (targets.length > 0 && name === basename(directory))) this.#recheckSoon()
  }

  /** Looks at a file and gathers what was found; true when something was. */
  #look(path: string): boolean {
    const wasLink = this.#signatures.isLink(path)
    const verdict = this.#signatures.look(path)
    if (verdict === 'same') return false
    if (verdict === 'gone') this.#gatherer.remove(path)
    else this.#gatherer.add(path)
    if (wasLink || this.#signatures.isLink(path)) this.#recheckSoon()
    return true
  }

  /**
   * A link on the way was replaced, or a directory: everything that hangs from it may be another. One look for a burst
   * of them.
   */
  #recheckSoon(): void {
    this.#recheckDue ??= this.#deps.clock.after(2, () => {
      this.#recheckDue = undefined
      this.#recheck()
    })
  }

  #recheck(): void {
    const before = this.#chains
    const renewed = this.#told.size > 0
    this.#rewire()
    const moved =
      renewed || this.#deps.targets.some(({ path }) => before.get(path)?.real !== this.#chains.get(path)?.real)
    if (moved) this.#lookAtAll()
    else for (const path of [...this.#linkedFiles(), ...this.#targetFiles()]) this.#look(path)
  }

  /** Puts watches where they are needed now and takes them from where they are not. */
  #rewire(): void {
    if (this.#closed) return
    const memo = new Map<string, Chain>()
    this.#holders = new Map()
    this.#directories = new Map()
    this.#chains = new Map(this.#deps.targets.map(({ path }) => [path, followLinks(path, memo)]))
    for (const { path, kind } of this.#deps.targets) {
      const chain = this.#chains.get(path)
      if (chain === undefined) continue
      this.#hold(chain, kind)
      if (kind === 'directory' && chain.real !== undefined) addTo(this.#directories, chain.real, path)
    }
    for (const path of this.#linkedFiles())
      if (this.#holders.size < maxLinkDirectories) this.#hold(followLinks(path, memo), 'file')
    const wanted = new Set([...this.#holders.keys(), ...this.#directories.keys()])
    for (const [directory, watch] of this.#watches) {
      // A watch follows the inode: a directory that was deleted and created again needs a new one.
      if (wanted.has(directory) && !this.#told.has(directory)) continue
      this.#watches.delete(directory)
      watch.close().catch((error: unknown) => {
        this.#deps.log.debug('closing a watch failed', { directory, error: errorMessage(error) })
      })
    }
    this.#told.clear()
    for (const directory of wanted) if (!this.#watches.has(directory)) this.#watch(directory)
  }

  #hold(chain: Chain, kind: WatchTarget['kind']): void {
    const ends =
      chain.real === undefined
        ? []
        : kind === 'file'
          ? [{ directory: dirname(chain.real), name: basename(chain.real) }]
          : []
    for (const { directory, name } of [...chain.holders, ...ends]) {
      const names = this.#holders.get(directory)
      if (names === undefined) this.#holders.set(directory, new Set([name]))
      else names.add(name)
    }
  }

  #watch(directory: string): void {
    const { log } = this.#deps
    const watch = watchDirectory(
      directory,
      name => {
        if (name === basename(directory)) this.#told.add(directory)
        this.#event(directory, name)
      },
      error => {
        log.warn('cannot watch a directory, its changes are found by a sweep each second', {
          directory,
          error: errorMessage(error),
        })
      },
    )
    this.#watches.set(directory, watch)
    // Changes before the watch was in place cause no event.
    void watch.ready.then(() => {
      if (this.#started && this.#watches.get(directory) === watch) this.#lookAtAll()
    })
  }

  #lookAtAll(): void {
    for (const path of new Set([...this.#everyFile(), ...this.#signatures.paths()])) this.#look(path)
  }

  /** Looks at the next few files, beginning again when all have been looked at. */
  #planSlice(): void {
    if (this.#closed) return
    if (this.#sweeping.length === 0) this.#sweeping = [...new Set([...this.#everyFile(), ...this.#signatures.paths()])]
    const slices = Math.max(1, Math.ceil(this.#sweeping.length / sliceSize))
    this.#sweepDue = this.#deps.clock.after(sweepTime / slices, () => {
      for (const path of this.#sweeping.splice(-sliceSize)) this.#look(path)
      if (this.#sweeping.length === 0) this.#recheckMoved()
      this.#planSlice()
    })
  }

  /**
   * A target that leads elsewhere without any event, e.g. since a directory above it was moved, or was made just now.
   */
  #recheckMoved(): void {
    const memo = new Map<string, Chain>()
    const moved = this.#deps.targets.some(({ path }) => followLinks(path, memo).real !== this.#chains.get(path)?.real)
    if (moved) this.#recheck()
  }

  #everyFile(): readonly string[] {
    return this.#deps.targets.flatMap(({ path, kind }) =>
      kind === 'file'
        ? [path]
        : namesIn(path)
            .filter(this.#deps.isConfigFile)
            .map(name => join(path, name)),
    )
  }

  #linkedFiles(): readonly string[] {
    return this.#signatures.links()
  }

  #targetFiles(): readonly string[] {
    return this.#deps.targets.flatMap(({ path, kind }) => (kind === 'file' ? [path] : []))
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    // The directory does not exist or cannot be read. The checks of its files find that they are gone.
    return []
  }
}
