import { MusterError, errorMessage } from '../common/errors.js'

/**
 * What a command prints about an error: one line that says what was tried and what came of it, and one that says what
 * to do, if there is anything.
 */
export function errorLines(tried: string, error: unknown): string {
  const hint = error instanceof MusterError && error.hint !== undefined ? `  ${error.hint}\n` : ''
  return `${tried}: ${errorMessage(error)}\n${hint}`
}
