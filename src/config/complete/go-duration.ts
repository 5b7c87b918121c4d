import { formatDuration, milliseconds } from '../../common/duration.js'

/** A count of nanoseconds, as JSON numbers mean it over HTTP, in Go's syntax. */
export const durationText = (nanoseconds: number): string => formatDuration(milliseconds(nanoseconds / 1e6))
