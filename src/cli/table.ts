import { printable } from '../common/printable.js'
import type { Io } from './io.js'
import { styled, type Style } from './style.js'

/** How a table is laid out; without it as wide as its texts are, and without colours. */
export interface TableLayout {
  /** Columns of the terminal: what does not fit is cut, with a mark. Undefined (a file, a pipe): nothing is cut. */
  readonly width?: number | undefined
  /** The style of a cell by its row and column; undefined where there are no colours. */
  readonly style?: ((row: number, column: number, text: string) => Style | undefined) | undefined
}

/**
 * Characters that a column keeps at least, however narrow the terminal is; then lines wrap, and nothing else is lost.
 */
const narrowest = { last: 24, other: 8 }
const gap = '  '
const mark = '…'

/**
 * Left-aligned columns with two spaces between and nothing after the last one, a newline after each row. A cell is one
 * line: control characters in it are written out.
 */
export function table(rows: readonly (readonly string[])[], { width, style }: TableLayout = {}): string {
  const cells = rows.map(row => row.map(printable))
  const widths = fitted(naturalWidths(cells), width)
  return cells
    .map(
      (row, y) =>
        `${row
          .map((cell, x) => {
            const last = x === row.length - 1
            const max = widths[x] ?? 0
            const text = last && width === undefined ? cell : cut(cell, max)
            const look = style?.(y, x, cell)
            return (
              (look === undefined || text === '' ? text : styled(look, text))
              + (last ? '' : ' '.repeat(max - text.length))
            )
          })
          .join(gap)}\n`,
    )
    .join('')
}

function naturalWidths(cells: readonly (readonly string[])[]): readonly number[] {
  const widths: number[] = []
  for (const row of cells)
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length)
    })
  return widths
}

/** The last column gives way first, then whichever is the widest. */
function fitted(natural: readonly number[], width: number | undefined): readonly number[] {
  const widths = [...natural]
  const last = widths.length - 1
  if (width === undefined || last < 0) return widths
  let excess = widths.reduce((sum, one) => sum + one, 0) + gap.length * last - width
  const shrink = (column: number, min: number): void => {
    const by = Math.max(0, Math.min(excess, (widths[column] ?? 0) - min))
    widths[column] = (widths[column] ?? 0) - by
    excess -= by
  }
  shrink(last, narrowest.last)
  while (excess > 0) {
    const others = widths.slice(0, last)
    const [widest = 0, next = 0] = others.toSorted((a, b) => b - a)
    if (widest <= narrowest.other) break
    // Down to the next one, or by one where two are as wide.
    shrink(others.indexOf(widest), Math.max(narrowest.other, Math.min(widest - 1, next)))
  }
  return widths
}

/** A text of at most so many characters. */
const cut = (text: string, max: number): string => (text.length <= max ? text : text.slice(0, max - 1) + mark)

const statusStyles: ReadonlyMap<string, Style> = new Map([
  ['passing', 'green'],
  ['warning', 'yellow'],
  ['critical', 'red'],
])

/**
 * The layout of a table with a head that goes to the terminal, if there is one: fitting it, the statuses of one column
 * in their colours.
 */
export const statusLayout = ({ width, color }: Pick<Io, 'width' | 'color'>, statusColumn: number): TableLayout => ({
  width,
  ...(color && {
    style: (row, column, text) => (row > 0 && column === statusColumn ? statusStyles.get(text) : undefined),
  }),
})
