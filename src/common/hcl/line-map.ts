/** A place in a text, both from 1. Columns count UTF-16 units, as editors do. */
export interface LineColumn {
  readonly line: number
  readonly column: number
}

/** Turns offsets of one text into lines and columns. Finds the line breaks at the first question only. */
export class LineMap {
  readonly #text: string
  #starts: number[] | undefined

  constructor(text: string) {
    this.#text = text
  }

  /** The place of an offset; one beyond the end is the end. */
  place(offset: number): LineColumn {
    const starts = (this.#starts ??= lineStarts(this.#text))
    const at = Math.min(Math.max(offset, 0), this.#text.length)
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= at) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: at - (starts[low] ?? 0) + 1 }
  }

  /** The place as messages write it, `3:14`. */
  label(offset: number): string {
    const { line, column } = this.place(offset)
    return `${line}:${column}`
  }
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}
