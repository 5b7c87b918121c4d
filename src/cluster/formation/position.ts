/** How far a server that is left has come; the one that is furthest goes on alone. */
export interface Position {
  readonly id: string
  readonly term: number
  readonly index: number
}

/** Whether the first has come further; of two that are equal, the one with the lower id. */
export const isFurther = (one: Position, other: Position): boolean =>
  one.term !== other.term
    ? one.term > other.term
    : one.index !== other.index
      ? one.index > other.index
      : one.id < other.id
