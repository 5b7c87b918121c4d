import { printableLines } from '../common/printable.js'

const codes = { green: 32, yellow: 33, red: 31, dim: 90 } as const

/** How a piece of text may look on a terminal. */
export type Style = keyof typeof codes

const reset = '\u001b[0m'

/** A text in a style, for a terminal that shows colours. */
export const styled = (style: Style, text: string): string => `\u001b[${codes[style]}m${text}${reset}`

/** What {@link styled} writes; the group keeps it apart from the text around it. */
const ownCodes = new RegExp(`(\\u001b\\[(?:0|${Object.values(codes).join('|')})m)`)

/**
 * What is sent to a terminal or a file for a text: names and outputs in it come from the catalog, from files and from
 * other machines, so control characters are written out. Our own styles stay where there may be colours.
 */
export function shownText(text: string, color: boolean): string {
  return color
    ? text
        .split(ownCodes)
        .map((part, i) => (i % 2 === 1 ? part : printableLines(part)))
        .join('')
    : printableLines(text)
}
