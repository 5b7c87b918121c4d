import { sameData } from '../../common/plain-data.js'
import { compareText } from '../../common/text-order.js'
import type { Service } from '../types.js'

/** A service's name as registered, with all tags of its instances in order. */
export interface NamedTags {
  readonly name: string
  readonly tags: ReadonlySet<string>
}

/**
 * The instances of one name: how many, and how often each tag is there. Most names have one instance, whose own list
 * then says that.
 */
interface Use {
  instances: number
  tags: Map<string, number> | readonly string[]
}

/** Which names and tags are in use, counted, so that it is known without a search when one of them comes or goes. */
export class ServiceNames {
  readonly #uses = new Map<string, Use>()
  /** Made when they are asked for, which takes a set each. */
  readonly #shown = new Map<string, NamedTags>()
  /** Names that changed since the last {@link settle}, with the tags that they had then. */
  readonly #changed = new Map<string, readonly string[] | undefined>()
  #list: readonly NamedTags[] | undefined

  /** All names in use, in order. */
  list(): readonly NamedTags[] {
    this.#list ??= [...this.#uses.keys()].sort(compareText).map(name => this.#show(name))
    return this.#list
  }

  /** Counts one instance out and another in. */
  replace(before: Service | undefined, after: Service | undefined): void {
    for (const service of [before, after]) {
      if (service !== undefined && !this.#changed.has(service.name))
        this.#changed.set(service.name, this.#tags(service.name))
    }
    if (before !== undefined) this.#count(before, -1)
    if (after !== undefined) this.#count(after, 1)
  }

  /**
   * Whether names or tags are different from what they were at the last call: an instance that moved to another node
   * changes neither.
   */
  settle(): boolean {
    let different = false
    for (const [name, before] of this.#changed) if (!sameData(before, this.#tags(name))) different = true
    this.#changed.clear()
    if (different) this.#list = undefined
    return different
  }

  #show(name: string): NamedTags {
    let shown = this.#shown.get(name)
    if (shown === undefined) this.#shown.set(name, (shown = { name, tags: new Set(this.#tags(name)) }))
    return shown
  }

  /** In order, each once; undefined for a name that is not in use. */
  #tags(name: string): readonly string[] | undefined {
    const tags = this.#uses.get(name)?.tags
    return tags instanceof Map ? [...tags.keys()].sort(compareText) : tags && [...new Set(tags)].sort(compareText)
  }

  #count(service: Service, by: 1 | -1): void {
    const { name } = service
    this.#shown.delete(name)
    const use = this.#uses.get(name)
    if (use === undefined) {
      this.#uses.set(name, { instances: 1, tags: service.tags })
      return
    }
    use.instances += by
    if (use.instances === 0) {
      this.#uses.delete(name)
      return
    }
    if (!(use.tags instanceof Map)) use.tags = new Map([...new Set(use.tags)].map(tag => [tag, 1]))
    for (const tag of new Set(service.tags)) {
      const left = (use.tags.get(tag) ?? 0) + by
      if (left > 0) use.tags.set(tag, left)
      else use.tags.delete(tag)
    }
  }
}
