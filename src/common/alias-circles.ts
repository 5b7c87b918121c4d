/**
 * Circles among services whose alias checks mirror each other: none of them can say anything but what the others say.
 * `targets` names for each service those that it mirrors. Each circle is found once, from its first member on; takes
 * time in proportion to what it is given.
 */
export function aliasCircles(targets: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const circles: string[][] = []
  const done = new Set<string>()
  for (const start of targets.keys()) {
    if (!done.has(start)) walk(start, targets, done, circles)
  }
  return circles
}

/** Depth first without recursion: chains of services may be long. */
function walk(
  start: string,
  targets: ReadonlyMap<string, readonly string[]>,
  done: Set<string>,
  circles: string[][],
): void {
  const path = [start]
  const depthOf = new Map([[start, 0]])
  const next = [0]
  for (let depth = 0; depth >= 0; depth = path.length - 1) {
    const id = path[depth] ?? ''
    const position = next[depth] ?? 0
    next[depth] = position + 1
    const target = targets.get(id)?.[position]
    if (target === undefined) {
      done.add(id)
      depthOf.delete(id)
      path.pop()
      next.pop()
      continue
    }
    const earlier = depthOf.get(target)
    // An alias check ignores itself, so an alias of its own service is no circle.
    if (earlier !== undefined && earlier < depth) circles.push(path.slice(earlier))
    if (earlier !== undefined || done.has(target) || !targets.has(target)) continue
    depthOf.set(target, path.length)
    path.push(target)
    next.push(0)
  }
}

/** A circle as messages write it. */
export const circleText = (circle: readonly string[]): string =>
  [...circle, circle[0] ?? ''].map(id => JSON.stringify(id)).join(' -> ')
