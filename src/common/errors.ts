/**
 * The one error type of muster. Callers branch on `code`, never on text. `status` is the HTTP status an API answer
 * carries when this error ends the request; `hint` says what to do next and is shown on a line of its own.
 */
export class MusterError extends Error {
  override readonly name = 'MusterError'
  readonly code: string
  readonly status: number
  readonly hint: string | undefined

  constructor(code: string, message: string, options: { status?: number; hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.status = options.status ?? 500
    this.hint = options.hint
  }
}

/** The message of anything that was thrown. */
export function errorMessage(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** The system error code (`ENOENT`, `ECONNREFUSED`) of anything that was thrown, if it has one. */
export function errorCode(thrown: unknown): string | undefined {
  const code = thrown instanceof Error ? (thrown as NodeJS.ErrnoException).code : undefined
  return typeof code === 'string' ? code : undefined
}
