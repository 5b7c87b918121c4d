import type { Route } from '../route.js'

/** A node of the routing tree: the routes that share a prefix up to a slash. */
class Place {
  /** The endpoint whose path ends here. */
  exact: Route | undefined
  /** The endpoint whose path goes on with `/*`. */
  below: Route | undefined
  readonly inner = new Map<string, Place>()
}

/**
 * Finds the endpoint at a path, element by element. Methods are not its business: every method of a known path leads to
 * the same endpoint, because the rules for them are Consul's.
 */
export class Router {
  readonly #root = new Place()

  /** @throws Error when two endpoints have one path */
  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const open = route.path.endsWith('/*')
      let place = this.#root
      for (const element of (open ? route.path.slice(0, -2) : route.path).slice(1).split('/')) {
        const inner = place.inner.get(element) ?? new Place()
        place.inner.set(element, inner)
        place = inner
      }
      const kind = open ? 'below' : 'exact'
      if (place[kind] !== undefined) throw new Error(`there are two endpoints at ${route.path}`)
      place[kind] = route
    }
  }

  /**
   * The endpoint at a path as it stands in a request line, validly percent-encoded; undefined: there is none. A slash
   * that is encoded (`%2F`) does not separate elements, and what follows a `#` is ignored. Of several endpoints whose
   * paths end in `*` the longest is meant.
   */
  find(path: string): Route | undefined {
    const fragment = path.indexOf('#')
    const plain = fragment < 0 ? path : path.slice(0, fragment)
    let place = this.#root
    let below: Route | undefined
    let from = 1
    for (;;) {
      below = place.below ?? below
      if (place.inner.size === 0) return below
      const end = plain.indexOf('/', from)
      const inner = innerPlace(place, end < 0 ? plain.slice(from) : plain.slice(from, end))
      if (inner === undefined) return below
      if (end < 0) return inner.exact ?? below
      place = inner
      from = end + 1
    }
  }
}

function innerPlace({ inner }: Place, element: string): Place | undefined {
  // `decodeURI` does not decode reserved characters, above all the slash.
  return inner.get(element) ?? (element.includes('%') ? inner.get(decodeURI(element)) : undefined)
}
