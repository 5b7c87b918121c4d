/**
 * A length of time in milliseconds. Fractions are kept, so `1us` is 0.001.
 * Branded so that a bare number (seconds? nanoseconds?) is never taken for one.
 */
export type Duration = number & { readonly __unit: 'milliseconds' }

/** A count of milliseconds as a {@link Duration}. */
export const milliseconds = (count: number): Duration => count as Duration

/** A count of seconds as a {@link Duration}. */
export const seconds = (count: number): Duration => (count * 1000) as Duration

/** A count of minutes as a {@link Duration}. */
export const minutes = (count: number): Duration => (count * 60_000) as Duration

/** A count of hours as a {@link Duration}. */
export const hours = (count: number): Duration => (count * 3_600_000) as Duration

// Divide instead of multiplying: 100 / 1e6 is exactly 0.0001 as a double, 100 * 1e-6 is not.
const units: Readonly<Record<string, readonly [factor: number, divisor: number]>> = {
  ns: [1, 1e6],
  us: [1, 1e3],
  µs: [1, 1e3],
  μs: [1, 1e3],
  ms: [1, 1],
  s: [1000, 1],
  m: [60_000, 1],
  h: [3_600_000, 1],
}

/** What Go can express, 2^63 nanoseconds: some 292 years. */
const maxMs = 2 ** 63 / 1e6

/** Characters of the longest text that is read: digits alone stand for more than 292 years long before. */
export const maxDuration = 100

const part = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gy

/**
 * Reads Go's duration syntax (`300ms`, `1m30s`, `1.5h`, `-2s`, `0`), the one every Consul config file uses. There is no
 * unit for days. Returns undefined for anything else, for more than 292 years, and for more than 100 characters.
 */
export function parseDuration(text: string): Duration | undefined {
  if (text.length > maxDuration) return undefined
  const negative = text.startsWith('-')
  const body = negative || text.startsWith('+') ? text.slice(1) : text
  if (body === '0') return milliseconds(0)
  part.lastIndex = 0
  let total = 0
  let end = 0
  for (let match = part.exec(body); match !== null; match = part.exec(body)) {
    const [factor, divisor] = units[match[2] ?? ''] ?? [Number.NaN, 1]
    total += (Number(match[1]) * factor) / divisor
    end = part.lastIndex
  }
  if (end === 0 || end !== body.length || total > maxMs) return undefined
  return milliseconds(negative ? -total : total)
}

/** Writes a duration as Go prints it: `1m30s`, `5s`, `300ms`, `0s`, `1h0m0s`. */
export function formatDuration(duration: Duration): string {
  if (duration === 0) return '0s'
  const sign = duration < 0 ? '-' : ''
  const total = Math.abs(duration)
  if (total < 1e-3) return `${sign}${trim(total * 1e6)}ns`
  if (total < 1) return `${sign}${trim(total * 1e3)}µs`
  if (total < 1000) return `${sign}${trim(total)}ms`
  const wholeHours = Math.floor(total / 3_600_000)
  const wholeMinutes = Math.floor((total % 3_600_000) / 60_000)
  const rest = `${trim((total % 60_000) / 1000)}s`
  if (wholeHours > 0) return `${sign}${wholeHours}h${wholeMinutes}m${rest}`
  return wholeMinutes > 0 ? `${sign}${wholeMinutes}m${rest}` : `${sign}${rest}`
}

const trim = (value: number): string => String(Number(value.toFixed(6)))
