/** Offsets of a value and of the key it stands under; a list element's key is the element itself. */
export interface Place {
  readonly key: number
  readonly value: number
  /** What is inside an object (by key) or a list (by index), as far as it was looked at. */
  members?: Map<string | number, Place>
}

/** The place at the end of `path`, or of the nearest parent that exists. */
export function findPlace(root: Place, path: readonly (string | number)[]): Place {
  let place = root
  for (const step of path) {
    const next = place.members?.get(step)
    if (next === undefined) break
    place = next
  }
  return place
}
