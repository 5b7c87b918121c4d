/** The bits of each byte's code, and of the end of a text, in RFC 7541, appendix B. The codes follow from them. */
const lengths = [
  ...[13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28],
  ...[28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15],
  ...[6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6],
  ...[15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20],
  ...[20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23],
  ...[24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22],
  ...[22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27],
  ...[24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26],
  ...[26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30],
]

const maxLength = 30
const endOfText = 256

/** Of each length of code: the first code, and the symbols that have it, in the order of their codes. */
const codes: { readonly first: number; readonly symbols: readonly number[] }[] = []
for (let [length, first] = [0, 0]; length <= maxLength; length++) {
  const symbols = lengths.flatMap((found, symbol) => (found === length ? [symbol] : []))
  codes.push({ first, symbols })
  first = (first + symbols.length) * 2
}

/** A text that was coded as RFC 7541, section 5.2, has it; undefined where it is not one. */
export function decodeHuffman(bytes: Uint8Array): string | undefined {
  const text: number[] = []
  let [code, length] = [0, 0]
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >> bit) & 1)
      length++
      const { first, symbols } = codes[length] ?? { first: 0, symbols: [] }
      const symbol = symbols[code - first]
      if (symbol !== undefined) {
        if (symbol === endOfText) return undefined
        text.push(symbol)
        code = 0
        length = 0
      } else if (length >= maxLength) return undefined
    }
  }
  // The padding must be the most significant bits of EOS: fewer than 8 bits, all ones (RFC 7541, 5.2).
  return length < 8 && code === 2 ** length - 1 ? Buffer.from(text).toString('latin1') : undefined
}
