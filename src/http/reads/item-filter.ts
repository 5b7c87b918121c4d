import { aborted } from '../request/aborted.js'
import { Meter, compileFilter, filterTooCostly, selectors, type SlicedWork, type Turns } from './filter/index.js'
import type { Built } from '../answer/prepared-body.js'
import type { Query } from '../request/query.js'

/** The shapes of items that a filter can be written for. */
export type FilterView = keyof typeof selectors

/**
 * Microseconds of processor time that one evaluation may take, however large the catalog is: a thousand times what an
 * ordinary one takes.
 */
const maxTime = 1_000_000

/**
 * What filters run in: turns that they share with other work, a clock in milliseconds, and the processor time used so
 * far in microseconds.
 */
export interface FilterWork {
  readonly turns: Turns
  readonly now: () => number
  readonly processorTime: () => number
}

/** What `?filter=` keeps of items of one shape. */
export class ItemFilter {
  readonly #matches: (view: unknown) => boolean
  readonly #meter = new Meter()
  readonly #work: FilterWork

  /** @throws MusterError FILTER_INVALID for an expression that is none */
  constructor(expression: string, view: FilterView, work: FilterWork) {
    this.#matches = compileFilter(expression, selectors[view], this.#meter)
    this.#work = work
  }

  /**
   * The items that are kept, in order. They are looked at in turns with all other work, so the list must not change
   * meanwhile: those of the catalog are replaced.
   * @param isWanted whether anybody waits for them still; otherwise it rejects with HTTP_ABORTED
   * @throws MusterError FILTER_TOO_COSTLY
   */
  async keep<Item>(
    items: readonly Item[],
    view: (item: Item) => object,
    isWanted: () => boolean,
  ): Promise<readonly Item[]> {
    const kept: Item[] = []
    const meter = this.#meter
    const matches = this.#matches
    const { turns, now, processorTime } = this.#work
    let at = 0
    let spent = 0
    const work: SlicedWork = {
      get done() {
        return at >= items.length
      },
      advance: limit => {
        if (at > 0 && !isWanted()) throw aborted('nobody waits for the answer any more')
        let used = 0
        let begun = now()
        const before = processorTime()
        for (; at < items.length && used < limit; at++) {
          meter.nextItem()
          const item = items[at] as Item
          if (matches(view(item))) kept.push(item)
          const ended = now()
          // Charge a minimum for each item, since a coarse clock may measure 0.
          used += Math.max(1, (ended - begun) * 1000)
          begun = ended
        }
        spent += processorTime() - before
        if (spent > maxTime) throw filterTooCostly()
        return used
      },
    }
    await turns.run(work)
    return kept
  }
}

/** The filter that a request asks for; undefined when there is none. @throws MusterError FILTER_INVALID */
export function itemFilter(query: Query, view: FilterView, work: FilterWork): ItemFilter | undefined {
  const expression = query.first('filter')
  return expression === '' ? undefined : new ItemFilter(expression, view, work)
}

/** What `build` makes of the items that a filter keeps: at once where there is no filter. */
export function ofKept<Item>(
  filter: ItemFilter | undefined,
  items: readonly Item[],
  view: (item: Item) => object,
  isWanted: () => boolean,
  build: (kept: readonly Item[]) => Built,
): Built | Promise<Built> {
  return filter === undefined ? build(items) : filter.keep(items, view, isWanted).then(build)
}
