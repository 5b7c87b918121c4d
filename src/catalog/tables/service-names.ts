import { compareText } from '../order.js'
import { same } from '../same.js'
import type { Service } from '../types.js'

/** A service's name as registered, with all tags of its instances in order. */
export interface NamedTags {
  readonly name: string
  readonly tags: ReadonlySet<string>
}

interface Use {
  instances: number
  readonly tags: Map<string, number>
}

/** Which names and tags are in use, counted, so that it is known without a search when one of them comes or goes. */
export class ServiceNames {
  readonly #uses = new Map<string, Use>()
  readonly #shown = new Map<string, NamedTags>()
  /** Names that changed since the last {@link settle}, with what was shown for them then. */
  readonly #changed = new Map<string, NamedTags | undefined>()
  #list: readonly NamedTags[] | undefined

  /** All names in use, in order. */
  list(): readonly NamedTags[] {
    this.#list ??= [...this.#uses.keys()].sort(compareText).flatMap(name => this.#show(name) ?? [])
    return this.#list
  }

  /** Counts one instance out and another in. */
  replace(before: Service | undefined, after: Service | undefined): void {
    for (const service of [before, after]) {
      if (service !== undefined && !this.#changed.has(service.name)) this.#changed.set(service.name, this.#show(service.name))
    }
    if (before !== undefined) this.#count(before, -1)
    if (after !== undefined) this.#count(after, 1)
  }

  /** Whether names or tags are different from what they were at the last call: an instance that moved to another node changes neither. */
  settle(): boolean {
    let different = false
    for (const [name, before] of this.#changed) {
      const now = this.#show(name)
      if (before === undefined ? now !== undefined : now === undefined || !same([...before.tags], [...now.tags])) different = true
    }
    this.#changed.clear()
    if (different) this.#list = undefined
    return different
  }

  #show(name: string): NamedTags | undefined {
    const use = this.#uses.get(name)
    if (use === undefined) return undefined
    let shown = this.#shown.get(name)
    if (shown === undefined) this.#shown.set(name, shown = { name, tags: new Set([...use.tags.keys()].sort(compareText)) })
    return shown
  }

  #count({ name, tags }: Service, by: 1 | -1): void {
    let use = this.#uses.get(name)
    if (use === undefined) this.#uses.set(name, use = { instances: 0, tags: new Map() })
    use.instances += by
    for (const tag of new Set(tags)) {
      const left = (use.tags.get(tag) ?? 0) + by
      if (left > 0) use.tags.set(tag, left)
      else use.tags.delete(tag)
    }
    if (use.instances === 0) this.#uses.delete(name)
    this.#shown.delete(name)
  }
}
