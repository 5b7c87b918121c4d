/**
 * One text for a pair, different for different pairs, that sorts as the pair does: by the first, then by the second.
 * NUL separates, since nothing sorts before it, and a NUL inside the first is marked.
 */
export function pair(first: string, second: string): string {
  const safe = first.includes('\0') ? first.replaceAll('\0', '\0\u0002') : first
  // Joined, since it is kept: a template literal's result is a tree of its parts.
  return [safe, second].join('\0\u0001')
}
