import { compareText } from '../order.js'
import type { Service } from '../types.js'

/** A service's name as registered, with all tags of its instances in order. */
export interface NamedTags {
  readonly name: string
  readonly tags: ReadonlySet<string>
}

interface Use {
  instances: number
  readonly tags: Map<string, number>
  shown: NamedTags | undefined
}

/** Which names and tags are in use, counted, so that it is known without a search when one of them comes or goes. */
export class ServiceNames {
  readonly #uses = new Map<string, Use>()
  #list: readonly NamedTags[] | undefined

  /** All names in use, in order. */
  list(): readonly NamedTags[] {
    this.#list ??= [...this.#uses].sort(([a], [b]) => compareText(a, b)).map(([name, use]) => {
      use.shown ??= { name, tags: new Set([...use.tags.keys()].sort(compareText)) }
      return use.shown
    })
    return this.#list
  }

  /** Counts one instance out and another in. Tells whether the set of names, or the tags of one, is different now. */
  replace(before: Service | undefined, after: Service | undefined): boolean {
    if (before !== undefined && before.name === after?.name) return this.#retag(before, after)
    const left = before !== undefined && this.#remove(before)
    const came = after !== undefined && this.#add(after)
    return left || came
  }

  #add({ name, tags }: Service): boolean {
    let use = this.#uses.get(name)
    let changed = use === undefined
    if (use === undefined) this.#uses.set(name, use = { instances: 0, tags: new Map(), shown: undefined })
    use.instances++
    for (const tag of new Set(tags)) changed = count(use.tags, tag, 1) || changed
    if (changed) this.#changed(use)
    return changed
  }

  #remove({ name, tags }: Service): boolean {
    const use = this.#uses.get(name)
    if (use === undefined) return false
    use.instances--
    let changed = false
    for (const tag of new Set(tags)) changed = count(use.tags, tag, -1) || changed
    if (use.instances === 0) {
      this.#uses.delete(name)
      changed = true
    }
    if (changed) this.#changed(use)
    return changed
  }

  /** The same name with other tags: those that stay are never counted down to none in between. */
  #retag(before: Service, after: Service): boolean {
    const use = this.#uses.get(before.name)
    if (use === undefined) return false
    const old = new Set(before.tags)
    const now = new Set(after.tags)
    let changed = false
    for (const tag of now) if (!old.has(tag)) changed = count(use.tags, tag, 1) || changed
    for (const tag of old) if (!now.has(tag)) changed = count(use.tags, tag, -1) || changed
    if (changed) this.#changed(use)
    return changed
  }

  #changed(use: Use): void {
    use.shown = undefined
    this.#list = undefined
  }
}

/** Adds to a count; tells whether the tag came into use or went out of it. */
function count(tags: Map<string, number>, tag: string, by: 1 | -1): boolean {
  const before = tags.get(tag) ?? 0
  if (before + by === 0) tags.delete(tag)
  else tags.set(tag, before + by)
  return before === 0 || before + by === 0
}
