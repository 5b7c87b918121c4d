/**
 * Compares two texts by the byte order of their UTF-8, the order that lists are shown in and stores keep their keys in.
 * JavaScript's own `<` compares UTF-16 units, which puts U+E000..U+FFFF after the characters beyond them.
 */
export function compareText(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length)
  let i = 0
  while (i < shorter && a.charCodeAt(i) === b.charCodeAt(i)) i++
  return i === shorter ? a.length - b.length : rank(a.charCodeAt(i)) - rank(b.charCodeAt(i))
}

/** Moves the surrogates behind all other units, where UTF-8 has the characters that they stand for. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
