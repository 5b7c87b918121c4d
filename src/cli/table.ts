import { printable } from '../common/printable.js'

/**
 * Left-aligned columns with two spaces between and nothing after the last one, a newline after each row. A cell is one line: control characters in
 * it are written out.
 */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  const cells = rows.map(row => row.map(printable))
  for (const row of cells) row.forEach((cell, i) => { widths[i] = Math.max(widths[i] ?? 0, cell.length) })
  return cells.map(row => `${row.map((cell, i) => i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)).join('  ')}\n`).join('')
}
