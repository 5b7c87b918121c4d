import type { Readable } from 'node:stream'

/** The world as a command sees it: results go to `out` (bytes as they are), errors and warnings to `err`; both without a newline added. */
export interface Io {
  out(text: string | Uint8Array): void
  err(text: string): void
  readonly stdin: Readable
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Whether `out` may be coloured: a terminal, and neither NO_COLOR nor the settings say no. */
  readonly color: boolean
  /** Aborted on the first interrupt; a second one ends the process at once. */
  readonly interrupted: AbortSignal
}

/** The Io of this process. */
export function processIo(): Io {
  const interrupted = new AbortController()
  return {
    out: text => { process.stdout.write(text) },
    err: text => { process.stderr.write(text) },
    stdin: process.stdin,
    env: process.env,
    cwd: process.cwd(),
    color: process.stdout.isTTY && process.env.NO_COLOR === undefined && process.env.TERM !== 'dumb',
    get interrupted() {
      listenOnce(interrupted)
      return interrupted.signal
    },
  }
}

let listening = false

// Installed on first use: commands that never ask for it keep the default behaviour of Ctrl-C.
function listenOnce(interrupted: AbortController): void {
  if (listening) return
  listening = true
  process.once('SIGINT', () => { interrupted.abort() })
}
