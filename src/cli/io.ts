import type { Readable } from 'node:stream'
import { shownText } from './style.js'

/**
 * The world as a command sees it: results go to `out`, errors and warnings to `err`; both without a newline added.
 * Control characters of texts are written out, wherever they go; bytes go as they are, except to a terminal, where they
 * are text like any other.
 */
export interface Io {
  out(text: string | Uint8Array): void
  err(text: string): void
  readonly stdin: Readable
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Whether `out` may be coloured: a terminal, and neither NO_COLOR nor the settings say no. */
  readonly color: boolean
  /** Columns of the terminal that `out` goes to; undefined where it goes elsewhere. */
  readonly width: number | undefined
  /** Aborted on the first interrupt; a second one ends the process at once. */
  readonly interrupted: AbortSignal
}

/** The Io of this process. */
export function processIo(): Io {
  const interrupted = new AbortController()
  const color = process.stdout.isTTY && process.env.NO_COLOR === undefined && process.env.TERM !== 'dumb'
  return {
    out: data => {
      process.stdout.write(
        typeof data === 'string'
          ? shownText(data, color)
          : process.stdout.isTTY
            ? shownText(Buffer.from(data).toString(), false)
            : data,
      )
    },
    err: text => {
      process.stderr.write(shownText(text, false))
    },
    stdin: process.stdin,
    env: process.env,
    cwd: process.cwd(),
    color,
    width: process.stdout.isTTY ? process.stdout.columns : undefined,
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
  process.once('SIGINT', () => {
    interrupted.abort()
  })
}
