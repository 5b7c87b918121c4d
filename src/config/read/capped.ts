import type { Diagnostic } from '../types.js'

/**
 * Most errors of one file that are written out, and most warnings; the others are counted. Nobody mends more in one go.
 */
export const maxShown = 100

/** How many findings are not written out. */
export interface Hidden {
  readonly errors: number
  readonly warnings: number
}

/** The first errors and the first warnings of a list, in its order, and how many there are besides. */
export function firstOf<Item extends { readonly severity: 'error' | 'warning' }>(
  items: readonly Item[],
): { readonly shown: readonly Item[]; readonly hidden: Hidden } {
  if (items.length <= maxShown) return { shown: items, hidden: nothingHidden }
  const seen = { error: 0, warning: 0 }
  const shown = items.filter(({ severity }) => seen[severity]++ < maxShown)
  return {
    shown,
    hidden: { errors: Math.max(seen.error - maxShown, 0), warnings: Math.max(seen.warning - maxShown, 0) },
  }
}

const nothingHidden: Hidden = Object.freeze({ errors: 0, warnings: 0 })

/** A summary of the findings of `file` beyond the limit; none if all are listed. */
export function hiddenFindings(file: string, { errors, warnings }: Hidden): readonly Diagnostic[] {
  if (errors + warnings === 0) return []
  const counts = [counted(errors, 'error'), counted(warnings, 'warning')].filter(text => text !== '').join(' and ')
  return [
    {
      severity: errors > 0 ? 'error' : 'warning',
      code: 'more-findings',
      at: { file, line: 1, column: 1 },
      more: { errors, warnings },
      message: `… and ${counts} more in this file`,
      hint: 'mend those above first: many of a kind often have one cause',
    },
  ]
}

const counted = (number: number, noun: string): string =>
  number === 0 ? '' : `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`

/** The findings of one file by lines, as many as are written out; what was left out before is counted along. */
export function capped(file: string, diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const written = diagnostics.filter(({ more }) => more === undefined).sort(byPlace)
  if (written.length === diagnostics.length && written.length <= maxShown) return written
  const { shown, hidden } = firstOf(written)
  const earlier = diagnostics.flatMap(({ more }) => more ?? [])
  const sum = (key: keyof Hidden): number => earlier.reduce((total, more) => total + more[key], hidden[key])
  return [...shown, ...hiddenFindings(file, { errors: sum('errors'), warnings: sum('warnings') })]
}

const byPlace = (a: Diagnostic, b: Diagnostic): number =>
  (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0)
