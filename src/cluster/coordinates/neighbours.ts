/** What picks whom to measure. */
interface Candidate {
  readonly id: string
}

/**
 * A few others to measure again and again, so that one bad moment does not count for much, of whom one gives way to
 * another from time to time, so that the whole cluster is seen.
 */
export class Neighbours<Peer extends Candidate> {
  readonly #maxNeighbours: number
  readonly #turnsPerChange: number
  readonly #random: () => number
  readonly #lost: (id: string) => void
  #ids: string[] = []
  #turn = 0

  /** @param lost told of each that is no neighbour any more */
  constructor({
    maxNeighbours,
    turnsPerChange,
    random,
    lost,
  }: {
    readonly maxNeighbours: number
    readonly turnsPerChange: number
    readonly random: () => number
    readonly lost: (id: string) => void
  }) {
    this.#maxNeighbours = maxNeighbours
    this.#turnsPerChange = turnsPerChange
    this.#random = random
    this.#lost = lost
  }

  /** The next one to measure, among those there are; undefined when there are none. */
  next(candidates: readonly Peer[]): Peer | undefined {
    const byId = new Map(candidates.map(one => [one.id, one]))
    for (const id of this.#ids) if (!byId.has(id)) this.#lost(id)
    this.#ids = this.#ids.filter(id => byId.has(id))
    this.#turn++
    const others = candidates.filter(({ id }) => !this.#ids.includes(id))
    if (others.length > 0 && this.#ids.length >= this.#maxNeighbours && this.#turn % this.#turnsPerChange === 0) {
      const gone = this.#ids.shift()
      if (gone !== undefined) this.#lost(gone)
    }
    while (this.#ids.length < this.#maxNeighbours && others.length > 0) {
      const [chosen] = others.splice(Math.floor(this.#random() * others.length), 1)
      if (chosen !== undefined) this.#ids.push(chosen.id)
    }
    const id = this.#ids[this.#turn % Math.max(1, this.#ids.length)]
    return id === undefined ? undefined : byId.get(id)
  }
}
